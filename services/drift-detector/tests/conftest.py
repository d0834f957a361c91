"""What the tests of the drift-detector share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
from deployforge_chassis.canonical import digest, dumps
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.coverage import NEVER
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.judging import Judging, Tally
from deployforge_drift_detector.application.messages import Observation, ObservationBatch
from deployforge_drift_detector.application.verdicts import Verdicts
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
    text = dumps({**of.properties, **(properties or {})})
    usual = Observation(of.urn, of.deployment_id, "PRESENT", of.physical_id, digest(text), of.generation, text)
    return replace(usual, **more)


def gone(of: Desired) -> Observation:
    return seen(of, presence="MISSING", digest="", properties_json="")


def batch(sequence: int, *observations: Observation, **more: Any) -> ObservationBatch:
    usual = ObservationBatch(f"scan-{sequence}", SHARD, sequence, 0, START, observations)
    return replace(usual, **more)


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
        return self.judging.judge(one)

    def asked(self, shard: str, sequence: int) -> None:
        """As if scans up to this one had been asked for."""
        self.app.database.write([self.app.stores.schedule.put(shard, sequence, None)])

    def happened(self) -> list[str]:
        """Names of all events so far."""
        return [type(event).__name__ for event in self.events()]

    def coverage(self) -> tuple[int, int, dict[str, str]]:
        """(as desired, drifted, {urn: why not checked}) of what was looked at."""
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

    return World(app, states, clock, Judging(app, Verdicts()), events)
