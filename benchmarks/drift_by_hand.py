"""The lower bound: what somebody would write in an afternoon with confluent-kafka, fastavro and numpy, for this alone.

It does the same work: decodes, holds each body that it reads against its digest, compares every enforced attribute by the
same rules, classifies what differs, and saves transitions through the same event store and relay. It knows neither
rebalancing nor replays nor changes of what is desired, parks nothing and explains nothing.
"""

import io
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import fastavro
import msgspec
import numpy as np
from deployforge_chassis import packed
from deployforge_chassis.facts import Effects
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.domain.compare import agrees
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.drift import Drift
from deployforge_drift_detector.domain.finding import Finding, find_changed
from deployforge_drift_detector.domain.impact import Downstream

_HEADER_BYTES = 5


class Loop:
    """One process's memory of everything."""

    def __init__(self, app: DriftDetector, schema: Any, desired: Sequence[Desired], *, remember: bool) -> None:
        self._app, self._schema, self._remember = app, schema, remember
        self._decode = msgspec.json.Decoder().decode
        by_shard: dict[str, list[Desired]] = {}
        for one in desired:
            by_shard.setdefault(one.shard, []).append(one)
        self._shards = {shard: _Shard(some) for shard, some in by_shard.items()}
        self._open: dict[str, str] = dict(app.stores.drifts.open([one.urn for one in desired]))
        self._news: list[tuple[Desired, Finding | None, Any]] = []

    def handle(self, message: bytes) -> int:
        """Judge one message; how many checks that were."""
        value: Any = fastavro.schemaless_reader(io.BytesIO(message[_HEADER_BYTES:]), self._schema)
        shard, ends, bodies = self._shards[value["shard"]], np.frombuffer(value["ends"], "<u4").tolist(), value["bodies"]
        digests, ids = np.frombuffer(value["digests"], "<u8").reshape(-1, 2), np.frombuffer(value["ids"], "<u8")
        at = np.searchsorted(shard.ids, ids)
        if not (shard.ids[at] == ids).all():
            raise LookupError("a resource that nobody desires")
        fresh = shard.sequences[at] < value["sequence"]
        read = (
            np.flatnonzero(fresh & (digests != shard.digests[at]).any(axis=1)) if self._remember else np.flatnonzero(fresh)
        )
        starts, raw = [0, *ends], value["digests"]
        for row in read.tolist():
            body = bodies[starts[row] : ends[row]]
            if packed.digest(body) != raw[row * 16 : row * 16 + 16]:
                raise ValueError("a body that is not of its digest")
            wanted = shard.desired[at[row]]
            observed = self._decode(body)
            if not agrees(wanted.properties, observed, wanted.set_paths):
                self._differs(wanted, observed, value)
            elif wanted.urn in self._open:
                del self._open[wanted.urn]
                self._news.append((wanted, None, value))
        if self._remember:
            shard.digests[at] = digests
        shard.sequences[at] = value["sequence"]
        return len(ids)

    def _differs(self, wanted: Desired, observed: Any, value: Any) -> None:
        finding = find_changed(wanted, observed, datetime.now(UTC))
        if finding is not None and self._open.get(wanted.urn) != finding.fingerprint:
            self._open[wanted.urn] = finding.fingerprint
            self._news.append((wanted, finding, value))

    def save(self) -> None:
        """Save the news of the messages that were handled since; no resource is twice among them."""
        if not self._news:
            return
        known, now = self._app.drifts_of([wanted.urn for wanted, _, _ in self._news]), datetime.now(UTC)
        drifts = []
        for wanted, finding, value in self._news:
            drift = known.get(wanted.urn) or Drift(wanted.urn, wanted.deployment_id, wanted.namespace, wanted.name)
            if finding is None:
                drift.resolve("observed", scan_id=value["scan_id"], sequence=value["sequence"], now=now)
            else:
                drift.see(
                    finding, Downstream(), type=wanted.type, scan_id=value["scan_id"], sequence=value["sequence"],
                    desired_version=1, physical_id=wanted.physical_id, observed_at=value["observed_at"], now=now,
                )  # fmt: skip
            drifts.append(drift)
        self._app.commit(Effects(tuple(drifts), (self._app.stores.drifts.put(*drifts),)))
        self._news.clear()


class _Shard:
    def __init__(self, desired: Sequence[Desired]) -> None:
        keys = np.frombuffer(b"".join(packed.key(one.deployment_id, one.urn) for one in desired), "<u8")
        order = np.argsort(keys)
        self.ids, self.desired = keys[order], [desired[n] for n in order]
        self.digests, self.sequences = np.zeros((len(desired), 2), np.uint64), np.full(len(desired), -1)


def consume(consumer: Any, loop: Loop, messages: int, of_each: int) -> float:
    """Handle so many messages, the first ones `of_each` partition, and commit every second; checks a second from the first
    message to the last.
    """
    began, checks, seen, committed = 0.0, 0, 0, time.perf_counter()
    while seen < messages:
        for message in consumer.consume(min(50, messages - seen), 0.5):
            if message.offset() >= of_each:
                # Of the storm that came over the other contender.
                continue
            began = began or time.perf_counter()
            checks += loop.handle(message.value())
            seen += 1
        loop.save()
        if seen and time.perf_counter() - committed > 1.0:
            consumer.commit(asynchronous=True)
            committed = time.perf_counter()
    return checks / (time.perf_counter() - began)
