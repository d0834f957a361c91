"""The conformance check says what it did, above all when it did nothing."""

import json
import sys
from pathlib import Path

import pytest

from tests.emulators.arm import conformance


@pytest.fixture
def recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with one exchange, as the argument of the check."""
    (tmp_path / "one.jsonl").write_text(json.dumps({"liveRequest": {}, "liveResponse": {}}) + "\n")
    monkeypatch.setattr(sys, "argv", ["conformance", str(tmp_path)])
    return tmp_path


def test_without_a_contract_it_says_that_nothing_was_held_against_it(
    recorded: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(conformance.VARIABLE, raising=False)
    assert conformance.main() == conformance.NOT_CHECKED
    said = capsys.readouterr().out
    assert "1 exchanges were NOT held" in said
    assert conformance.VARIABLE in said


def test_a_contract_that_is_not_there_is_an_error(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(conformance.VARIABLE, str(recorded))
    with pytest.raises(conformance.Unavailable, match="there is no"):
        conformance.main()


def test_a_run_that_recorded_nothing_has_failed(recorded: Path) -> None:
    (recorded / "one.jsonl").unlink()
    assert conformance.main() == 1
