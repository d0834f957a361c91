"""Bulk listings: what no deployment owns, in parts that are whole by themselves, not too often."""

from datetime import UTC, datetime
from typing import Any

import pytest
from deployforge_mcal.application import listing
from deployforge_mcal.application.listing import Listing
from deployforge_mcal.application.ports import ProviderFailure, UnknownProvider
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Observed, Presence, Scope, Target

SCOPE = Scope("aws", "0", "eu", "c")


class World:
    """A cloud, an index, a credential and a wire, each as simple as can be."""

    def __init__(self, there: list[str], managed: set[str]) -> None:
        self.there, self.owned = there, managed
        self.said: list[dict[str, Any]] = []
        self.asked = 0
        self.clock = self
        self.index = self

    def now(self) -> datetime:
        return datetime(2026, 11, 24, tzinfo=UTC)

    def provider(self, type: str) -> Any:
        if type != "aws":
            raise UnknownProvider(type)
        return self

    def listable(self) -> tuple[str, ...]:
        return ("Queue",)

    def native_type(self, type: str) -> str:
        return "AWS::SQS::Queue"

    def list_ids(self, session: Any, type: str) -> list[str]:
        if "refused" in self.there:
            raise ProviderFailure(Failure("DENIED", "no"))
        return self.there

    def managed(self, scope: Scope) -> set[str]:
        return self.owned

    def may_list(self, scope: Scope, every_seconds: float) -> bool:
        self.asked += 1
        return self.asked == 1

    def session(self, scope: Scope, types: frozenset[str]) -> None:
        return None

    def observe(self, scope: Scope, targets: list[Target]) -> list[Observed]:
        return [Observed(t.urn, Presence.PRESENT, t.physical_id, {"tags": {"owner": t.physical_id}}) for t in targets]

    def try_send(self, topic: str, key: str, fact: str, value: dict[str, Any]) -> None:
        assert (topic, fact, key) == ("mcal.listings", "UnmanagedListed", value["shard"])
        self.said.append(value)


def _parts(world: Any, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str | None, list[str]]]:
    monkeypatch.setattr(listing, "_PART", 2)
    Listing(world, world, world, 60).of(SCOPE)
    return [(v["after"], v["upto"], [r["physical_id"] for r in v["resources"]]) for v in world.said]


def test_what_nobody_owns_is_told_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(list("edcba"), {"c"})
    assert _parts(world, monkeypatch) == [("", "b", ["a", "b"]), ("b", None, ["d", "e"])]
    assert world.said[0]["resources"][0]["tags"] == {"owner": "a"}
    assert world.said[0]["shard"] == "aws:0:eu:AWS::SQS::Queue"


def test_that_there_is_nothing_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _parts(World(["a"], {"a"}), monkeypatch) == [("", None, [])]


def test_not_too_often_and_never_in_the_way_of_a_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    world: Any = World(["a"], set())
    lister = Listing(world, world, world, 60)
    lister.of(SCOPE)
    lister.of(SCOPE)
    assert len(world.said) == 1
    assert _parts(World(["refused"], set()), monkeypatch) == []
    lister.of(Scope("none", "0", "eu", "c"))
