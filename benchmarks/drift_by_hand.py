"""The lower bound: what somebody would write in an afternoon with confluent-kafka, fastavro and numpy, for this alone.

It does the same work: decodes, holds each body that it reads against its digest, compares every enforced attribute by the
same rules, classifies what differs, and saves transitions through the same event store and relay. It knows neither
rebalancing nor replays nor changes of what is desired, parks nothing and explains nothing.
"""

import io
import time
from collections.abc import Callable, Sequence
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
from deployforge_drift_detector.domain.finding import find_changed

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
        starts, raw, news = [0, *ends], value["digests"], []
        for row in read.tolist():
            body = bodies[starts[row] : ends[row]]
            if packed.digest(body) != raw[row * 16 : row * 16 + 16]:
                raise ValueError("a body that is not of its digest")
            wanted = shard.desired[at[row]]
            observed = self._decode(body)
            if not agrees(wanted.properties, observed, wanted.set_paths):
                self._differs(wanted, observed, value, news)
            elif wanted.urn in self._open:
                self._over(wanted, value, news)
        if news:
            self._app.commit(Effects(tuple(news), (self._app.stores.drifts.put(*news),)))
        if self._remember:
            shard.digests[at] = digests
        shard.sequences[at] = value["sequence"]
        return len(ids)

    def _differs(self, wanted: Desired, observed: Any, value: Any, news: list[Drift]) -> None:
        now = datetime.now(UTC)
        finding = find_changed(wanted, observed, now)
        if finding is None or self._open.get(wanted.urn) == finding.fingerprint:
            return
        drift = self._app.drift_of(wanted.urn) or Drift(wanted.urn, wanted.deployment_id, wanted.namespace, wanted.name)
        drift.see(
            finding, (), type=wanted.type, scan_id=value["scan_id"], sequence=value["sequence"], desired_version=1,
            physical_id=wanted.physical_id, observed_at=value["observed_at"], now=now,
        )  # fmt: skip
        self._open[wanted.urn] = finding.fingerprint
        news.append(drift)

    def _over(self, wanted: Desired, value: Any, news: list[Drift]) -> None:
        drift: Any = self._app.drift_of(wanted.urn)
        drift.resolve("observed", scan_id=value["scan_id"], sequence=value["sequence"], now=datetime.now(UTC))
        del self._open[wanted.urn]
        news.append(drift)


class _Shard:
    def __init__(self, desired: Sequence[Desired]) -> None:
        keys = np.frombuffer(b"".join(packed.key(one.deployment_id, one.urn) for one in desired), "<u8")
        order = np.argsort(keys)
        self.ids, self.desired = keys[order], [desired[n] for n in order]
        self.digests, self.sequences = np.zeros((len(desired), 2), np.uint64), np.full(len(desired), -1)


def consume(consumer: Any, handle: Callable[[bytes], int], messages: int) -> float:
    """Handle so many messages and commit every second; checks a second from the first message to the last."""
    began, checks, seen, committed = 0.0, 0, 0, time.perf_counter()
    while seen < messages:
        for message in consumer.consume(50, 0.5):
            began = began or time.perf_counter()
            checks += handle(message.value())
            seen += 1
        if seen and time.perf_counter() - committed > 1.0:
            consumer.commit(asynchronous=True)
            committed = time.perf_counter()
    return checks / (time.perf_counter() - began)
