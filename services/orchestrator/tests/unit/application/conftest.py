"""An orchestrator with fakes for everything outside its database."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

import pytest
from deployforge_chassis import canonical
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.clock import FixedClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.facts import Record
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact
from deployforge_orchestrator.adapters.plans import StoredPlans
from deployforge_orchestrator.adapters.records import records
from deployforge_orchestrator.application.drafting import Drafting
from deployforge_orchestrator.application.effects import Errands
from deployforge_orchestrator.application.orchestrator import Orchestrator
from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.planning import (
    MISSING,
    PRESENT,
    Compiled,
    CompiledUnit,
    Deployed,
    DeployedUnit,
    Filled,
    Live,
    State,
    Unfilled,
)
from deployforge_orchestrator.domain.references import read, references, resolve
from deployforge_orchestrator.domain.refusals import NoPlan, Problem, TooLarge
from deployforge_orchestrator.domain.units import Unit
from eventsourcing.persistence import StoredEvent

DEPLOYMENT = UUID("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def manifest(*resources: tuple[str, str, Mapping[str, Any]], **more: Any) -> dict[str, Any]:
    """(name, provider, properties) each."""
    return {
        "providers": {
            p: {"type": "aws", "account": "1", "location": place, "credentialRef": "c"}
            for p, place in (("aws", "eu"), ("us", "us"))
        },
        "resources": [{"name": n, "type": "Queue", "provider": p, "properties": dict(v)} for n, p, v in resources],
        **more,
    }


def _as_cloud(values: dict[str, Any]) -> dict[str, Any]:
    """`timeout` is a duration here, in seconds."""
    return {k: int(v[:-1]) if k == "timeout" and str(v)[:-1].isdigit() else v for k, v in values.items()}


@dataclass
class FakeCloud:
    """Compiles by copying, and keeps live resources."""

    live: dict[str, Live] = field(default_factory=dict)
    templates: dict[str, list[tuple[str, Spec]]] = field(default_factory=dict)
    down: bool = False
    previews: dict[str, str] | None = None
    """What it says when it is asked, by urn; None: its schemas tell all."""
    failure: str = ""
    asked: list[Mapping[str, str]] = field(default_factory=list)
    """The inputs of each preview."""
    resolved: list[Mapping[str, str]] = field(default_factory=list)
    """What was known each time that declarations were filled in."""
    most_types: int = 99
    """That one credential has room for."""
    most: int = 99
    """Resources that one unit has room for; of more than two thirds of it there is no room to grow."""

    def compile(self, deployment_id: UUID, unit: Unit, specs: Sequence[tuple[str, Spec]]) -> CompiledUnit:
        self._must_be_up()
        if bad := [s.name for _, s in specs if "bad" in s.properties]:
            raise NoPlan(*(Problem(f"resources.{n}.properties.bad", "unknown property", "remove it") for n in bad))
        if len(specs) > self.most:
            raise TooLarge(Problem("", f"{len(specs)} resources", "split the deployment"))
        digest = canonical.digest(canonical.dumps([[u, s.to_json()] for u, s in specs]))
        self.templates[digest] = list(specs)
        mine = {s.name for _, s in specs}
        inputs = {f"{n}.{a}" for _, s in specs for n, a in references(dict(s.properties)) if n not in mine}
        return CompiledUnit(
            digest,
            {
                s.name: Compiled(u, s.name, s.type, "AWS::SQS::Queue", dict(s.properties), ("fifo",), ("rules",))
                for u, s in specs
            },
            tuple(sorted(inputs)),
            self.previews is not None, len({s.type for _, s in specs}) > self.most_types,
            len(specs) * 3 > self.most * 2,
        )  # fmt: skip

    def resolve(self, provider_type: str, declarations: Sequence[Unfilled], known: Mapping[str, str]) -> Filled:
        self._must_be_up()
        self.resolved.append(known)
        lookup = lambda name, attribute: known.get(f"{name}.{attribute}")  # noqa: E731
        return {d.urn: _as_cloud(read(resolve(dict(d.desired), lookup))) for d in declarations}

    def preview(
        self, deployment_id: UUID, unit: Unit, template_digest: str, inputs: Mapping[str, str]
    ) -> tuple[Mapping[str, str], str]:
        self._must_be_up()
        self.asked.append(inputs)
        return self.previews or {}, self.failure

    def observe(self, deployment_id: UUID, scope: Scope, targets: Sequence[tuple[str, str, str]]) -> Mapping[str, Live]:
        self._must_be_up()
        return {urn: self.live.get(urn, Live(MISSING)) for urn, _, _ in targets}

    def _must_be_up(self) -> None:
        if self.down:
            raise Unavailable("mcal: down")


@dataclass
class World:
    """The orchestrator, its neighbours, and what it said."""

    app: Orchestrator
    cloud: FakeCloud
    workers: EffectWorkers
    state: State = field(default_factory=State)
    manifests: dict[str, Any] = field(default_factory=dict)
    versions: dict[int, State] = field(default_factory=dict)
    """Everything that was remembered, by version."""
    good: int = 0
    broken: dict[str, dict[str, Any]] = field(default_factory=dict)
    """unit id → failure of its next operation."""
    seen: int = 0
    done: set[str] = field(default_factory=set)

    # the ports
    def get(self, *key: Any) -> Any:
        if len(key) == 1:
            return self.manifests[key[0]]
        return self.versions.get(key[2], State()) if len(key) == 3 and key[2] else self.state

    def last_known_good(self, namespace: str, name: str) -> int:
        return self.good

    # driving
    def hear(self, handler: Any, type: str, value: Mapping[str, Any]) -> None:
        self.app.commit(handler(a_fact("t", type, dict(value))))

    def request(self, document: Mapping[str, Any] | None = None, **changed: Any) -> str:
        id = self.ask(document, **changed)
        self.work()
        return id

    def ask(self, document: Mapping[str, Any] | None = None, **changed: Any) -> str:
        """The wish alone; its plan waits to be drafted."""
        digest = None
        if document is not None:
            digest = canonical.digest(canonical.dumps(document))
            self.manifests[digest] = document
        id = str(uuid4())
        wish = {
            "deployment_id": str(DEPLOYMENT), "namespace": "ns", "name": "web", "request_id": id, "action": "APPLY",
            "origin": "USER", "author": "alice", "manifest_digest": digest, "targets": [], "to_version": None,
            "remedy": None, "urns": [], "missing": False, **changed,
        }  # fmt: skip
        self.hear(self.app.deployment_requested, "DeploymentRequested", wish)
        return id

    def approve(self, request_id: str) -> None:
        self.consent(request_id)
        self.work()

    def consent(self, request_id: str) -> None:
        """The approval alone; what follows from it waits."""
        [drafted] = [r for r in self.said() if r.fact == "PlanDrafted" and r.value["request_id"] == request_id]
        self.hear(
            self.app.plan_approved, "PlanApproved",
            {"request_id": request_id, "deployment_id": str(DEPLOYMENT), "plan_digest": drafted.value["plan_digest"], "approvers": ["bob"], "nonce": f"nonce-{request_id}"},
        )  # fmt: skip

    def work(self) -> None:
        """All effects, due or not."""
        for _ in range(12):
            self.app.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting'")
            if not self.workers.work_once():
                return

    def turn(self, attempt: int | None = None) -> None:
        """One piece of waiting work, once; `attempt` says which attempt that is."""
        if attempt is not None:
            self.app.database.query("UPDATE effects SET attempt = %s WHERE status = 'waiting'", (attempt - 1,))
        self.app.database.query("UPDATE effects SET due_at = now() WHERE status = 'waiting'")
        self.workers.work_once()

    def operate(self, upto: int = 100) -> int:
        """Do wanted operations as the cloud layer would; how many."""
        count = 0
        while count < upto:
            wanted = [r for r in self.said() if r.fact == "OperationRequested" and r.value["operation_id"] not in self.done]
            if not wanted:
                return count
            for record in wanted[: upto - count]:
                self.answer(record.value)
                count += 1
            self.work()
        return count

    def answer(self, op: Mapping[str, Any], **attributes: str) -> None:
        self.done.add(op["operation_id"])
        common = {"execution_id": op["execution_id"], "operation_id": op["operation_id"], "finished_at": NOW}
        failure = self.broken.pop(op["unit_id"], None)
        if failure is not None:
            base = {
                "code": "Broken",
                "message": "it broke",
                "hint": None,
                "urn": None,
                "retryable": False,
                "restored": True,
            }
            self.hear(self.app.operation_failed, "OperationFailed", {**common, **base, **failure})
            return
        outcomes = []
        if op["verb"] in ("apply", "recreate"):
            for urn, spec in self.cloud.templates[op["template_digest"]]:
                lookup = lambda n, a: op["inputs"].get(f"{n}.{a}") or f"arn:{n}"  # noqa: E731
                values = _as_cloud(read(resolve(dict(spec.properties), lookup)))
                self.cloud.live[urn] = Live(PRESENT, values, {}, f"phy:{spec.name}")
                outcomes.append(
                    {
                        "urn": urn,
                        "physical_id": f"phy:{spec.name}",
                        "attributes_json": json.dumps({"arn": f"arn:{spec.name}", **attributes}),
                        "status": "x",
                    }
                )
        for target in op["targets"] if op["verb"] == "correct" else ():
            self.cloud.live[target["urn"]] = Live(
                PRESENT, read(json.loads(target["desired_json"])), {}, target["physical_id"]
            )
        done = {**common, "resources": outcomes, "generation": 2, "template_digest": op["template_digest"]}
        self.hear(self.app.operation_succeeded, "OperationSucceeded", done)

    def said(self) -> list[Record]:
        found: list[Record] = []
        for n in self.app.recorder.select_notifications(None, 10_000):
            stored = StoredEvent(n.originator_id, n.originator_version, n.topic, n.state)
            found.extend(records(self.app.sealed.to_domain_event(stored)))
        return found

    def names(self, *but: str) -> list[str]:
        return [r.fact for r in self.said() if r.fact not in but]

    def last(self, fact: str) -> Mapping[str, Any]:
        found = [r.value for r in self.said() if r.fact == fact]
        assert found, f"no {fact} among {self.names()}"
        assert found[-1] is not None
        return found[-1]

    def plan(self) -> Any:
        return self.app.plans.get(self.last("PlanDrafted")["plan_digest"])

    def applied(self, document: Mapping[str, Any]) -> None:
        """Apply, and remember it as the state manager would."""
        self.approve(self.request(document))
        self.operate()
        self.remember()

    def remember(self) -> None:
        v = self.last("ExecutionVerified")
        resources = {
            r.value["resource"]: r.value
            for r in self.said()
            if r.fact == "ResourceVerified" and r.value["execution_id"] == v["execution_id"]
        }
        kept = self.state.resources if v["action"] == "HEAL" else {}
        self.state = State(
            self.state.version + 1, self.state.desired_version + (1 if v["desired_changed"] else 0),
            {
                **kept,
                **{name: Deployed(
                    r["urn"], name, r["type"], r["native_type"], r["unit_id"], r["physical_id"], json.loads(r["desired_json"]),
                    json.loads(r["attributes_json"]), json.loads(r["spec_json"]), tuple(r["set_paths"]), tuple(r["create_only_paths"]),
                    tuple(r["depends_on"]), r["criticality"], r["protect"], r["retain_on_delete"],
                )
                for name, r in resources.items()}
            },
            {
                u["unit_id"]: DeployedUnit(
                    u["unit_id"], u["name"], u["provider"], u["provider_type"], u["account"], u["location"], u["credential_ref"],
                    u["stage"], u["part"], u["template_digest"], json.loads(u["inputs_json"]),
                )
                for u in v["units"]
            },
            v["manifest_digest"],
        )  # fmt: skip
        self.versions[self.state.version] = self.state


@pytest.fixture
def world(fresh_database: Database, sealer: Sealer) -> World:
    cloud = FakeCloud()
    app = Orchestrator(fresh_database, sealer, StoredPlans(fresh_database, Bodies(fresh_database, sealer)), FixedClock(NOW))
    made = World(app, cloud, None)  # type: ignore[arg-type]
    drafting = Drafting(made, made, cloud)
    made.workers = EffectWorkers(app.queue, Errands(app, drafting, cloud).handlers())
    return made


def urn(name: str) -> str:
    return f"urn:df:ns:web:{name}"


def operation(execution: str, step: str, attempt: int = 1) -> str:
    return str(uuid5(UUID(execution), f"{step}#{attempt}"))
