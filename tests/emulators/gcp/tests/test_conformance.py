"""The conformance check says what it did, above all when it did nothing; and its judge finds what is wrong."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.emulators.gcp import conformance
from tests.emulators.gcp.discovery import Discovery

_DOCUMENT = {
    "parameters": {"prettyPrint": {"type": "boolean", "location": "query"}},
    "schemas": {
        "Thing": {"type": "object", "properties": {
            "name": {"type": "string"}, "state": {"type": "string", "enum": ["UNKNOWN", "ACTIVE"]}, "made": {"type": "string", "format": "google-datetime"},
            "lockId": {"type": "string", "format": "int64"}, "labels": {"type": "object", "additionalProperties": {"type": "string"}},
        }},
        "Operation": {"type": "object", "properties": {"response": {"type": "object", "additionalProperties": {"type": "any"}}}},
    },
    "resources": {"things": {"methods": {
        "create": {"id": "things.create", "httpMethod": "POST", "flatPath": "v1/things", "request": {"$ref": "Thing"}, "response": {"$ref": "Operation"},
                   "parameters": {"thingId": {"location": "query", "required": True}}},
        "get": {"id": "things.get", "httpMethod": "GET", "flatPath": "v1/things/{thingsId}", "response": {"$ref": "Thing"}},
    }}},
}  # fmt: skip


def exchange(method: str, url: str, body: Any, status: int, answer: Any) -> dict[str, Any]:
    url = f"http://127.0.0.1/config.googleapis.com/{url}"
    return {
        "liveRequest": {"method": method, "url": url, "body": body},
        "liveResponse": {"statusCode": str(status), "body": answer},
    }


GOOD = exchange(
    "GET",
    "v1/things/a",
    None,
    200,
    {"name": "a", "state": "ACTIVE", "made": "2026-11-28T10:00:00Z", "lockId": "17", "labels": {"a": "b"}},
)


@pytest.fixture
def judge(tmp_path: Path) -> Discovery:
    """A small service."""
    (tmp_path / "document.json").write_text(json.dumps(_DOCUMENT))
    return Discovery(tmp_path / "document.json")


def test_what_is_as_it_should_be_is_let_pass(judge: Discovery) -> None:
    assert judge.judge(GOOD) == ("things.get", [])
    done = {"response": {"@type": "type.googleapis.com/google.cloud.config.v1.Thing", "state": 1}}
    made = exchange("POST", "v1/things?thingId=a&$alt=json;enum-encoding%3Dint", {"state": 1}, 200, done)
    assert judge.judge(made) == ("things.create", [])
    gone = exchange("GET", "v1/things/b", None, 404, {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}})
    assert judge.judge(gone) == ("things.get", [])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"colour": "red"}, "colour is not in the contract"), ({"state": "GONE"}, "not one of"), ({"name": 1}, "not of type string"),
        ({"made": "today"}, "not a time"), ({"lockId": 17}, "not of type string"), ({"labels": {"a": 1}}, "not of type string"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_an_answer_is_found(judge: Discovery, change: dict[str, Any], said: str) -> None:
    wrong = copy.deepcopy(GOOD)
    wrong["liveResponse"]["body"] |= change
    [found] = judge.judge(wrong)[1]
    assert said in found


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (exchange("GET", "v1/nothing", None, 200, {}), "is no method"),
        (exchange("GET", "v1/things/a?colour=red", None, 200, {}), "no parameter colour"),
        (exchange("POST", "v1/things", {}, 200, {}), "parameter thingId is required"),
        (exchange("POST", "v1/things?thingId=a", {"colour": "red"}, 200, {}), "request.colour is not in the contract"),
        (exchange("POST", "v1/things?thingId=a", {}, 200, {"response": {"@type": "x/google.cloud.config.v1.Thing", "name": 1}}), "not of type string"),
        (exchange("GET", "v1/things/a", {}, 200, {}), "a body that nobody asks for"),
        (exchange("GET", "v1/things/a", None, 404, {"message": "no"}), "envelope"),
    ],
)  # fmt: skip
def test_what_is_wrong_elsewhere_is_found(judge: Discovery, wrong: dict[str, Any], said: str) -> None:
    [found] = judge.judge(wrong)[1]
    assert said in found


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one exchange, as the argument of the check."""
    (tmp_path / "one.jsonl").write_text(json.dumps(GOOD) + "\n")
    monkeypatch.setattr(sys, "argv", ["conformance", str(tmp_path)])
    return tmp_path


def test_without_a_contract_it_says_that_nothing_was_held_against_it(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(conformance.VARIABLE, raising=False)
    assert conformance.main() == conformance.NOT_CHECKED
    assert "1 exchanges were NOT held" in capsys.readouterr().out


def test_a_contract_that_is_not_there_is_an_error(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(conformance.VARIABLE, str(recorded))
    with pytest.raises(conformance.Unavailable, match="there is no"):
        conformance.main()


def test_violations_and_empty_recordings_fail_the_run(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (recorded / "gcp").mkdir()
    for name in conformance.CONTRACTS.values():
        (recorded / "gcp" / name).write_text(json.dumps(_DOCUMENT))
    monkeypatch.setenv(conformance.VARIABLE, str(recorded))
    assert conformance.main() == 0
    (recorded / "two.jsonl").write_text(json.dumps(exchange("GET", "v1/things/a", None, 200, {"x": 1})) + "\n")
    assert conformance.main() == 1
    assert "violations: 1" in capsys.readouterr().out
    for file in recorded.glob("*.jsonl"):
        file.unlink()
    assert conformance.main() == 1
