"""What an operation that is begun again knows of the attempt before it, which was killed."""

from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit, Scope
from deployforge_terraform.journal import Journal
from deployforge_terraform.plans import State
from deployforge_terraform.records import Record
from deployforge_terraform.workspace import Workspace

RECORD = Record("token", {"t.a": "add", "t.b": "add", "t.c": "add", "t.d": "modify"}, running=True)


def _resource(name: str, *needs: str) -> CompiledResource:
    return CompiledResource(f"urn:df:s:w:{name}", name, "tf/t", "t", f"t.{name}", {}, (), (), needs)


UNIT = CompiledUnit(
    "d",
    "tf/0.0",
    "unit",
    Scope("terraform", "", "", "c"),
    {},
    (_resource("a"), _resource("b", "a"), _resource("c"), _resource("d")),
    {},
    {},
)


@dataclass
class Kept:
    """The record of one unit."""

    record: Record
    name: str = "unit"
    records: "Kept" = field(init=False)

    def __post_init__(self) -> None:
        self.records = self

    def get(self, name: str) -> Record:
        return self.record

    def put(self, name: str, record: Record) -> None:
        self.record = record


def _state(*addresses: str) -> State:
    return State(dict.fromkeys(addresses, cast(Any, None)))


def _told(record: Record, state: State, token: str = "token") -> tuple[list[str], Journal]:
    said: list[str] = []
    journal = Journal(cast(Workspace, Kept(record)), token)
    journal.lost(UNIT, state, lambda _, status, text: said.append(f"{status} {str(text).split(';')[0]}"))
    return said, journal


@pytest.mark.parametrize(
    ("changed", "there", "unseen"),
    [
        ({}, (), ["t.a", "t.c"]),  # b waits for a
        ({"made": {"t.a": "1"}}, (), ["t.b", "t.c"]),
        ({"made": {"t.a": "1"}, "begun": ("t.c",)}, (), ["t.b"]),
        ({}, ("t.a",), ["t.b", "t.c"]),
        ({"made": {"t.a": "1"}}, ("t.a",), []),  # it ended by itself, and has stored what it made
        ({"running": False}, (), []),  # it never ran, or its end is known
    ],
)
def test_what_may_have_been_begun_in_the_last_moment_is_said(
    changed: dict[str, Any], there: tuple[str, ...], unseen: list[str]
) -> None:
    said, journal = _told(Record(**{**vars(RECORD), **changed}), _state(*there))
    assert [s for s in said if "may have been" in s] == [
        f"UNKNOWN {a} may have been begun just before the program was killed" for a in unseen
    ]
    # Nothing is claimed to be undone before somebody has looked.
    assert set(unseen) <= set(journal.unclear(_state(*there)))


def test_what_was_being_made_is_said_as_that() -> None:
    said, _ = _told(Record("token", {"t.a": "add"}, begun=("t.a",), running=True), _state())
    assert said == ["UNKNOWN t.a was being made when the program was killed"]


def test_another_operation_knows_nothing_of_it() -> None:
    said, journal = _told(RECORD, _state(), token="next")
    assert (said, journal.record.running) == ([], False)
