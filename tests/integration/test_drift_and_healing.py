"""What moves behind DeployForge's back is noticed, judged, put back and explained."""

import json
import time

import httpx
from deployforge.common.v1 import common_pb2
from deployforge_client import DeployForge
from deployforge_local.cloud import Cloud
from deployforge_local.settings import LocalSettings

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE, REGION, applied, destroyed, eventually, manifest, physical_ids, queue

AUTO = {
    "mode": "auto",
    "maxSeverity": "critical",
    "ladder": ["correct", "rollback", "recreate", "alert"],
    "limits": {"maxResources": 5, "maxPercent": 0, "perHour": 60, "flap": {"count": 5, "within": "10m"}},
}
MALLORY = "arn:aws:iam::000000000000:user/mallory"
#: From the change to the healed resource.
_HEALED_WITHIN_SECONDS = 30.0


def only_incident(client: DeployForge, name: str):
    found = [i for i in client.incidents().incidents if i.deployment.name == name]
    return found[0] if found else None


def test_drift_heals_within_policy(alice: DeployForge, cloud: Cloud, name: str) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="30s"), queue("other")], healing=AUTO))
    url = physical_ids(alice, name)["jobs"]

    cloud.set_visibility_timeout(REGION, url, 99)
    eventually(lambda: cloud.visibility_timeout(REGION, url) == 30, _HEALED_WITHIN_SECONDS)

    incident = eventually(lambda: (i := only_incident(alice, name)) and i.state == "closed" and i)
    assert incident.remedy == "correct"
    explained = alice.explain(incident.incident_id)
    assert [d.remedy for d in explained.decisions] == ["correct"]
    assert {a.remedy for a in explained.decisions[0].alternatives} >= {"correct", "recreate"}
    record = alice.drift(incident.drift_id)
    assert [(a.path, a.expected_json, a.actual_json) for a in record.attributes] == [("visibilityTimeout", "30", "99")]
    assert record.severity == common_pb2.SEVERITY_DEGRADED
    told = eventually(lambda: (a := alice.drift(incident.drift_id).anomaly).label and a)
    assert told.model.startswith("sha256:") and len(told.likelihoods) == 8 and told.features["attributes"] == 1
    [usual] = alice.baselines(f"{NAMESPACE}/{name}", "jobs").baselines
    assert [(a.path, a.rhythm.changes, a.median) for a in usual.attributes] == [("visibilityTimeout", 1, 64.5)]
    versions = alice.history(f"{NAMESPACE}/{name}").versions
    assert [(v.action, v.desired_version) for v in versions] == [("heal", 1), ("apply", 1)]
    destroyed(alice, name)


def test_a_deleted_resource_comes_back(alice: DeployForge, cloud: Cloud, name: str) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="33s")], healing=AUTO))
    before = physical_ids(alice, name)["jobs"]

    cloud.delete_queue(REGION, before)

    eventually(lambda: (i := only_incident(alice, name)) and i.state == "closed", _HEALED_WITHIN_SECONDS, "healed in time")
    after = physical_ids(alice, name)["jobs"]
    assert cloud.visibility_timeout(REGION, after) == 33
    destroyed(alice, name)
    assert not [u for u in cloud.queues(REGION) if name in u]


def test_a_cloud_says_what_changed_and_who_did_it(
    alice: DeployForge, cloud: Cloud, settings: LocalSettings, name: str
) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="30s")], drift={"every": "1h"}))
    url = physical_ids(alice, name)["jobs"]
    where = alice.latest(f"{NAMESPACE}/{name}").deployment

    assert told(settings, url) == {"matched": 1}
    cloud.set_visibility_timeout(REGION, url, 77)
    assert told(settings, url) == {"matched": 1}

    # Nobody looks by schedule for an hour: what finds it is the scan that the event led to.
    [record] = eventually(lambda: alice.drifts(where, open_only=True).records, within_seconds=15)
    assert [a.path for a in record.attributes] == ["visibilityTimeout"]
    assert eventually(lambda: alice.drift(record.drift_id).anomaly.actor) == MALLORY
    destroyed(alice, name)


def told(settings: LocalSettings, url: str) -> dict[str, int]:
    """An EventBridge event of CloudTrail's, delivered; the answer."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    event = {
        "detail-type": "AWS API Call via CloudTrail", "account": url.split("/")[-2], "time": at, "resources": [],
        "detail": {
            "eventName": "SetQueueAttributes", "eventTime": at, "readOnly": False,
            "userIdentity": {"type": "IAMUser", "arn": MALLORY},
            "requestParameters": {"queueUrl": url, "attributes": {"VisibilityTimeout": "77"}},
        },
    }  # fmt: skip
    token = json.loads(settings.events_tokens_file.read_text())["aws"]
    return httpx.post(
        f"http://127.0.0.1:{settings.events_port()}/events/aws", json=event, headers={"Authorization": f"Bearer {token}"}
    ).json()


def test_drift_with_healing_off_is_reported_and_left_alone(alice: DeployForge, cli: Cli, cloud: Cloud, name: str) -> None:
    resources = [queue("jobs", visibilityTimeout="30s"), queue("work", deadLetter="${jobs.arn}", maxReceives=5)]
    applied(alice, manifest(name, resources, outputs={"url": "${work.url}"}))
    url = physical_ids(alice, name)["jobs"]
    where = alice.latest(f"{NAMESPACE}/{name}").deployment

    cloud.set_visibility_timeout(REGION, url, 77)

    [record] = eventually(lambda: alice.drifts(where, open_only=True).records)
    assert [a.path for a in record.attributes] == ["visibilityTimeout"]
    suffering = [(hit.via, hit.reason) for hit in record.impact], record.affected, list(record.outputs)
    assert suffering == ([("reference", "deadLetter refers to jobs.arn")], 1, [f"{name}.url"])
    assert alice.impact(record.urn).impact == record.impact
    incident = eventually(lambda: (i := only_incident(alice, name)) and i.state == "escalated" and i)
    assert "mode" in incident.reason or "off" in incident.reason
    assert cloud.visibility_timeout(REGION, url) == 77
    cloud.set_visibility_timeout(REGION, url, 30)
    eventually(lambda: not alice.drifts(where, open_only=True).records, why="the drift resolves itself")
    watched = cli("drift", "watch", f"{NAMESPACE}/{name}", "--all", "--count", "3", "-o", "json")
    told = [json.loads(line) for line in watched.stdout.splitlines()]
    assert sorted(one["what"] for one in told) == ["anomaly", "closed", "opened"]
    assert {one["fact"]["drift_id"] for one in told} == {record.drift_id}
    destroyed(alice, name)


def test_nothing_drifts_right_after_an_apply(alice: DeployForge, admin: DeployForge, name: str) -> None:
    applied(alice, manifest(name, [queue("a"), queue("b", fifo=True), queue("c", delay="3s", tags={"x": "y"})]))
    deployment = f"{NAMESPACE}/{name}"
    began = time.time()
    admin.scan(deployment)

    shards = eventually(
        lambda: [s for s in alice.coverage(deployment).shards if s.at.seconds >= int(began) and s.checked >= 3]
    )

    assert sum(s.drifted for s in shards) == 0
    assert not alice.drifts(alice.latest(deployment).deployment).records
    destroyed(alice, name)


def test_what_is_hidden_and_what_nobody_declared_is_told_apart_from_drift(
    alice: DeployForge, admin: DeployForge, cloud: Cloud, name: str
) -> None:
    rule = {"resource": "a", "path": "visibilityTimeout", "when": {"found": "increased"}, "reason": "it grows"}
    drift = {"every": "5s", "ignore": [rule, {"path": "tags.never", "reason": "nobody's"}]}
    applied(alice, manifest(name, [queue("a", visibilityTimeout="30s"), queue("b", delay="3s")], drift=drift))
    deployment, ids = f"{NAMESPACE}/{name}", physical_ids(alice, name)
    where = alice.latest(deployment).deployment
    assert list(alice.undeclared(deployment)) == []

    cloud.set_visibility_timeout(REGION, ids["a"], 60)
    cloud.set_visibility_timeout(REGION, ids["b"], 55)
    admin.scan(deployment)

    hiding, unused = eventually(lambda: (rules := alice.ignores(where)) and rules[0].state == "hiding" and rules)
    assert (hiding.when, [(one.resource, one.path) for one in hiding.hidden]) == ("increased", [("a", "visibilityTimeout")])
    assert unused.state == "unused"
    [found] = alice.undeclared(deployment)
    assert [(a.path, a.before_json, a.after_json) for a in found.attributes] == [("visibilityTimeout", "30", "55")]
    assert not alice.drifts(where).records
    destroyed(alice, name)
