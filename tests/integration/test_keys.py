"""Keys are rotated and everything is sealed anew while the system works, with the wrapping keys in an HSM."""

import os
import signal
import threading
from typing import Any

import pytest
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_chassis.identity import SERVICES
from deployforge_client import DeployForge
from deployforge_client.errors import DeployForgeError
from deployforge_local.processes import is_serving
from deployforge_local.settings import LocalSettings

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE, destroyed, eventually, followed, manifest, physical_ids, queue


def _status(cli: Cli) -> dict[str, dict[str, Any]]:
    return {row["service"]: row["status"] for row in cli.json("keys", "status", context="admin")}


def _versions(client: DeployForge, name: str) -> list[int]:
    return [version.version for version in client.history(f"{NAMESPACE}/{name}").versions]


def test_keys_are_rotated_and_data_re_encrypted_during_an_apply(
    cli: Cli, alice: DeployForge, admin: DeployForge, name: str
) -> None:
    before = _status(cli)
    assert {status["provider"] for status in before.values()} == {"pkcs11"}
    first = followed(alice, alice.submit(manifest(name, [queue("a")]), file="journey.yaml").request_id)
    assert first.state == cp.REQUEST_STATE_SUCCEEDED

    over, requests, wrong = threading.Event(), [first.request_id], []

    def work() -> None:
        """One version after the other, each read back."""
        try:
            while not over.is_set():
                seconds = 30 + len(requests)
                text = manifest(name, [queue("a", visibilityTimeout=f"{seconds}s"), queue("b")])
                done = followed(alice, alice.submit(text, file="journey.yaml").request_id)
                assert done.state == cp.REQUEST_STATE_SUCCEEDED, done.reason
                requests.append(done.request_id)
                assert _versions(alice, name)[0] == len(requests)
        except BaseException as error:
            wrong.append(error)

    worker = threading.Thread(target=work)
    worker.start()
    eventually(lambda: wrong or len(requests) > 1, 120)
    rotated = cli.json("keys", "rotate", "--reencrypt", context="admin")
    over.set()
    worker.join(180)
    assert wrong == []

    assert rotated == [{"service": service, "result": "done"} for service in sorted(SERVICES)]
    after = _status(cli)
    for service in SERVICES:
        old, new = before[service], after[service]
        assert new["versions"] == [*old["versions"], old["versions"][-1] + 1]
        assert new["minimum_version"] == new["versions"][-1]
        assert new["generation"] == old["generation"] + 1
        assert "stale" not in new
        assert "unfinished" not in new
    assert sorted(_versions(alice, name)) == list(range(1, len(requests) + 1))
    assert set(physical_ids(alice, name)) == {"a", "b"}
    for request_id in requests:
        assert alice.manifest(request_id)
        assert alice.get(request_id).state == cp.REQUEST_STATE_SUCCEEDED
    assert alice.diff(f"{NAMESPACE}/{name}", 1, len(requests)).resources
    done = [r.detail for r in admin.audit().records if r.action == "Keys.Rotate"]
    assert {f"{service}: done" for service in SERVICES} <= set(done)
    destroyed(alice, name)


def test_a_rotation_whose_service_is_killed_goes_on_with_the_next_call(
    cli: Cli, alice: DeployForge, admin: DeployForge, name: str
) -> None:
    done = followed(alice, alice.submit(manifest(name, [queue("a")]), file="journey.yaml").request_id)
    assert done.state == cp.REQUEST_STATE_SUCCEEDED
    before = _status(cli)["state-manager"]
    pid = _pid("state-manager")
    errors = []
    try:
        for answer in admin.rotate_keys(reencrypt=True, services=["state-manager"]):
            if answer.progress.step == "wrap" and answer.progress.done:
                os.kill(pid, signal.SIGKILL)
            errors += [answer.error] if answer.error else []
    except DeployForgeError as error:
        errors.append(str(error))
    assert errors, "the crash fell outside the work"
    eventually(lambda: is_serving(LocalSettings(), "state-manager"), 60, "state-manager is started again")
    eventually(lambda: _status(cli)["state-manager"].get("unfinished") == "reencrypt", 30)
    assert _versions(alice, name) == [1]
    assert cli.json("keys", "rotate", "--service", "state-manager", context="admin") == [
        {"service": "state-manager", "result": "done"}
    ]
    after = _status(cli)["state-manager"]
    assert after["versions"] == [*before["versions"], before["versions"][-1] + 1]
    assert after["generation"] == before["generation"] + 1
    assert _versions(alice, name) == [1]
    destroyed(alice, name)


def test_without_the_hsm_nothing_is_written_and_afterwards_all_goes_on_by_itself(alice: DeployForge, name: str) -> None:
    tokens, text = LocalSettings().key_dir / "hsm" / "tokens", manifest(name, [queue("a")])
    processes = {service: _pid(service) for service in SERVICES}
    tokens.rename(tokens.with_suffix(".away"))
    try:
        with pytest.raises(DeployForgeError, match="the token deployforge cannot be used"):
            alice.submit(text, file="journey.yaml")
        assert not [d for d in alice.list().requests if d.deployment.name == name]
    finally:
        tokens.with_suffix(".away").rename(tokens)
    done = followed(alice, alice.submit(text, file="journey.yaml").request_id)
    assert done.state == cp.REQUEST_STATE_SUCCEEDED, done.reason
    assert {service: _pid(service) for service in SERVICES} == processes
    destroyed(alice, name)


def _pid(service: str) -> int:
    return int((LocalSettings().root / "run" / f"{service}.pid").read_text().split()[0])
