"""Commands and facts on a real database: what is decided, published, told and audited."""

import json
import threading
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.facts import Write
from deployforge_chassis.testing import attack
from deployforge_control_plane.application.views import Scope
from deployforge_control_plane.domain.compliance import Verified
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.refusals import (
    AuthorMayNotApprove,
    BadRequest,
    DeploymentNotFound,
    RequestIdTaken,
    RequestNotFound,
)
from deployforge_control_plane.domain.values import (
    Action,
    Change,
    Origin,
    PlanProblem,
    RequestState,
    Wish,
    deployment_id,
)

from ...conftest import System, allowed, manifest_text

ONE = {"required": 1}
AUTO = {"mode": "auto", "maxSeverity": "critical"}


def approve(system: System, request_id: object, by: str = "bob") -> None:
    system.app.approve(request_id, "sha256:1", by, "", allowed(by, "Deployments.Approve"))  # type: ignore[arg-type]


def heal(system: System, remedy: str = "correct", **more: object) -> Wish:
    digest = {"healing_policy_digest": "sha256:h", "desired_version": 1, "severity": "DEGRADED"}
    urns = ("urn:df:front:shop:a",)
    return Wish(Action.HEAL, Origin.HEALER, "healer", remedy=remedy, urns=urns, **{**digest, **more})  # type: ignore[arg-type]


def test_the_whole_way_of_a_request_that_nobody_needs_to_approve(system: System) -> None:
    view = system.deployed()
    assert (view.state, view.version, view.execution_id) == (RequestState.SUCCEEDED, 1, "exec-1")
    assert system.facts(view.request_id) == ["DeploymentRequested", "PlanApproved", "ComplianceReported"]
    told = system.timeline(view.request_id)
    assert [entry.type for entry in told] == [
        "DeploymentRequested", "PlanDrafted", "PlanApproved", "ExecutionStarted", "ExecutionCompleted",
        "ExecutionVerified", "ComplianceReported", "StateVersionRecorded",
    ]  # fmt: skip
    assert [entry.position for entry in told] == sorted(entry.position for entry in told)
    assert told[0].state is RequestState.PLANNING
    assert told[-1].state is RequestState.SUCCEEDED
    assert json.loads(told[0].fact)["author"] == "alice"


def test_people_approve_and_the_author_does_not(system: System) -> None:
    request_id = system.submit(approval=ONE).request_id
    assert system.drafted(request_id).state is RequestState.AWAITING_APPROVAL
    with pytest.raises(AuthorMayNotApprove):
        approve(system, request_id, "alice")
    approve(system, request_id)
    assert system.app.find(request_id).state is RequestState.APPROVED
    assert system.facts(request_id)[1:] == ["ApprovalRequested", "ApprovalGiven", "PlanApproved"]


def test_two_people_at_once_both_count(system: System) -> None:
    request_id = system.submit(approval={"required": 8}).request_id
    system.drafted(request_id)
    people = [threading.Thread(target=approve, args=(system, request_id, f"person-{number}")) for number in range(8)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert system.app.find(request_id).state is RequestState.APPROVED
    assert system.facts(request_id).count("PlanApproved") == 1


def test_a_repeated_submission_is_answered_and_not_repeated(system: System) -> None:
    request_id = uuid4()
    first, again = system.submit(request_id=request_id), system.submit(request_id=request_id)
    assert first == again
    assert system.facts(request_id) == ["DeploymentRequested"]
    with pytest.raises(RequestIdTaken):
        system.submit(request_id=request_id, approval=ONE)


def test_a_submission_that_meets_a_change_of_keys_is_sealed_anew(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    put, changed = system.app.bodies.put, []

    def put_and_change_keys(owner: UUID, data: bytes) -> tuple[str, Write]:
        sealed = put(owner, data)
        if not changed:
            changed.append(1)
            system.app.database.query("UPDATE key_state SET generation = generation + 1, changes = changes + 1")
            system.app.sealer.notice()
        return sealed

    monkeypatch.setattr(system.app.bodies, "put", put_and_change_keys)
    assert system.submit().state is RequestState.PLANNING
    assert changed


def test_one_submission_from_two_replicas_at_once_begins_once(system: System) -> None:
    request_id, failures = uuid4(), []

    def submit() -> None:
        try:
            system.submit(request_id=request_id)
        except Exception as error:
            failures.append(error)

    racers = [threading.Thread(target=submit) for _ in range(6)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert not failures
    assert system.facts(request_id) == ["DeploymentRequested"]


def test_a_plan_only_request_is_judged_when_it_is_executed(system: System) -> None:
    request_id = system.submit(plan_only=True, approval=ONE).request_id
    assert system.drafted(request_id).state is RequestState.PLANNED
    view = system.app.execute(request_id, "sha256:1", "alice", allowed("alice", "Deployments.Execute"))
    assert view.state is RequestState.AWAITING_APPROVAL


def test_what_is_there_already_is_not_executed(system: System) -> None:
    system.deployed()
    again = system.drafted(system.submit().request_id, creates=0, unchanged=1, base_version=1)
    assert (again.state, again.reason) == (RequestState.SUCCEEDED, "nothing to change")
    assert system.timeline(again.request_id)[-1].type == "NothingToChange"


def test_a_manifest_cannot_lower_the_bar_for_itself(system: System) -> None:
    system.deployed(approval=ONE)
    view = system.drafted(system.submit(approval={"required": 0}).request_id)
    assert (view.state, view.approvals_required) == (RequestState.AWAITING_APPROVAL, 1)


def test_destroying_needs_something_and_the_deployed_rule(system: System) -> None:
    wish = Wish(Action.DESTROY, Origin.USER, "alice")
    record = allowed("alice", "Deployments.Submit")
    with pytest.raises(DeploymentNotFound):
        system.app.submit(uuid4(), "front", "shop", wish, record)
    system.deployed(approval=ONE)
    request_id = system.app.submit(uuid4(), "front", "shop", wish, record).request_id
    assert system.drafted(request_id, creates=0, deletes=1).state is RequestState.AWAITING_APPROVAL
    approve(system, request_id)
    system.executed(request_id)
    system.recorded(request_id, version=2, gone=True)
    assert system.app.find(request_id).state is RequestState.SUCCEEDED
    with pytest.raises(DeploymentNotFound):
        system.app.submit(uuid4(), "front", "shop", wish, record)


def test_an_approval_expires_by_itself(system: System) -> None:
    request_id = system.submit(approval={"required": 1, "expires": "1s"}).request_id
    system.drafted(request_id)
    system.workers.work_once()
    assert system.app.find(request_id).state is RequestState.AWAITING_APPROVAL
    system.clock.advance(1)
    system.database.query("UPDATE effects SET due_at = now()")
    assert system.workers.work_once()
    view = system.app.find(request_id)
    assert (view.state, "expired" in view.reason) == (RequestState.REJECTED, True)
    assert system.facts(request_id)[-1] == "PlanRejected"


def test_a_remedy_within_the_policy_is_approved_at_once(system: System) -> None:
    system.deployed(healing=AUTO)
    request_id = system.app.propose(uuid4(), "front", "shop", heal(system), allowed("healer", "x")).request_id
    system.drafted(request_id, creates=0, corrects=1, base_version=1)
    system.neighbours.planned = [Change("urn:df:front:shop:a", "correct")]
    assert system.workers.work_once()
    assert system.app.find(request_id).state is RequestState.APPROVED


@pytest.mark.parametrize(
    ("healing", "action", "state"),
    [
        ({"mode": "propose"}, "correct", RequestState.AWAITING_APPROVAL),
        ({"mode": "off"}, "correct", RequestState.REJECTED),
        (AUTO, "delete", RequestState.REJECTED),
    ],
)
def test_other_remedies_are_not(system: System, healing: dict[str, str], action: str, state: RequestState) -> None:
    system.deployed(healing=healing)
    request_id = system.app.propose(uuid4(), "front", "shop", heal(system), allowed("healer", "x")).request_id
    system.drafted(request_id, creates=0, corrects=1, base_version=1)
    system.neighbours.planned = [Change("urn:df:front:shop:a", action)]
    assert system.workers.work_once()
    assert system.app.find(request_id).state is state


def test_a_remedy_for_a_version_that_is_not_known_yet_waits(system: System) -> None:
    system.deployed(healing=AUTO)
    wish = heal(system, desired_version=2)
    request_id = system.app.propose(uuid4(), "front", "shop", wish, allowed("healer", "x")).request_id
    system.drafted(request_id, creates=0, corrects=1)
    assert system.workers.work_once()
    assert system.app.find(request_id).state is RequestState.PLANNING


def test_policies_are_run_on_what_is_really_there(system: System) -> None:
    policies = [{"ref": "org/no-public-buckets", "params": {}}]
    request_id = system.submit(policies=[{"ref": "org/no-public-buckets"}]).request_id
    system.drafted(request_id)
    system.executed(request_id, policies)
    system.recorded(request_id)
    assert system.app.find(request_id).state is RequestState.VERIFYING
    system.neighbours.read_back = [Verified("urn:df:front:shop:a", "ObjectStore", {"publicAccess": "allowed"})]
    assert system.workers.work_once()
    view = system.app.find(request_id)
    assert (view.state, "1 compliance findings" in view.reason) == (RequestState.SUCCEEDED, True)
    told = json.loads(system.timeline(request_id)[-1].fact)
    assert (told["passed"], told["policies"]) == (False, ["org/no-public-buckets"])


def test_problems_of_a_plan_are_told_with_their_places(system: System) -> None:
    request_id = system.submit().request_id
    problem = {"path": "a.properties.fifo", "message": "unknown property", "hint": "did you mean fifoQueue?"}
    system.hear("orchestrator.executions", "PlanFailed", request_id, problems=[problem], reason="1 problem", stale=False)
    view = system.app.find(request_id)
    assert view.state is RequestState.FAILED
    assert view.reason.startswith("shop.yaml:")
    assert "a.properties.fifo: unknown property (did you mean fifoQueue?)" in view.reason


def test_problems_of_the_clouds_schemas_refuse_a_manifest(system: System) -> None:
    system.neighbours.wrong = [PlanProblem("a.properties.fifo.x", "unknown property", "hint", expected="fifoQueue")]
    with pytest.raises(InvalidManifest) as refused:
        system.submit()
    problem = refused.value.problems[0]
    assert (problem.file, problem.line > 0, problem.expected) == ("shop.yaml", True, "fifoQueue")


@pytest.mark.parametrize(
    ("fact", "more", "state"),
    [
        ("ExecutionFailed", {"reason": "no"}, RequestState.FAILED),
        ("ExecutionRolledBack", {"reason": "no"}, RequestState.ROLLED_BACK),
        ("ExecutionCancelled", {"reason": None, "by": "x"}, RequestState.CANCELLED),
        ("PlanStale", {"base_version": 1, "current_version": 2}, RequestState.STALE),
        ("VerificationFailed", {"differences": [{"urn": "urn:a", "path": "x"}]}, RequestState.FAILED),
    ],
)
def test_every_end_is_followed(system: System, fact: str, more: dict[str, object], state: RequestState) -> None:
    request_id = system.submit().request_id
    system.drafted(request_id)
    system.hear("orchestrator.executions", fact, request_id, **more)
    assert system.app.find(request_id).state is state
    assert system.timeline(request_id)[-1].state is state


def test_a_stale_plan_that_was_never_drafted_is_stale(system: System) -> None:
    request_id = system.submit().request_id
    system.hear("orchestrator.executions", "PlanFailed", request_id, problems=[], reason="moved", stale=True)
    assert system.app.find(request_id).state is RequestState.STALE


def test_facts_of_unknown_requests_are_told_and_nothing_else(system: System) -> None:
    stranger = uuid4()
    system.hear("orchestrator.executions", "PlanStale", stranger, base_version=1, current_version=2)
    assert [entry.state for entry in system.timeline()] == [None]
    with pytest.raises(RequestNotFound):
        system.app.find(stranger)


def test_drifts_and_incidents_are_located(system: System) -> None:
    drift = {"drift_id": "d-1", "kind": "CHANGED", "severity": "DEGRADED", "urn": "urn:x:a", "attributes": []}
    system.hear("drift-detector.drift", "DriftDetected", **drift)
    system.hear("healer.incidents", "IncidentOpened", incident_id="i-1", urn="urn:x:a", severity="DEGRADED")
    assert system.stores.whereabouts.namespace("d-1") == "front"
    assert system.stores.whereabouts.namespace("i-1") == "front"
    assert system.stores.whereabouts.namespace("d-2") is None


def test_what_a_drift_looks_like_is_told(system: System) -> None:
    told = {"urn": "urn:x:a", "label": "SECURITY_EXPOSURE", "probability": 0.914, "score": 0.4}
    system.hear("drift-detector.drift", "AnomalyDetected", **told)
    assert system.timeline()[-1].summary == "drift of a looks like security exposure (91%), unusual by 0.40"


def test_targets_must_be_resources(system: System) -> None:
    manifest = system.checking.read(manifest_text(), "shop.yaml")
    wish = Wish(Action.APPLY, Origin.USER, "alice", targets=("b",))
    with pytest.raises(BadRequest):
        system.app.submit_manifest(uuid4(), manifest, wish, allowed("alice", "Deployments.Submit"))


def test_the_newest_requests_come_first_page_by_page(system: System) -> None:
    ids = []
    for number in range(5):
        system.clock.advance(1)
        ids.append(system.submit(drift={"every": number + 1}).request_id)
    page = system.stores.requests.page(Scope(), None, False, 3, "")
    assert [row.request_id for row in page.rows] == ids[:1:-1]
    rest = system.stores.requests.page(Scope(), None, False, 3, page.next_cursor)
    assert ([row.request_id for row in rest.rows], rest.next_cursor) == (ids[1::-1], "")
    latest = system.stores.requests.page(Scope(namespaces=("front",)), None, True, 3, "")
    assert [row.request_id for row in latest.rows] == [ids[-1]]
    assert not system.stores.requests.page(Scope(namespaces=("other",)), None, False, 3, "").rows


def test_every_command_leaves_one_record_in_its_transaction(system: System) -> None:
    request_id = system.submit(approval=ONE).request_id
    system.drafted(request_id)
    with pytest.raises(AuthorMayNotApprove):
        approve(system, request_id, "alice")
    approve(system, request_id)
    assert system.audit() == [
        ("alice", "Deployments.Submit", "allowed"),
        ("bob", "Deployments.Approve", "allowed"),
    ]


def test_if_audit_cannot_be_written_nothing_is_changed(system: System, embedded_postgres: str) -> None:
    attack(embedded_postgres, "ALTER TABLE audit RENAME TO elsewhere")
    request_id = uuid4()
    with pytest.raises(Exception, match="audit"):
        system.submit(request_id=request_id)
    assert system.app.request(request_id) is None


def test_what_is_kept_of_a_deployment_is_sealed(system: System) -> None:
    system.deployed()
    stored = b"".join(bytes(row["state"]) for row in system.database.query("SELECT state FROM events"))
    stored += b"".join(bytes(row["fact"]) for row in system.database.query("SELECT fact FROM timeline"))
    stored += b"".join(bytes(row["sealed"]) for row in system.database.query("SELECT sealed FROM bodies"))
    assert b"fifo" not in stored
    assert b"alice" not in stored
    assert deployment_id("front", "shop").bytes in stored
