"""Kill -9 at the worst moment, locks that others hold, programs that hang: nothing is stuck and nothing is lost."""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from deployforge_chassis.testing import until
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.units import Became, CompiledUnit
from deployforge_terraform.options import Options
from deployforge_terraform.provider import TerraformProvider
from deployforge_terraform.records import Records

_SECONDS = 110.0


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    """`slow` is not made before this file exists."""
    return tmp_path / "gate"


@pytest.fixture
def unit(world: Any, gate: Path) -> CompiledUnit:
    """One resource that is there at once, and one after it that waits for the gate with its record made."""
    first = world.resource("first", {"label": "first"})
    found: CompiledUnit = world.compile(first, world.resource("slow", {"label": "${first.arn}", "wait": str(gate)}))
    return found


@pytest.fixture
def applying(world: Any, unit: CompiledUnit) -> Iterator[Callable[[str], int]]:
    """Apply in a process of its own until it waits at the gate; its pid."""
    started: list[Any] = []

    def start(token: str) -> int:
        work = world.work(token, unit=unit)
        process = multiprocessing.get_context("fork").Process(target=world.run, args=("apply", work))
        process.start()
        started.append(process)
        # Both are in the cloud; that the first is finished and the second begun has been noted.
        until(lambda: len(world.records()) == 2 and noted(world) == (1, 1), within_seconds=_SECONDS)
        assert process.pid is not None
        return int(process.pid)

    yield start
    for process in started:
        programs = children(process.pid) if process.is_alive() else []
        process.kill()
        process.join(10)
        for program in programs:
            # What a test left running has a group of its own and waits for a gate that nobody opens any more.
            with suppress(ProcessLookupError):
                os.killpg(program, signal.SIGKILL)


def noted(world: Any) -> tuple[int, int]:
    """How many resources the operation has noted as made, and as being made."""
    with Records(world.provider.open_reader(world.root, world.scope, [])) as records:
        record = records.get(world.unit_name)
        return len(record.made), len(record.begun)


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def locks(url: str) -> int:
    """How many locks are held on states."""
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        ).fetchone()
        assert found is not None
        return int(found[0])


def test_kill_9_of_everything_leaves_no_lock_and_the_same_operation_goes_on(
    world: Any, unit: CompiledUnit, gate: Path, applying: Callable[[str], int]
) -> None:
    token = str(uuid4())
    pid = applying(token)
    programs = children(pid)
    assert programs
    assert locks(world.root["stateUrl"]) > 0
    os.kill(pid, signal.SIGKILL)
    for program in programs:
        os.killpg(program, signal.SIGKILL)
    until(lambda: locks(world.root["stateUrl"]) == 0)
    gate.touch()
    made = world.run("apply", world.work(token, unit=unit, resumed=True))
    assert {name: o.status for name, o in made.items()} == {"first": Became.CREATED, "slow": Became.CREATED}
    labels = [r["label"] for r in world.records()]
    # What was finished before the kill is taken in; of what was not, nobody knows, and it is said.
    assert (labels.count("first"), len(labels)) == (1, 3)
    assert [said for _, status, said in world.ticks if status == "UNKNOWN"] == [
        "filestore_record.slow was being made when the program was killed; look for a second one"
    ]
    world.do("destroy", unit=unit)
    assert len(world.records()) == 1


def test_kill_9_of_our_process_lets_the_program_store_what_it_did(
    world: Any, unit: CompiledUnit, gate: Path, applying: Callable[[str], int]
) -> None:
    token = str(uuid4())
    os.kill(applying(token), signal.SIGKILL)
    gate.touch()
    until(lambda: locks(world.root["stateUrl"]) == 0, within_seconds=_SECONDS)
    made = world.run("apply", world.work(token, unit=unit, resumed=True))
    assert {o.status for o in made.values()} == {Became.CREATED}
    assert len(world.records()) == 2
    world.do("destroy", unit=unit)
    assert world.records() == []


def test_a_state_that_another_run_holds_is_busy_and_untouched(
    world: Any, installed: Any, unit: CompiledUnit, gate: Path, applying: Callable[[str], int]
) -> None:
    applying(str(uuid4()))
    impatient = TerraformProvider(Options(cli=str(installed.program), mirror=installed.mirror, lock_seconds=0))
    work = world.work(unit=unit)
    with pytest.raises(ProviderFailure) as failed:
        impatient.apply(impatient.open(world.root, work), work, lambda *_: None)
    assert (failed.value.failure.code, failed.value.failure.retryable) == ("UNIT_BUSY", True)
    assert len(world.records()) == 2
    gate.touch()
    until(lambda: locks(world.root["stateUrl"]) == 0, within_seconds=_SECONDS)
    world.do("destroy", unit=unit)


def test_a_run_that_hangs_is_ended_and_does_not_claim_to_be_undone(world: Any, installed: Any, unit: CompiledUnit) -> None:
    hasty = Options(cli=str(installed.program), mirror=installed.mirror, change_seconds=15, grace_seconds=0.2)
    provider, work = TerraformProvider(hasty), world.work(unit=unit)
    with pytest.raises(ProviderFailure) as failed:
        provider.apply(provider.open(world.root, work), work, lambda *_: None)
    assert (failed.value.failure.code, failed.value.failure.restored) == ("TIMED_OUT", False)
    assert locks(world.root["stateUrl"]) == 0
    # What is known to have been made is gone; what may have been made is left, and that is why nothing is claimed.
    assert [r["label"] for r in world.records() if r["label"] == "first"] == []
    assert len(world.records()) == 1


def test_several_that_come_first_to_an_empty_database_do_not_meet(world: Any) -> None:
    def one(number: int) -> int:
        other = type(world)(world.provider, world.root, world.store)
        unit = other.compile(other.resource("a", {"delay": number}))
        other.do("apply", unit=unit)
        found = other.do("destroy", unit=unit)
        return len(found)

    with ThreadPoolExecutor(3) as pool:
        assert list(pool.map(one, range(3))) == [1, 1, 1]
    assert world.records() == []
