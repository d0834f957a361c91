"""From a manifest to a version: apply, update, replace, fail, approve, go stale, destroy."""

import pytest
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_client import DeployForge, PermissionDenied, Refused
from deployforge_local.cloud import Cloud

from tests.integration.journey import (
    NAMESPACE,
    REGION,
    applied,
    destroyed,
    eventually,
    followed,
    manifest,
    physical_ids,
    planned,
    queue,
)

_PLANNED = frozenset({cp.REQUEST_STATE_PLANNED, cp.REQUEST_STATE_FAILED})
_WAITING = frozenset({cp.REQUEST_STATE_AWAITING_APPROVAL, cp.REQUEST_STATE_FAILED})


def test_an_applied_manifest_exists_and_is_remembered(alice: DeployForge, cloud: Cloud, name: str) -> None:
    text = manifest(
        name,
        [queue("dead", messageRetention="14d"), queue("jobs", visibilityTimeout="45s", deadLetter="${dead.arn}")],
        outputs={"url": "${jobs.url}"},
    )
    request = applied(alice, text)

    ids = physical_ids(alice, name)
    assert cloud.visibility_timeout(REGION, ids["jobs"]) == 45
    assert request.version == 1
    [version] = alice.history(f"{NAMESPACE}/{name}").versions
    assert (version.author, version.action, version.resources) == ("alice", "apply", 2)
    assert ids["jobs"] in alice.state(f"{NAMESPACE}/{name}").outputs_json
    destroyed(alice, name)


def test_applying_the_same_manifest_again_changes_nothing(alice: DeployForge, name: str) -> None:
    text = manifest(name, [queue("jobs", visibilityTimeout="45s")])
    applied(alice, text)

    _, plan = planned(alice, text)

    assert {c.action for c in plan.changes} == {plans_pb2.CHANGE_ACTION_NONE}
    destroyed(alice, name)


def test_an_update_says_what_changes_and_a_replacement_says_why(alice: DeployForge, cloud: Cloud, name: str) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="45s"), queue("mail", delay="1s")]))
    before = physical_ids(alice, name)
    changed = manifest(name, [queue("jobs", visibilityTimeout="50s"), queue("mail", delay="1s", fifo=True)])

    _, plan = planned(alice, changed)
    by_name = {c.name: c for c in plan.changes}
    assert by_name["jobs"].action == plans_pb2.CHANGE_ACTION_UPDATE
    [attribute] = by_name["jobs"].attributes
    assert (attribute.path, attribute.before_json, attribute.after_json) == ("visibilityTimeout", "45", "50")
    assert by_name["mail"].action == plans_pb2.CHANGE_ACTION_REPLACE
    assert "AWS::SQS::Queue" in by_name["mail"].replacement_reason

    applied(alice, changed)
    after = physical_ids(alice, name)
    assert after["jobs"] == before["jobs"]
    assert after["mail"] != before["mail"]
    assert before["mail"] not in cloud.queues(REGION)
    assert cloud.visibility_timeout(REGION, after["jobs"]) == 50
    assert [r.name for r in alice.diff(f"{NAMESPACE}/{name}", 1).resources] == ["jobs", "mail"]
    destroyed(alice, name)


def test_a_failing_apply_is_rolled_back_and_leaves_nothing(alice: DeployForge, cloud: Cloud, name: str) -> None:
    before = set(cloud.queues(REGION))
    taken = f"taken-{name}"
    cloud.create_bucket(REGION, taken)
    broken = {"name": "broken", "type": "ObjectStore", "provider": "aws", "properties": {"name": taken}}

    text = manifest(name, [queue("fine"), {**broken, "dependsOn": ["fine"]}])
    request = followed(alice, alice.submit(text, file="journey.yaml").request_id)

    assert request.state == cp.REQUEST_STATE_ROLLED_BACK, request.reason
    assert "broken" in request.reason
    assert set(cloud.queues(REGION)) == before
    assert not [s for s in cloud.stacks(REGION) if name in s]


def test_approval_needs_another_person(alice: DeployForge, bob: DeployForge, admin: DeployForge, name: str) -> None:
    text = manifest(name, [queue("jobs")], approval={"required": 1, "distinctFromAuthor": True})
    asked = admin.submit(text, file="journey.yaml")
    request = followed(admin, asked.request_id, _WAITING)
    assert request.state == cp.REQUEST_STATE_AWAITING_APPROVAL

    with pytest.raises(PermissionDenied):
        admin.approve(asked.request_id, request.plan.plan_digest)
    with pytest.raises(PermissionDenied):
        alice.approve(asked.request_id, request.plan.plan_digest)
    with pytest.raises(Refused):
        bob.approve(asked.request_id, "sha256:" + "0" * 64)
    bob.approve(asked.request_id, request.plan.plan_digest)

    assert followed(admin, asked.request_id).state == cp.REQUEST_STATE_SUCCEEDED
    outcomes = {
        (r.actor, r.action.rsplit("/", 1)[-1].rsplit(".", 1)[-1], r.outcome)
        for r in admin.audit(size=200).records
        if r.request_id == asked.request_id
    }
    assert ("bob", "Approve", "allowed") in outcomes
    assert any(actor == "admin" and action == "Approve" and outcome != "allowed" for actor, action, outcome in outcomes)
    goodbye = admin.destroy(f"{NAMESPACE}/{name}")
    followed(admin, goodbye.request_id, _WAITING | frozenset({cp.REQUEST_STATE_SUCCEEDED}))
    waiting = admin.get(goodbye.request_id)
    if waiting.state == cp.REQUEST_STATE_AWAITING_APPROVAL:
        bob.approve(goodbye.request_id, waiting.plan.plan_digest)
    assert followed(admin, goodbye.request_id).state == cp.REQUEST_STATE_SUCCEEDED


def test_a_rejected_plan_is_not_executed(alice: DeployForge, bob: DeployForge, cloud: Cloud, name: str) -> None:
    text = manifest(name, [queue("jobs")], approval={"required": 1})
    asked = alice.submit(text, file="journey.yaml")
    followed(alice, asked.request_id, _WAITING)

    bob.reject(asked.request_id, "not today")

    request = followed(alice, asked.request_id)
    assert (request.state, request.reason) == (cp.REQUEST_STATE_REJECTED, "rejected by bob: not today")
    assert not [s for s in cloud.stacks(REGION) if name in s]


def test_a_stale_plan_is_refused(alice: DeployForge, cloud: Cloud, name: str) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="10s")]))
    old, _ = planned(alice, manifest(name, [queue("jobs", visibilityTimeout="20s")]))
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="30s")]))

    alice.execute(old.request_id, old.plan.plan_digest)

    assert followed(alice, old.request_id).state == cp.REQUEST_STATE_STALE
    assert cloud.visibility_timeout(REGION, physical_ids(alice, name)["jobs"]) == 30
    destroyed(alice, name)


def test_destroy_leaves_nothing(alice: DeployForge, cloud: Cloud, name: str) -> None:
    applied(alice, manifest(name, [queue("jobs")]))

    destroyed(alice, name)

    assert not [s for s in cloud.stacks(REGION) if name in s]
    assert not [u for u in cloud.queues(REGION) if name in u]
    eventually(lambda: not alice.inventory(alice.latest(f"{NAMESPACE}/{name}").deployment).items)
    newest = alice.history(f"{NAMESPACE}/{name}").versions[0]
    assert (newest.action, newest.resources) == ("destroy", 0)
