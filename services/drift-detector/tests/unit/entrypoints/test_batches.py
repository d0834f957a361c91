"""Whatever a message holds, taking it never raises: it is judged, or parked with the reason."""

from datetime import timedelta
from typing import Any

import pytest
from deployforge_chassis.avro import AvroCodec, MemoryRegistry
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyUnavailable
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.entrypoints.batches import Batches
from eventsourcing.persistence import OperationalError

from ...conftest import ORDERS, SHARD, START, World, in_columns, in_words, plain, seen


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
