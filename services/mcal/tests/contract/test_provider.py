"""What every CloudProvider must do, held against the cloud in memory and against AWS (emulated)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.application.ports import CloudProvider, InvalidUnit, ProviderFailure, Work
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.units import Became, Outcome, Presence, ResourceSpec, Scope, Target, UnitSpec

SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")


@dataclass
class Stage:
    """A provider with a way to act behind its back."""

    provider: CloudProvider
    root: dict[str, str]
    tamper: Callable[[str, int], object]
    vanish: Callable[[str], object]
    refused: dict[str, Any]
    unit_name: str

    def unit(self, **declared: dict[str, Any]) -> Any:
        """Queues by name."""
        specs = tuple(ResourceSpec(f"urn:df:s:w:{n}", n, "Queue", p) for n, p in declared.items())
        return self.provider.compile(UnitSpec(str(uuid4()), "aws/0.0", self.unit_name, SCOPE, specs))

    def do(self, verb: str, *, token: str = "", **fields: Any) -> list[Outcome]:
        """One operation."""
        work = Work(token or str(uuid4()), SCOPE, "d", self.unit_name, **fields)
        found: list[Outcome] = getattr(self.provider, verb)(self.provider.open(self.root, work), work, lambda *_: None)
        return found

    def see(self, outcome: Outcome) -> Any:
        """A resource as it is."""
        target = Target(outcome.urn, "Queue", outcome.physical_id)
        return self.provider.observe(self.provider.open_reader(self.root, SCOPE, ["Queue"]), SCOPE, [target])[0]


@pytest.fixture(params=["memory", "aws"])
def stage(request: pytest.FixtureRequest, cloud: Any) -> Iterator[Stage]:
    """Each provider in turn."""
    name = f"df-contract-{uuid4().hex[:8]}"
    if request.param == "memory":
        yield Stage(
            cloud, {}, lambda id, n: cloud.live[id].update(delay=n), lambda id: cloud.live.pop(id), {"refused": True}, name
        )
        return
    from deployforge_mcal.adapters.aws.provider import AwsProvider

    aws = request.getfixturevalue("aws")
    sqs = aws.client("sqs")
    nowhere = {"deadLetter": "arn:aws:sqs:eu-west-1:000000000000:nowhere"}
    found = Stage(
        AwsProvider(aws.endpoint), aws.root,
        lambda id, n: sqs.set_queue_attributes(QueueUrl=id, Attributes={"DelaySeconds": str(n)}),
        lambda id: sqs.delete_queue(QueueUrl=id), nowhere, name,
    )  # fmt: skip
    yield found
    found.do("destroy")


def test_apply_makes_what_is_declared_and_destroy_ends_it(stage: Stage) -> None:
    unit = stage.unit(a={"delay": 1}, b={"delay": 2})
    made = stage.do("apply", unit=unit)
    assert [o.status for o in made] == [Became.CREATED] * 2
    assert [stage.see(o).properties["delay"] for o in made] == [1, 2]
    assert {o.status for o in stage.do("destroy", unit=unit)} == {Became.DELETED}
    assert [stage.see(o).presence for o in made] == [Presence.MISSING] * 2


def test_apply_updates_in_place_and_deletes_what_is_gone(stage: Stage) -> None:
    before = stage.unit(a={"delay": 1}, b={"delay": 2})
    first = stage.do("apply", unit=before)
    second = {o.urn[-1]: o for o in stage.do("apply", unit=stage.unit(a={"delay": 9}), previous=before)}
    assert (second["a"].status, second["b"].status) == (Became.UPDATED, Became.DELETED)
    assert second["a"].physical_id == first[0].physical_id
    assert stage.see(second["a"]).properties["delay"] == 9


def test_nothing_to_change_is_a_success(stage: Stage) -> None:
    unit = stage.unit(a={"delay": 1})
    stage.do("apply", unit=unit)
    assert [o.status for o in stage.do("apply", unit=unit, previous=unit)] == [Became.UNCHANGED]


def test_a_failing_create_leaves_nothing_and_says_so(stage: Stage) -> None:
    with pytest.raises(ProviderFailure) as failed:
        stage.do("apply", unit=stage.unit(a={"delay": 1}, bad=stage.refused))
    assert (failed.value.failure.restored, failed.value.failure.urn) == (True, "urn:df:s:w:bad")


def test_a_failing_update_restores_and_says_so(stage: Stage) -> None:
    before = stage.unit(a={"delay": 1})
    made = stage.do("apply", unit=before)
    with pytest.raises(ProviderFailure) as failed:
        stage.do("apply", unit=stage.unit(a={"delay": 9}, bad=stage.refused), previous=before)
    assert failed.value.failure.restored
    assert stage.see(made[0]).properties["delay"] == 1


def test_the_same_token_twice_is_one_effect(stage: Stage) -> None:
    unit, token = stage.unit(a={"delay": 1}), str(uuid4())
    first = stage.do("apply", unit=unit, token=token)
    again = stage.do("apply", unit=unit, token=token, resumed=True)
    assert [(o.physical_id, o.status) for o in again] == [(o.physical_id, o.status) for o in first]


def test_a_drifted_value_is_corrected(stage: Stage) -> None:
    unit = stage.unit(a={"delay": 1})
    made = stage.do("apply", unit=unit)[0]
    stage.tamper(made.physical_id, 77)
    assert differing({"delay": 1}, stage.see(made).properties, ()) == ["delay"]
    target = Target(made.urn, "Queue", made.physical_id, {"delay": 1}, ("delay",))
    assert stage.do("correct", unit=unit, targets=(target,))[0].status is Became.CORRECTED
    assert stage.see(made).properties["delay"] == 1


def test_what_vanished_is_not_corrected_but_recreated_once(stage: Stage) -> None:
    unit, token = stage.unit(a={"delay": 1}), str(uuid4())
    made = stage.do("apply", unit=unit)[0]
    stage.vanish(made.physical_id)
    target = Target(made.urn, "Queue", made.physical_id, {"delay": 1})
    with pytest.raises(ProviderFailure) as failed:
        stage.do("correct", unit=unit, targets=(target,))
    assert failed.value.failure.code == "NOT_FOUND"
    back = stage.do("recreate", unit=unit, targets=(target,), token=token)[0]
    again = stage.do("recreate", unit=unit, targets=(target,), token=token, resumed=True)[0]
    assert back.status is Became.RECREATED
    assert again.physical_id == back.physical_id
    assert stage.see(back).properties["delay"] == 1


def test_destroying_what_is_not_there_is_a_success(stage: Stage) -> None:
    stage.do("destroy", unit=stage.unit(a={}))


def test_what_cannot_be_compiled_is_refused_by_name(stage: Stage) -> None:
    spec = ResourceSpec("urn:df:s:w:x", "x", "Nothing")
    with pytest.raises(InvalidUnit) as invalid:
        stage.provider.compile(UnitSpec("d", "aws/0.0", stage.unit_name, SCOPE, (spec,)))
    assert invalid.value.problems[0].path == "x.type"
