"""One deployment over AWS, Azure, Google Cloud and OpenTofu: each is fed by the one before, heals on its own, and goes back with the others."""

import json
import re
from typing import Any

import pytest
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_client import DeployForge
from deployforge_local import azure, gcp
from deployforge_local.azure import Azure
from deployforge_local.cloud import Cloud
from deployforge_local.gcp import GoogleCloud

from tests.integration.journey import NAMESPACE, REGION, applied, destroyed, eventually, followed, manifest, physical_ids
from tests.integration.test_drift_and_healing import AUTO

GROUP = "local"
PROVIDERS = {
    "aws": {"type": "aws", "region": REGION, "account": "000000000000", "credentialRef": "aws-local"},
    "azure": {
        "type": "azure", "location": "westeurope", "subscription": azure.SUBSCRIPTION, "resourceGroup": GROUP,
        "credentialRef": "azure-local",
    },
    "gcp": {"type": "gcp", "project": gcp.PROJECT, "region": "europe-west1", "credentialRef": "gcp-local"},
    "tf": {"type": "terraform", "credentialRef": "tf-local"},
}  # fmt: skip
_HEALED_WITHIN_SECONDS = 30.0


def chain(last: dict[str, Any]) -> list[dict[str, Any]]:
    """AWS → Azure → Google Cloud → OpenTofu → AWS, and the properties of the last."""
    return [
        {"name": "first", "type": "Queue", "provider": "aws", "properties": {"delay": "3s"}},
        {
            "name": "store", "type": "ObjectStore", "provider": "azure",
            "properties": {"publicAccess": "blocked", "tags": {"from": "${first.name}"}},
        },
        {
            "name": "parcels", "type": "Queue", "provider": "gcp",
            "properties": {"visibilityTimeout": "60s", "tags": {"from": "${store.name}"}},
        },
        {"name": "moment", "type": "tf/time_static", "properties": {"triggers": {"parcels": "${parcels.address}"}}},
        {"name": "last", "type": "Queue", "provider": "aws", "properties": last},
    ]  # fmt: skip


@pytest.fixture
def portal() -> Azure:
    """The emulated Azure, with an owner's rights."""
    return Azure.of_this_system()


def test_each_cloud_is_fed_by_the_one_before_and_heals(alice: DeployForge, cloud: Cloud, portal: Azure, name: str) -> None:
    project = GoogleCloud.of_this_system()
    # Numbers come out of another cloud as text, and are numbers again where they are put.
    last = {"visibilityTimeout": "${moment.minute}", "delay": "5s", "tags": {"since": "${moment.rfc3339}"}}
    applied(alice, manifest(name, chain(last), providers=PROVIDERS, healing=AUTO, outputs={"since": "${moment.rfc3339}"}))
    ids = physical_ids(alice, name)
    state = alice.state(f"{NAMESPACE}/{name}")
    [since] = re.findall(r"T\d\d:(\d\d):\d\d", state.outputs_json)
    assert cloud.visibility_timeout(REGION, ids["last"]) == int(since)
    account = portal.call("GET", ids["store"], version="2023-05-01")
    assert account["tags"]["from"] in ids["first"]

    # Only OpenTofu knows that other triggers make another moment, and what depends on it is not known before.
    resources = chain(last)
    resources[3]["properties"]["triggers"] = {"parcels": "others"}
    asked = alice.submit(manifest(name, resources, providers=PROVIDERS, healing=AUTO), file="journey.yaml", plan_only=True)
    planned = followed(alice, asked.request_id, frozenset({cp.REQUEST_STATE_PLANNED, cp.REQUEST_STATE_FAILED}))
    changes = {change.name: change.action for change in alice.plan(planned.plan.plan_id).changes}
    assert changes["moment"] == plans_pb2.CHANGE_ACTION_REPLACE
    assert changes["last"] == plans_pb2.CHANGE_ACTION_UPDATE
    assert changes["first"] == changes["store"] == changes["parcels"] == plans_pb2.CHANGE_ACTION_NONE

    portal.set_public_access(ids["store"], True)
    cloud.set_visibility_timeout(REGION, ids["last"], 99)
    project.set_ack_deadline(ids["parcels"], 300)

    eventually(lambda: not portal.has_public_access(ids["store"]), _HEALED_WITHIN_SECONDS, "Azure is healed")
    eventually(
        lambda: project.subscription(ids["parcels"])["ackDeadlineSeconds"] == 60,
        _HEALED_WITHIN_SECONDS,
        "Google Cloud is healed",
    )
    healed = lambda: cloud.visibility_timeout(REGION, ids["last"]) == int(since)  # noqa: E731
    eventually(healed, _HEALED_WITHIN_SECONDS, "AWS is healed, with the value that OpenTofu gave")
    eventually(lambda: not alice.drifts(alice.latest(f"{NAMESPACE}/{name}").deployment, open_only=True).records)
    destroyed(alice, name)
    assert not [url for url in cloud.queues(REGION) if name in url]
    assert ids["store"].lower() not in {id.lower() for id in portal.resources(GROUP)}


def test_a_failure_in_the_last_unit_takes_all_back_in_reverse(
    alice: DeployForge, cloud: Cloud, portal: Azure, name: str
) -> None:
    before = portal.resources(GROUP)
    # The bucket's name is taken, which only AWS can find out, when everything else is done.
    taken = f"{name}-taken"
    cloud.create_bucket(REGION, taken)
    resources = chain({"tags": {"since": "${moment.rfc3339}"}})
    resources.append(
        {
            "name": "bucket", "type": "ObjectStore", "provider": "aws",
            "properties": {"name": taken, "tags": {"since": "${moment.rfc3339}"}},
        }
    )  # fmt: skip
    asked = alice.submit(manifest(name, resources, providers=PROVIDERS), file="journey.yaml")
    request = followed(alice, asked.request_id)

    assert request.state == cp.REQUEST_STATE_ROLLED_BACK, f"{cp.RequestState.Name(request.state)}: {request.reason}"
    events = alice.watch(request_id=asked.request_id, until_done=True, timeout_seconds=20)
    steps = [json.loads(event.fact_json) for event in events if event.type == "StepCompleted"]
    done = [step["unit_id"].partition("/")[0] for step in steps if not step["rollback"]]
    undone = [step["unit_id"].partition("/")[0] for step in steps if step["rollback"]]
    assert (done, undone) == (["aws", "azure", "gcp", "tf"], ["tf", "gcp", "azure", "aws"])
    assert not [url for url in cloud.queues(REGION) if name in url]
    assert portal.resources(GROUP) == before
