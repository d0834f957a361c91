"""What the tests of the drift-detector share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from deployforge_chassis import packed
from deployforge_chassis.canonical import dumps
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.books import Books
from deployforge_drift_detector.application.coverage import NEVER
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.application.messages import PRESENCES, Columns, Observation, ObservationBatch
from deployforge_drift_detector.application.tally import Tally
from deployforge_drift_detector.domain.desired import Desired

WEBSHOP = uuid5(NAMESPACE_URL, "deployforge:storefront/webshop")
SHARD = "aws:000000000000:eu-west-1:03"
START = datetime(2026, 1, 1, tzinfo=UTC)


def urn(resource: str) -> str:
    return f"urn:df:storefront:webshop:{resource}"


ORDERS = Desired(
    urn=urn("orders"),
    deployment_id=WEBSHOP,
    namespace="storefront",
    name="webshop",
    version=1,
    desired_version=1,
    shard=SHARD,
    every_seconds=60,
    resource="orders",
    type="Queue",
    physical_id="queue-orders",
    criticality="normal",
    generation=2,
    properties={"visibilityTimeout": 30, "tags": {"env": "test"}},
)
WORKER = replace(
    ORDERS, urn=urn("worker"), resource="worker", type="Topic", properties={"fifo": False}, depends_on=(urn("orders"),)
)


def seen(of: Desired, properties: Mapping[str, Any] | None = None, **more: Any) -> Observation:
    """As desired, unless said otherwise."""
    body = dumps({**of.properties, **(properties or {})}).encode()
    usual = Observation(of.urn, of.deployment_id, "PRESENT", of.physical_id, packed.digest(body), of.generation, body)
    return replace(usual, **more)


def gone(of: Desired) -> Observation:
    return seen(of, presence="MISSING", digest=packed.digest(b""), properties_json=b"")


def batch(sequence: int, *observations: Observation, **more: Any) -> ObservationBatch:
    """As mcal says it: in columns what has no reason, and in words the others."""
    columns = Columns.of(**in_columns([one for one in observations if plain(one)]))
    words = tuple(one for one in observations if not plain(one))
    usual = ObservationBatch(f"scan-{sequence}", SHARD, sequence, 0, True, START, words, columns)
    return replace(usual, **more)


def plain(one: Observation) -> bool:
    return one.presence in ("PRESENT", "MISSING") and not one.reason


def in_columns(some: Sequence[Observation]) -> dict[str, bytes]:
    bodies = [one.properties_json for one in some]
    return {
        "ids": b"".join(packed.key(one.deployment_id, one.urn) for one in some),
        "presences": bytes(PRESENCES.index(one.presence) for one in some),
        "generations": packed.numbers(one.generation for one in some),
        "digests": b"".join(one.digest for one in some),
        "ends": packed.ends(bodies),
        "bodies": b"".join(bodies),
    }


def in_words(one: Observation) -> dict[str, Any]:
    """As Avro has it."""
    return {
        **vars(one), "deployment_id": str(one.deployment_id), "digest": f"sha256:{one.digest.hex()}",
        "properties_json": one.properties_json.decode(),
    }  # fmt: skip


@dataclass
class World:
    """The application on an embedded PostgreSQL."""

    app: DriftDetector
    states: DesiredMap
    clock: FixedClock
    judging: Judging
    events: Callable[[], list[Any]] = field(repr=False)

    def judge(self, sequence: int, *observations: Observation, **more: Any) -> Tally:
        one = batch(sequence, *observations, **more)
        self.asked(one.shard, sequence)
        tally = self.judging.judge(one)
        self.judging.books.write_all()
        return tally

    def asked(self, shard: str, sequence: int) -> None:
        """As if scans up to this one had been asked for."""
        self.app.database.write([self.app.stores.schedule.put(shard, sequence, None)])

    def happened(self) -> list[str]:
        """Names of all events so far."""
        return [type(event).__name__ for event in self.events()]

    def coverage(self) -> tuple[int, int, dict[str, str]]:
        """(as desired, drifted, {urn: why not checked}) of what was looked at."""
        self.judging.books.write_all()
        shards = self.app.coverage("storefront", "webshop")
        if not shards:
            return (0, 0, {})
        why = {urn: reason for urn, reason in shards[0].not_checked if reason != NEVER}
        return shards[0].checked, shards[0].drifted, why


@pytest.fixture
def world(fresh_database: Database, sealer: Sealer) -> World:
    clock, states = FixedClock(START), DesiredMap()
    app = DriftDetector(fresh_database, sealer, open_stores(fresh_database, sealer), states, clock)
    states.put(ORDERS)
    states.put(WORKER)

    def events() -> list[Any]:
        page = app.recorder.select_notifications(0, 1000, inclusive_of_start=False)
        return [app.mapper.to_domain_event(one) for one in page]

    return World(app, states, clock, Judging(app, Books(app, fresh_seconds=0)), events)
