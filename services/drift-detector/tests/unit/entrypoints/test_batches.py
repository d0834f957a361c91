"""Whatever a message holds, taking it never raises: it is judged, or parked with the reason."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyUnavailable
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.application import judging
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.entrypoints.batches import Batches
from eventsourcing.persistence import OperationalError

from ...conftest import ORDERS, SHARD, START, WORKER, World, batch, in_columns, in_words, plain, seen, urn


class Bench:
    """Batches on the application, without waiting."""

    def __init__(self, world: World) -> None:
        self.world = world
        world.asked(SHARD, 1)
        self.registry = MemoryRegistry()
        self.codec = AvroCodec(self.registry)
        self.slept: list[float] = []
        self.batches = Batches(
            self.codec, world.judging, ParkedBatches(world.app.database), Meter(), world.clock, sleep=self.slept.append
        )

    def encoded(self, *observations: Any, **more: Any) -> bytes:
        usual = {
            "scan_id": "s1", "shard": SHARD, "sequence": 1, "batch": 0, "last": True, "observed_at": START,
            "observations": [in_words(one) for one in observations if not plain(one)],
            **in_columns([one for one in observations if plain(one)]),
        }  # fmt: skip
        return self.codec.encode("ObservationBatch", {**usual, **more})

    def parked(self) -> list[str]:
        rows = self.world.app.database.query("SELECT reason FROM parked_batches ORDER BY message_offset")
        return [row["reason"] for row in rows]


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


def test_a_batch_is_judged(bench: Bench) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(seen(ORDERS, {"visibilityTimeout": 60})))
    assert bench.world.happened() == ["Watched", "Detected"]


@pytest.mark.parametrize("body", [None, b"", b"hello", b"\x00\x00\x00\x00\x63junk", b"\x00" * 5])
def test_bytes_that_are_no_batch_are_parked(bench: Bench, body: bytes | None) -> None:
    assert bench.batches.take("t", 0, 0, body)
    assert len(bench.parked()) == 1


def test_another_fact_and_a_batch_of_tomorrow_are_parked(bench: Bench) -> None:
    other = bench.codec.encode(
        "ScanRequested",
        {"scan_id": "s", "shard": "s", "sequence": 1, "urns": [], "cause": "demand", "requested_at": START},
    )
    assert bench.batches.take("t", 0, 0, other)
    assert bench.batches.take("t", 0, 1, bench.encoded(observed_at=START + timedelta(days=1)))
    assert ["NoBatch" in reason for reason in bench.parked()] == [True, True]


def test_messages_that_wait_are_saved_together(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    saved, save = [], bench.world.app.commit
    monkeypatch.setattr(bench.world.app, "commit", lambda effects: (saved.append(len(effects.aggregates)), save(effects)))
    drifted = bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}))
    assert bench.batches.take_all([("t", 0, 0, drifted), ("t", 0, 1, bench.encoded(seen(WORKER, {"fifo": True})))])
    assert saved == [2]
    assert bench.world.happened() == ["Watched", "Detected"] * 2


def test_much_that_waits_is_saved_in_parts(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_HELD_AT_MOST", 2)
    saved, save = [], bench.world.app.commit
    monkeypatch.setattr(bench.world.app, "commit", lambda effects: (saved.append(len(effects.aggregates)), save(effects)))
    fleet = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(3)]
    for one in fleet:
        bench.world.states.put(one)
    assert bench.batches.take_all(
        [("t", 0, n, bench.encoded(seen(one, {"visibilityTimeout": 60}))) for n, one in enumerate(fleet)]
    )
    assert saved == [2, 1]
    assert bench.world.happened() == ["Watched", "Detected"] * 3


def test_saved_together_each_has_the_cause_of_its_own_scan(bench: Bench) -> None:
    drifted = bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}))
    other = bench.encoded(seen(WORKER, {"fifo": True}), scan_id="s2", batch=4)
    assert bench.batches.take_all([("t", 0, 0, drifted), ("t", 0, 1, other)])
    app = bench.world.app
    opened = [app.sealed.open(stored) for stored in app.recorder.select_notifications(1, 10)]
    found = {(happened.urn, cause.correlation_id, cause.causation_id) for happened, cause in opened}
    assert found == {(ORDERS.urn, "s1", "s1/0"), (WORKER.urn, "s2", "s2/4")}


def test_a_resource_that_comes_twice_among_them_is_judged_twice(bench: Bench) -> None:
    bench.world.asked(SHARD, 3)
    bodies = [
        bench.encoded(seen(ORDERS, {"visibilityTimeout": 60})), bench.encoded(seen(ORDERS), sequence=2),
        bench.encoded(seen(ORDERS, {"visibilityTimeout": 90}), sequence=3),
    ]  # fmt: skip
    assert bench.batches.take_all([("t", 0, n, body) for n, body in enumerate(bodies)])
    assert bench.world.happened() == ["Watched", "Detected", "Resolved", "Detected"]


def test_one_bad_message_among_them_is_parked_alone(bench: Bench) -> None:
    drifted = bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}))
    assert bench.batches.take_all([("t", 0, 0, drifted), ("t", 0, 1, b"rubbish"), ("t", 0, 2, drifted)])
    assert bench.world.happened() == ["Watched", "Detected"]
    assert len(bench.parked()) == 1


def test_another_process_that_decided_first_does_not_stop_the_others(bench: Bench) -> None:
    """Between judging and saving somebody else saves the same: what is held is thrown away and judged anew."""
    other = Judging(bench.world.app, Books(bench.world.app, fresh_seconds=0))
    drifted, worker = seen(ORDERS, {"visibilityTimeout": 60}), seen(WORKER, {"fifo": True})
    judge = bench.world.judging.judge

    def overtaken(one: Any, partition: int = 0, **more: Any) -> Any:
        tally = judge(one, partition, **more)
        other.judge(batch(1, drifted))
        return tally

    bench.world.judging.judge = overtaken  # type: ignore[method-assign]
    assert bench.batches.take_all([("t", 0, 0, bench.encoded(drifted)), ("t", 0, 1, bench.encoded(worker))])
    assert bench.world.happened() == ["Watched", "Detected"] * 2


def test_a_half_written_batch_is_parked_and_the_next_is_judged(bench: Bench) -> None:
    whole = bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}))
    assert bench.batches.take("t", 0, 0, whole[: len(whole) // 2])
    assert bench.batches.take("t", 0, 1, whole)
    assert bench.world.happened() == ["Watched", "Detected"]


def test_an_outage_is_waited_out(bench: Bench) -> None:
    body = bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}))
    judge, answers = bench.batches._judge, [OperationalError("away"), KeyUnavailable("away")] * 3

    def flaky(data: bytes, partition: int, *, patient: bool) -> list[str]:
        if answers:
            raise answers.pop()
        return judge(data, partition, patient=patient)

    bench.batches._judge = flaky  # type: ignore[method-assign,assignment]
    assert bench.batches.take("t", 0, 0, body)
    assert (bench.parked(), bench.world.happened()) == ([], ["Watched", "Detected"])


def test_what_keeps_failing_is_parked_after_some_attempts(bench: Bench) -> None:
    def failing(data: bytes, partition: int, *, patient: bool) -> list[str]:
        raise RuntimeError("no way")

    bench.batches._judge = failing  # type: ignore[method-assign,assignment]
    assert bench.batches.take("t", 0, 0, b"x")
    assert (bench.parked(), len(bench.slept)) == (["RuntimeError: no way"], 3)


def test_told_to_stop_it_is_not_done(bench: Bench) -> None:
    bench.batches.stopping.set()
    assert not bench.batches.take("t", 0, 0, b"x")


def test_parking_again_changes_nothing_and_only_the_newest_stay(fresh_database: Database) -> None:
    parked = ParkedBatches(fresh_database)
    for offset in (1, 1, 2):
        parked.park("t", 0, offset, "why", b"x")
    assert len(fresh_database.query("SELECT 1 FROM parked_batches")) == 2
