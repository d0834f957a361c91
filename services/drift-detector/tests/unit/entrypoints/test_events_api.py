"""The intake over real HTTP: tokens, bad bodies, and what is answered."""

import http.client
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from deployforge_drift_detector.application.intake import Intake, TooMany
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints.events_api import BadTokens, EventsServer, load_tokens, taken_in

from ...conftest import World
from ..domain.test_cloud_events import cloudtrail, event_grid

TOKEN = "a-token-for-tests-only"


class Taking:
    """Stands in for Intake."""

    def __init__(self) -> None:
        self.changes: list[Any] = []
        self.full = False

    def take(self, changes: Any) -> int:
        if self.full:
            raise TooMany
        self.changes += changes
        return len(changes)


@pytest.fixture
def taking() -> Taking:
    return Taking()


@pytest.fixture
def server(taking: Any) -> Iterator[EventsServer]:
    server = EventsServer("127.0.0.1:0", {"aws": TOKEN, "azure": TOKEN}, taking)
    server.start()
    yield server
    server.stop(1)


def post(server: EventsServer, path: str, body: Any, token: str = TOKEN, **headers: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    connection.request("POST", path, sent, {**({"Authorization": f"Bearer {token}"} if token else {}), **headers})
    answer = connection.getresponse()
    said = json.loads(answer.read())
    connection.close()
    return answer.status, said


def test_an_event_is_taken_in(server: EventsServer, taking: Taking) -> None:
    assert post(server, "/events/aws", cloudtrail()) == (202, {"matched": 1})
    assert post(server, f"/events/azure?token={TOKEN}", event_grid(), token="") == (202, {"matched": 1})
    assert len(taking.changes) == 2


def test_without_its_token_nobody_is_heard(server: EventsServer, taking: Taking) -> None:
    for path, token in (("/events/aws", "wrong"), ("/events/aws", ""), ("/events/gcp", TOKEN), ("/events/aws?token=x", "")):
        assert post(server, path, cloudtrail(), token)[0] == 401
    assert taking.changes == []


@pytest.mark.parametrize(
    ("path", "body", "status", "says"),
    [
        ("/events/ibm", b"{}", 404, "/events/aws"), ("/elsewhere", b"{}", 404, "/events/aws"),
        ("/events/aws", b"{", 400, "body: expected JSON"), ("/events/aws", b"", 411, "with its length"),
        ("/events/aws", b"x" * 1_048_577, 413, "1048576"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(server: EventsServer, path: str, body: bytes, status: int, says: str) -> None:
    try:
        found, said = post(server, path, body)
    except (BrokenPipeError, ConnectionResetError):
        # It is told before all was sent, and whoever goes on sending may find the door closed.
        assert status == 413
        return
    assert (found, says in said["error"]) == (status, True)


def test_when_too_much_waits_it_says_when_to_come_again(server: EventsServer, taking: Taking) -> None:
    taking.full = True
    assert post(server, "/events/aws", cloudtrail())[0] == 429


def test_event_grid_hears_its_code(server: EventsServer) -> None:
    asked = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d"}}]
    assert post(server, "/events/azure", asked) == (200, {"validationResponse": "512d"})


def test_tokens_come_from_a_file_and_no_error_shows_one(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    for text in ("{", "[]", '{"ibm": "a-token-for-tests-only"}', '{"aws": "short-secret"}', '{"aws": 3}'):
        path.write_text(text)
        with pytest.raises(BadTokens) as refused:
            load_tokens(path)
        assert "short-secret" not in str(refused.value)
    path.write_text(json.dumps({"aws": TOKEN}))
    assert load_tokens(path) == {"aws": TOKEN}


def test_nothing_listens_unless_told_where(world: World) -> None:
    assert Settings(database_url="dbname=x").events_address == ""
    assert taken_in("", None, Intake(world.app)) == []
    with pytest.raises(BadTokens):
        taken_in("127.0.0.1:0", None, Intake(world.app))
