"""The checker: silent about good histories, and about a bad one it says what is wrong, and nothing else."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.chaos.checker import INVARIANTS, History, check, violations
from tests.chaos.checker.__main__ import main
from tests.chaos.history import KINDS, AuditRecord, ClientCall, CloudCall, Parked, Position, StoredEvent, Writer
from tests.chaos.tests.making import good_history
from tests.chaos.tests.mutating import Mutation
from tests.chaos.tests.mutations import BAD
from tests.chaos.tests.simulated import without

#: Histories that hold everything a mutation looks for: approvals, retried steps, second executions, refusals.
SEEDS = (2, 3)


@cache
def _rich(seed: int) -> list[Any]:
    return good_history(seed, 6, 4)


@settings(max_examples=20, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**9), deployments=st.integers(1, 5), drifts=st.integers(0, 3))
def test_a_good_history_breaks_nothing(seed: int, deployments: int, drifts: int) -> None:
    assert violations(History(good_history(seed, deployments, drifts))) == []


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(
    ("invariant", "mutation"), [(name, m) for name, ms in BAD.items() for m in ms], ids=lambda v: getattr(v, "__name__", v)
)
def test_a_bad_history_is_caught_by_its_own_invariant_alone(invariant: str, mutation: Mutation, seed: int) -> None:
    found = violations(History(mutation(_rich(seed))))
    assert {v.invariant for v in found} == {invariant}, found
    assert all(v.where and v.what for v in found)


def test_every_invariant_has_a_history_that_breaks_it() -> None:
    assert set(BAD) == set(INVARIANTS)
    assert all(INVARIANTS[name].__doc__ for name in INVARIANTS)


def test_an_accepted_request_that_left_no_trace_is_missed_twice() -> None:
    """By the client, who was promised it, and by the account, in which it is not."""
    records = good_history(1)
    call = next(r for r in records if getattr(r, "method", "") == "Deployments.Submit" and r.outcome == "ok")
    found = violations(History([*records, replace(call, request_id="lost")]))
    assert {v.invariant for v in found} == {"effected-once", "audited-once"}
    assert all("lost" in v.where for v in found)


def test_what_is_parked_is_not_lost() -> None:
    """The last thing that the healer should have learned of a deployment lies aside instead."""
    records = good_history(1)
    learned = [r for r in records if isinstance(r, StoredEvent) and r.type == "Care.Learned"][-1]
    fact = History(records).cause(learned)
    assert fact is not None
    gone = without(records, learned)
    assert [v.invariant for v in violations(History(gone))] == ["nothing-lost"]
    aside = Parked("healer", fact.topic, fact.partition, fact.key, fact.service, 1, fact.id, "ValueError: no")
    assert violations(History([*gone, aside])) == []


def test_what_is_in_flight_is_late_but_not_lost() -> None:
    records = good_history(1)
    learned = [r for r in records if isinstance(r, StoredEvent) and r.type == "Care.Learned"][-1]
    seen = History(records)
    fact = seen.cause(learned)
    assert fact is not None
    ids = [0, *(row.id for row in seen.published[fact.topic, fact.partition] if row.id < fact.id)]
    at = seen.stands["healer", fact.topic, fact.partition]
    behind = [
        replace(r, id=min(r.id, ids[-1]))
        if isinstance(r, Position) and (r.consumer, r.topic, r.partition) == ("healer", at.topic, at.partition)
        else r
        for r in without(records, learned)
    ]
    assert {v.invariant for v in violations(History(behind))} == {"all-ended"}


def test_an_operations_own_second_attempt_is_no_second_token() -> None:
    records = good_history(1)
    *_, last = (r for r in records if isinstance(r, CloudCall))
    again = replace(last, number=last.number + 1, token=f"{last.token}-again", action="update")
    assert violations(History([*records, again])) == []


@pytest.mark.parametrize(
    ("records", "caught"), [(("allowed", "refused"), False), (("allowed", "allowed", "refused"), True)]
)
def test_a_command_for_another_service_is_on_record_before_it_goes_out(records: tuple[str, ...], caught: bool) -> None:
    """And once more when it comes back refused; that is no account of something that did not happen."""
    history = good_history(1)
    call = ClientCall("x", "Drift.Scan", "admin", "", "chaos/d", "refused", 1.0, 2.0, "NOT_FOUND")
    *_, last = (r for r in history if isinstance(r, AuditRecord))
    for number, outcome in enumerate(records, 1):
        hash = f"{number}" * 64
        last = replace(
            last,
            position=last.position + 1,
            actor="admin",
            action="Drift.Scan",
            request_id="",
            outcome=outcome,
            prev_hash=last.hash,
            hash=hash,
        )
        history.append(last)
    assert {v.invariant for v in violations(History([*history, call]))} == ({"audited-once"} if caught else set())


def _written(directory: Path, records: list[Any]) -> Path:
    with Writer(directory) as writer:
        writer.add_all(records)
    return directory


def test_a_directory_is_checked_like_the_records_in_it(tmp_path: Path) -> None:
    _written(tmp_path, good_history(1))
    assert {path.name for path in tmp_path.iterdir()} >= {"StoredEvent.jsonl", "ClientCall.jsonl", "Fault.jsonl"}
    assert check(tmp_path) == []


def test_the_command_says_that_all_is_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(_written(tmp_path, good_history(1)))]) == 0
    said = capsys.readouterr().out
    assert "0 violations" in said
    assert all(name in said for name in INVARIANTS)


def test_a_history_edited_by_hand_makes_the_command_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _written(tmp_path, good_history(1)) / "StoredEvent.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    edited = next(n for n, line in enumerate(lines) if '"type":"Request.Planned"' in line)
    path.write_text(
        "".join(line.replace('"version":2', '"version":3') if n == edited else line for n, line in enumerate(lines))
    )
    assert main([str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert "gapless-streams" in said
    assert "control-plane stream" in said
    assert "expected version 2 here" in said
    assert "1 violations" in said


@pytest.mark.parametrize("line", [None, "{"])
def test_what_is_no_history_is_refused(tmp_path: Path, line: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    if line:
        (tmp_path / "Fault.jsonl").write_text(line)
    assert main([str(tmp_path)]) == 2
    assert str(tmp_path)[:20] in capsys.readouterr().out


def test_kinds_that_only_a_cut_off_run_lacks_are_missed() -> None:
    """A history without its own record proves nothing about how the run ended."""
    records = [r for r in good_history(1) if type(r).__name__ != "Run"]
    assert [v.what for v in violations(History(records))] == ["broke off: its record is missing"]
    assert len(KINDS) == 13
