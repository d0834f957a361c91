"""A seed is a plan: the same one each time, with the mix and the faults that the documentation states."""

import re
from collections import Counter
from pathlib import Path

import pytest

from tests.chaos.plan import MIX, plan

SEEDS = range(20)


def test_a_seed_plans_the_same_again_and_another_seed_something_else() -> None:
    assert plan(7, 500, 12, 2) == plan(7, 500, 12, 2)
    assert plan(7, 500, 12, 2).commands != plan(8, 500, 12, 2).commands
    assert plan(7, 500, 12, 2).faults != plan(8, 500, 12, 2).faults


def test_the_mix_is_what_is_stated() -> None:
    assert sum(MIX.values()) == 1000
    page = (Path(__file__).parents[3] / "docs/operations/chaos.md").read_text()
    rows = re.findall(r"^\| (\d+) \| ([a-z]+) \|", page, re.MULTILINE)
    assert {kind: int(share) for share, kind in rows} == dict(MIX)
    counts = Counter(c.kind for c in plan(1, 20_000, 12, 2).commands)
    for kind, share in MIX.items():
        # What cannot be yet, because nothing was applied or waits, becomes a submission.
        assert counts[kind] == pytest.approx(20 * share, abs=20 + 20 * share * 0.25), kind


@pytest.mark.parametrize("seed", SEEDS)
def test_a_command_is_about_something_that_was_asked_for_before(seed: int) -> None:
    made: dict[str, int] = {}
    decided: set[str] = set()
    applied: set[str] = set()
    for command in plan(seed, 2_000, 12, 2).commands:
        match command.kind:
            case "submit" | "change" | "apply" | "wrong":
                assert command.request_id not in made
                made[command.request_id] = command.number
                if command.kind == "apply":
                    applied.add(command.deployment)
            case "repeat":
                assert made[command.request_id] < command.number
            case "reject" | "cancel" | "approve":
                assert made[command.request_id] < command.number
                assert command.request_id not in decided
                decided.add(command.request_id)
            case "drift" | "delete" | "scan":
                assert command.deployment in applied
            case other:
                pytest.fail(f"an unknown kind: {other}")


@pytest.mark.parametrize("seed", SEEDS)
def test_twelve_faults_are_of_every_kind_and_fall_into_the_work(seed: int) -> None:
    faults = plan(seed, 2_000, 12, 2).faults
    assert Counter(f.kind for f in faults) == {
        "kill": 3, "stop": 2, "restart": 2, "kill-broker": 1, "restart-database": 1, "cut": 3,
    }  # fmt: skip
    assert [f.number for f in faults] == list(range(1, 13))
    ats = [f.at_command for f in faults]
    assert ats == sorted(ats) and ats[0] > 0 and ats[-1] < 2_000
    assert all(3 <= f.seconds <= 20 for f in faults if f.kind in ("stop", "cut"))
    assert all(f.target or f.link for f in faults)
