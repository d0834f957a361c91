"""A control plane on a fresh embedded database, with a clock that stands still and fakes of its neighbours."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.facts import Fact
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import runtime_url
from deployforge_control_plane.adapters.metrics import PrometheusMeter
from deployforge_control_plane.adapters.records import records
from deployforge_control_plane.adapters.stores import open_stores
from deployforge_control_plane.adapters.tokens import TokenTable
from deployforge_control_plane.application.access import Access
from deployforge_control_plane.application.checking import Checking
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.effects import Errands
from deployforge_control_plane.application.hearing import Hearing
from deployforge_control_plane.application.views import AuditRecord, Entry, RequestView, Scope
from deployforge_control_plane.domain.compliance import Verified
from deployforge_control_plane.domain.values import Action, Change, Origin, PlanProblem, Wish, deployment_id

MANIFEST: dict[str, Any] = {
    "apiVersion": "deployforge.io/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "namespace": "front"},
    "spec": {
        "providers": {"aws": {"type": "aws", "region": "r", "account": "000000000000", "credentialRef": "c"}},
        "resources": [{"name": "a", "type": "Queue", "properties": {"fifo": True}}],
    },
}
PLAN = {
    "plan_id": "plan-1", "plan_digest": "sha256:1", "base_version": 0, "creates": 1, "updates": 0, "replaces": 0,
    "deletes": 0, "adopts": 0, "corrects": 0, "recreates": 0, "unchanged": 0, "units": 1,
}  # fmt: skip


def manifest_text(**spec: Any) -> bytes:
    """MANIFEST with parts of its spec replaced or added."""
    return json.dumps({**MANIFEST, "spec": {**MANIFEST["spec"], **spec}}, indent=1).encode()


@dataclass
class Neighbours:
    """The orchestrator's and the cloud layer's answers, as each test wants them."""

    planned: list[Change] = field(default_factory=list)
    read_back: list[Verified] = field(default_factory=list)
    wrong: list[PlanProblem] = field(default_factory=list)

    def changes(self, plan_id: str) -> Sequence[Change]:
        return self.planned

    def verified(self, execution_id: str) -> Sequence[Verified]:
        return self.read_back

    def problems(self, manifest: Mapping[str, Any]) -> Sequence[PlanProblem]:
        return self.wrong


class System:
    """The application with everything around it, and the words of its tests."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self.database = database
        self.clock = FixedClock(datetime(2026, 11, 24, tzinfo=UTC))
        self.stores = open_stores(database, sealer)
        self.app = ControlPlane(database, sealer, self.stores, records, self.clock)
        meter = PrometheusMeter()
        self.tokens = TokenTable(database)
        self.access = Access(self.app, self.tokens, meter)
        self.neighbours = Neighbours()
        self.checking = Checking(self.neighbours, meter)
        errands = Errands(self.app, self.neighbours, self.neighbours)
        self.workers = EffectWorkers(self.app.queue, errands.handlers())
        self.heard = Hearing(self.app).heard()
        self._facts = 0

    def submit(
        self, by: str = "alice", request_id: UUID | None = None, plan_only: bool = False, **spec: Any
    ) -> RequestView:
        """Submit a manifest."""
        manifest = self.checking.read(manifest_text(**spec), "shop.yaml")
        wish = Wish(Action.APPLY, Origin.USER, by, plan_only=plan_only, file="shop.yaml")
        return self.app.submit_manifest(request_id or uuid4(), manifest, wish, allowed(by, "Deployments.Submit"))

    def hear(self, topic: str, name: str, request_id: UUID | None = None, /, **value: Any) -> None:
        """Apply a fact of another service as the inbox does."""
        self._facts += 1
        where = {"deployment_id": str(deployment_id("front", "shop")), "namespace": "front", "name": "shop"}
        about = {"request_id": str(request_id)} if request_id else {}
        fact = Fact(
            topic=topic, partition=0, offset=self._facts, key=where["deployment_id"], type=name,
            value={**where, **about, **value}, source=topic.partition(".")[0], era=1, id=self._facts,
            prev=self._facts - 1, event_id=f"{topic}@1/{self._facts}", correlation_id=str(request_id or ""),
            causation_id="", traceparent="", occurred_at=self.clock.now(),
        )  # fmt: skip
        with causality.bound(Causality(str(request_id or ""), fact.event_id)):
            self.app.commit(self.heard[topic][name](fact))

    def drafted(self, request_id: UUID, **plan: Any) -> RequestView:
        """A plan was drafted."""
        self.hear("orchestrator.executions", "PlanDrafted", request_id, **{**PLAN, **plan})
        return self.app.find(request_id)

    def executed(self, request_id: UUID, policies: Sequence[Mapping[str, Any]] = ()) -> None:
        """An approved plan was executed and verified."""
        topic = "orchestrator.executions"
        self.hear(topic, "ExecutionStarted", request_id, execution_id="exec-1", steps=1)
        self.hear(topic, "ExecutionCompleted", request_id)
        self.hear(
            topic, "ExecutionVerified", request_id, execution_id="exec-1", policies_json=json.dumps(policies),
            resources=1,
        )  # fmt: skip

    def recorded(self, request_id: UUID, version: int = 1, **value: Any) -> None:
        """The state manager recorded a version."""
        view = self.app.find(request_id)
        healing: dict[str, Any] = {}
        if view.wish.manifest_digest:
            healing = json.loads(self.app.bodies.get(view.wish.manifest_digest))["healing"]
        said = {
            "version": version, "desired_version": version, "manifest_digest": view.wish.manifest_digest,
            "healing_json": json.dumps(healing), "healing_policy_digest": "sha256:h", "gone": False,
            "effective_at": self.clock.now(),
        }  # fmt: skip
        self.hear("state-manager.states", "StateVersionRecorded", request_id, **{**said, **value})

    def deployed(self, by: str = "alice", **spec: Any) -> RequestView:
        """Deploy a manifest to the end."""
        request_id = self.submit(by, **spec).request_id
        view = self.drafted(request_id)
        if view.approvals_required:
            self.app.approve(request_id, "sha256:1", "bob", "", allowed("bob", "Deployments.Approve"))
        self.executed(request_id)
        self.recorded(request_id)
        return self.app.find(request_id)

    def facts(self, request_id: UUID) -> list[str]:
        """What was published, in order."""
        events = self.app.events.get(request_id)
        return [record.fact for event in events for record in records(event)]

    def timeline(self, request_id: UUID | None = None) -> list[Entry]:
        """What was told."""
        return list(self.stores.timeline.after(0, Scope(request_id=str(request_id or "")), 100))

    def audit(self) -> list[tuple[str, str, str]]:
        """Actor, action and outcome, oldest first."""
        rows = self.stores.audit.page(Scope(), "", 500, "").rows
        return [(row.actor, row.action, row.outcome) for row in reversed(rows)]


def allowed(actor: str, action: str) -> AuditRecord:
    """The record of a call that may be carried out."""
    return AuditRecord(actor, action, "allowed")


@pytest.fixture
def fresh_database(embedded_postgres: str) -> Iterator[Database]:
    """One database for all tests, emptied: making a new one takes ten times as long."""
    with psycopg.connect(embedded_postgres, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    database = Database(runtime_url(embedded_postgres), owner_url=embedded_postgres, pool_size=1)
    yield database
    database.close()


@pytest.fixture
def system(fresh_database: Database, sealer: Sealer) -> System:
    return System(fresh_database, sealer)


@pytest.fixture
def systems(fresh_database: Database, sealer: Sealer) -> Callable[[], System]:
    """Replicas on one database."""
    return lambda: System(fresh_database, sealer)
