"""The emulator by itself: what it keeps over a kill, and what it refuses."""

from pathlib import Path

import pytest

from tests.emulators.gcp.kinds import KINDS
from tests.emulators.gcp.running import PROJECT, emulator, start
from tests.emulators.gcp.terraform import Invalid, parsed


@pytest.mark.parametrize(
    ("resources", "said"),
    [
        ({"google_nothing": {"a": {}}}, "does not support resource type"),
        ({"google_pubsub_topic": {"a": {"name": "abc", "colour": "red"}}}, 'an argument named "colour" is not expected'),
        ({"google_pubsub_subscription": {"a": {"name": "abc"}}}, 'the argument "topic" is required'),
        ({"google_pubsub_topic": {"a": {"name": "abc", "depends_on": ["google_pubsub_topic.b"]}}}, "undeclared resource"),
        ({"google_pubsub_topic": {n: {"name": "abc", "depends_on": [f"google_pubsub_topic.{o}"]} for n, o in ("ab", "ba")}}, "Cycle"),
    ],
)  # fmt: skip
def test_a_blueprint_that_terraform_would_refuse_is_refused(resources: object, said: str) -> None:
    with pytest.raises(Invalid, match=said):
        parsed({"resource": resources})


def test_every_kind_is_found_by_its_relative_name() -> None:
    for kind in KINDS.values():
        example = kind.path.replace("{", "").replace("}", "")
        assert kind.pattern.fullmatch(example), kind.type


def test_what_there_is_outlives_a_kill(tmp_path: Path) -> None:
    topic = f"//pubsub.googleapis.com/projects/{PROJECT}/topics/orders"
    first = start(tmp_path)
    assert first.rest("PUT", topic, {})[0] == 200
    first.process.kill()
    first.process.wait(10)
    with emulator(tmp_path) as again:
        assert again.rest("GET", topic)[1]["name"] == f"projects/{PROJECT}/topics/orders"


def test_whoever_says_no_token_is_told_so(tmp_path: Path) -> None:
    with emulator(tmp_path) as running:
        status, body = running.call("GET", f"/pubsub.googleapis.com/v1/projects/{PROJECT}/topics/x")
    assert (status, body["error"]["status"]) == (401, "UNAUTHENTICATED")
