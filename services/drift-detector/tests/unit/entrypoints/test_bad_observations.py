"""One bad observation never takes the others of its batch with it."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from deployforge_chassis import packed
from deployforge_chassis.bus import MESSAGE_BYTES_AT_MOST
from deployforge_drift_detector.adapters.records import records
from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.tally import Tally
from structlog.testing import capture_logs

from ...conftest import ORDERS, SHARD, START, WORKER, World, in_columns, seen, urn
from .test_batches import Bench


@pytest.fixture
def bench(world: World) -> Bench:
    return Bench(world)


def spelt(text: str) -> Any:
    body = text.encode()
    return seen(ORDERS, digest=packed.digest(body), properties_json=body)


def drifted(bench: Bench) -> set[str]:
    return {event.urn for event in bench.world.events() if type(event).__name__ == "Detected"}


BAD = seen(WORKER, {"fifo": True})

UNUSABLE = {
    "not JSON": "{",
    "no object": "[]",
    "too deep": '{"visibilityTimeout":' + "[" * 100_000 + "]" * 100_000 + "}",
    "half a surrogate": '{"visibilityTimeout":"\\ud800"}',
    "not a number": '{"visibilityTimeout":NaN}',
    "more than a float": '{"visibilityTimeout":1e400}',
    "a number of 5000 digits": '{"visibilityTimeout":' + "9" * 5000 + "}",
}


@pytest.mark.parametrize("text", UNUSABLE.values(), ids=UNUSABLE.keys())
def test_properties_that_cannot_be_compared_are_not_checked(bench: Bench, text: str) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(spelt(text), BAD))
    assert drifted(bench) == {WORKER.urn}
    assert "the properties are no" in bench.world.coverage()[2][ORDERS.urn]
    assert (bench.parked(), bench.slept) == ([], [])


@pytest.mark.parametrize("strange", [seen(ORDERS, urn="urn\x00x"), seen(ORDERS, urn=urn("stranger"))])
def test_a_stranger_is_refused(bench: Bench, strange: Any) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(strange, BAD))
    assert drifted(bench) == {WORKER.urn}
    assert (bench.parked(), bench.slept) == ([], [])


def test_a_reason_may_hold_anything(bench: Bench) -> None:
    denied = seen(ORDERS, presence="NOT_CHECKED", reason="denied\x00")
    assert bench.batches.take("t", 0, 0, bench.encoded(denied, BAD))
    assert drifted(bench) == {WORKER.urn}
    assert bench.world.coverage()[2] == {ORDERS.urn: "denied "}


def test_an_observation_that_is_none_is_parked_with_its_message(bench: Bench) -> None:
    body = bench.encoded(seen(ORDERS, reason="in words"), BAD)
    mangled = body.replace(str(ORDERS.deployment_id).encode(), b"no-uuid".ljust(36, b"-"), 1)
    assert bench.batches.take("t", 0, 0, mangled)
    assert drifted(bench) == {WORKER.urn}
    [reason] = bench.parked()
    assert reason.startswith(f"BadObservations: 1 observations: {ORDERS.urn}")


@pytest.mark.parametrize("column", ["ids", "generations", "digests", "ends", "presences", "bodies"])
def test_columns_that_do_not_belong_together_are_parked(bench: Bench, column: str) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(BAD, **{column: b"\x01\x02\x03"}))
    assert [reason.partition(":")[0] for reason in bench.parked()] == ["BadColumns"]
    assert bench.batches.take("t", 0, 1, bench.encoded(BAD))
    assert drifted(bench) == {WORKER.urn}


def test_a_presence_that_there_is_not_is_not_checked(bench: Bench) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(seen(ORDERS), BAD, presences=b"\x09\x01"))
    assert "did not say" in bench.world.coverage()[2][ORDERS.urn]
    assert drifted(bench) == {WORKER.urn}


def test_what_fails_is_told_apart_from_the_rest(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    settle = bench.world.judging.settle

    def picky(batch: ObservationBatch, book: Book, observations: Sequence[Observation]) -> Tally:
        if any(one.urn == ORDERS.urn for one in observations):
            raise RuntimeError("not this one")
        return settle(batch, book, observations)

    monkeypatch.setattr(bench.world.judging, "settle", picky)
    assert bench.batches.take("t", 0, 0, bench.encoded(seen(ORDERS, {"visibilityTimeout": 60}), BAD))
    assert drifted(bench) == {WORKER.urn}
    assert bench.parked() == [f"BadObservations: 1 observations: {ORDERS.urn}: RuntimeError: not this one"]


def test_a_scan_that_nobody_asked_for_is_parked_and_does_not_blind(bench: Bench) -> None:
    assert bench.batches.take("t", 0, 0, bench.encoded(seen(ORDERS), sequence=2**62))
    [reason] = bench.parked()
    assert "never asked for" in reason
    assert bench.batches.take("t", 0, 1, bench.encoded(seen(ORDERS, {"visibilityTimeout": 60})))
    assert drifted(bench) == {ORDERS.urn}


def test_what_is_published_is_json(bench: Bench) -> None:
    text = '{"visibilityTimeout":"\\u0000\\u2028","tags":{"env":1e300}}'
    assert bench.batches.take("t", 0, 0, bench.encoded(spelt(text)))
    [detected] = [event for event in bench.world.events() if type(event).__name__ == "Detected"]
    assert [json.loads(a.actual_json) for a in detected.finding.attributes] == [1e300, "\x00\u2028"]


@pytest.mark.parametrize(
    "changed",
    [
        {"visibilityTimeout": "x" * 100_000},
        {"visibilityTimeout": "x" * 700_000},
        {"tags": {f"t{n}": "\u2028" * 15_000 for n in range(9)}},
    ],
    ids=["one large value", "one huge value", "many large values"],
)
def test_huge_values_are_told_by_length_and_digest_and_fit_into_a_message(bench: Bench, changed: dict[str, Any]) -> None:
    bench.world.states.put(replace(ORDERS, version=2, properties={**ORDERS.properties, **_emptied(changed)}))
    assert bench.batches.take("t", 0, 0, bench.encoded(seen(ORDERS, changed), BAD))
    assert drifted(bench) == {WORKER.urn, ORDERS.urn}
    facts = [said for event in bench.world.events() for said in records(event)]
    assert max(len(bench.codec.encode(fact.fact, dict(fact.value or {}))) for fact in facts) < MESSAGE_BYTES_AT_MOST // 2
    [detected] = [event for event in bench.world.events() if getattr(event, "urn", "") == ORDERS.urn and
                  type(event).__name__ == "Detected"]  # fmt: skip
    assert all(json.loads(a.actual_json)["$tooLong"]["bytes"] > 15_000 for a in detected.finding.attributes)
    other = json.loads(json.dumps(changed).replace("x", "y").replace("\\u2028", "\\u2029"))
    bench.world.asked(SHARD, 2)
    assert bench.batches.take("t", 0, 1, bench.encoded(seen(ORDERS, other), sequence=2))
    assert "Changed" in bench.world.happened()


def _emptied(value: dict[str, Any]) -> dict[str, Any]:
    """The same paths, with short values."""
    return {name: _emptied(inner) if isinstance(inner, dict) else "" for name, inner in value.items()}


def test_fifty_thousand_observations_of_others_leave_ours_to_be_judged(bench: Bench) -> None:
    strangers = 49_999
    columns = in_columns([BAD])
    many = {
        "ids": np.arange(1, strangers + 1, dtype="<u8").tobytes() + columns["ids"],
        "presences": b"\x02" * strangers + columns["presences"],
        "generations": bytes(8 * strangers) + columns["generations"],
        "digests": bytes(16 * strangers) + columns["digests"],
        "ends": bytes(4 * strangers) + columns["ends"],
    }
    with capture_logs() as logs:
        assert bench.batches.take("t", 0, 0, bench.encoded(BAD, **many))
    assert drifted(bench) == {WORKER.urn}
    assert bench.parked() == []
    assert [line.get("more") for line in logs if "refused" in line["event"]] == [None] * 20 + [strangers - 20]


def test_a_clock_that_is_an_hour_ahead_is_parked_and_one_that_is_behind_is_believed(bench: Bench) -> None:
    drifted_now = seen(ORDERS, {"visibilityTimeout": 60})
    ahead, behind = START + timedelta(hours=1), START - timedelta(hours=1)
    assert bench.batches.take("t", 0, 0, bench.encoded(drifted_now, observed_at=ahead))
    assert bench.parked() == ["NoBatch: observed in the future"]
    assert drifted(bench) == set()
    assert bench.batches.take("t", 0, 1, bench.encoded(drifted_now, observed_at=behind))
    assert drifted(bench) == {ORDERS.urn}
