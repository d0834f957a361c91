"""Any process may be killed at any moment: the work still completes, exactly once."""

import os
import signal
from pathlib import Path

import pytest
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_local.cloud import Cloud
from deployforge_local.processes import is_serving
from deployforge_local.settings import LocalSettings

from tests.integration.journey import (
    NAMESPACE,
    REGION,
    destroyed,
    eventually,
    followed,
    manifest,
    physical_ids,
    queue,
)

SERVICES = ("control-plane", "orchestrator", "mcal", "state-manager", "drift-detector", "healer")
#: Kill the service as soon as one of these was said, so that the crash falls into the work.
_IN_THE_MIDDLE = frozenset({"StepStarted", "OperationProgressed", "CredentialIssued"})


def _pid(service: str) -> int:
    return int((Path(LocalSettings().home) / "run" / f"{service}.pid").read_text().split()[0])


@pytest.mark.parametrize("service", SERVICES)
def test_an_apply_survives_kill_9(service: str, alice: DeployForge, cloud: Cloud, name: str) -> None:
    text = manifest(name, [queue(f"q{i}", visibilityTimeout="30s") for i in range(6)])
    asked = alice.submit(text, file="journey.yaml")
    killed = 0
    for event in alice.watch(request_id=asked.request_id, until_done=True, timeout_seconds=120):
        if not killed and event.type in _IN_THE_MIDDLE:
            killed = _pid(service)
            os.kill(killed, signal.SIGKILL)
    assert killed, "the crash fell outside the work"

    request = followed(alice, asked.request_id)
    assert request.state == cp.REQUEST_STATE_SUCCEEDED, request.reason
    assert len([u for u in cloud.queues(REGION) if name in u]) == 6
    assert len([s for s in cloud.stacks(REGION) if name in s]) == 1
    assert [v.version for v in alice.history(f"{NAMESPACE}/{name}").versions] == [1]
    assert len(physical_ids(alice, name)) == 6
    eventually(lambda: is_serving(LocalSettings(), service), 45, f"{service} is started again and serves")
    assert _pid(service) != killed
    destroyed(alice, name)
