"""One of two deployments is shredded: nobody reads anything of it again, and the other goes on."""

import subprocess

import pytest
from deployforge_chassis.identity import SERVICES
from deployforge_client import DeployForge, DeployForgeError
from deployforge_local import postgres
from deployforge_local.settings import LocalSettings

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE, applied, destroyed, eventually, manifest, queue


def _dump(settings: LocalSettings) -> str:
    """All databases as text, the audit log left out: it tells who did what to which deployment, for ever."""
    return "".join(
        subprocess.run(
            [postgres.binary("pg_dump"), "--exclude-table-data=audit", postgres.url(settings, "postgres", service)],
            capture_output=True, text=True, check=True,
        ).stdout
        for service in SERVICES
    )  # fmt: skip


def test_one_of_two_deployments_is_shredded(alice: DeployForge, cli: Cli, name: str, settings: LocalSettings) -> None:
    secret, other = f"hush{name[-6:]}", f"o{name[1:]}"
    applied(alice, manifest(name, [queue(secret, visibilityTimeout="41s")]))
    applied(alice, manifest(other, [queue("plain", visibilityTimeout="42s")]))
    refused = cli("keys", "shred", f"{NAMESPACE}/{name}", "--yes", context="admin")
    assert (refused.returncode, "destroy it first" in refused.stderr) == (1, True)
    assert "may not shred" in cli("keys", "shred", f"{NAMESPACE}/{name}", "--yes").stderr
    assert secret in _dump(settings)
    destroyed(alice, name)

    done = cli("keys", "shred", f"{NAMESPACE}/{name}", "--yes", context="admin")
    assert done.returncode == 0, done.stderr

    eventually(lambda: secret not in _dump(settings), 60.0, "its resources are named nowhere")
    for command in ("history", "diff"):
        answer = cli(command, f"{NAMESPACE}/{name}", *(("1", "2") if command == "diff" else ()))
        assert "was shredded by" in answer.stderr
    with pytest.raises(DeployForgeError, match="choose another name"):
        alice.submit(manifest(name, [queue("again")]), file="again.yaml")
    applied(alice, manifest(other, [queue("plain", visibilityTimeout="43s")]))
    assert len(alice.history(f"{NAMESPACE}/{other}").versions) == 2
    destroyed(alice, other)
