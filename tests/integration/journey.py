"""Words for journeys: manifests, following a request, waiting for something to be true."""

import time
from collections.abc import Callable
from typing import Any, TypeVar

import yaml
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_client import DeployForge
from deployforge_client.deployments import TERMINAL

T = TypeVar("T")

NAMESPACE = "journeys"
REGION = "eu-west-1"
#: An apply that takes longer than this hangs.
APPLY_SECONDS = 200.0
_PLANNED = frozenset({cp.REQUEST_STATE_PLANNED, cp.REQUEST_STATE_FAILED})


def manifest(name: str, resources: list[dict[str, Any]], **spec: Any) -> bytes:
    """A manifest of namespace `journeys` with one provider, healing off unless said otherwise."""
    document = {
        "apiVersion": "deployforge.io/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "providers": {
                "aws": {"type": "aws", "region": REGION, "account": "000000000000", "credentialRef": "aws-local"}
            },
            "resources": resources,
            "drift": {"every": "5s"},
            "healing": {"mode": "off"},
            "approval": {"required": 0},
            **spec,
        },
    }
    return yaml.safe_dump(document, sort_keys=False).encode()


def queue(name: str, **properties: Any) -> dict[str, Any]:
    """A queue of the manifest."""
    return {"name": name, "type": "Queue", "provider": "aws", "properties": properties}


def followed(client: DeployForge, request_id: str, until: frozenset[int] = TERMINAL) -> cp.DeploymentRequest:
    """The request when its state is in `until`. Fails when that takes longer than an apply may."""
    for event in client.watch(request_id=request_id, until_done=True, timeout_seconds=APPLY_SECONDS):
        if event.state in until:
            break
    return client.get(request_id)


def applied(client: DeployForge, text: bytes) -> cp.DeploymentRequest:
    """Apply a manifest that must succeed."""
    request = followed(client, client.submit(text, file="journey.yaml").request_id)
    assert request.state == cp.REQUEST_STATE_SUCCEEDED, f"{cp.RequestState.Name(request.state)}: {request.reason}"
    return request


def planned(client: DeployForge, text: bytes) -> tuple[cp.DeploymentRequest, plans_pb2.Plan]:
    """Plan a manifest, which must be possible: the request, and what it would change."""
    request = followed(client, client.submit(text, file="journey.yaml", plan_only=True).request_id, _PLANNED)
    assert request.state == cp.REQUEST_STATE_PLANNED, request.reason
    return request, client.plan(request.plan.plan_id)


def destroyed(client: DeployForge, name: str) -> cp.DeploymentRequest:
    """Destroy a deployment; must succeed."""
    request = followed(client, client.destroy(f"{NAMESPACE}/{name}").request_id)
    assert request.state == cp.REQUEST_STATE_SUCCEEDED, f"{cp.RequestState.Name(request.state)}: {request.reason}"
    return request


def physical_ids(client: DeployForge, name: str) -> dict[str, str]:
    """Resource name → physical id, as the state manager has it."""
    return {r.name: r.physical_id for r in client.state(f"{NAMESPACE}/{name}").resources}


def eventually(what: Callable[[], T], within_seconds: float = 30.0, why: str = "") -> T:
    """The first true answer of `what`. Fails when there is none in time."""
    deadline = time.monotonic() + within_seconds
    while True:
        if answer := what():
            return answer
        assert time.monotonic() < deadline, why or f"not true within {within_seconds:g} s"
        time.sleep(0.2)
