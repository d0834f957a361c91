"""Journeys run against a running system; `make test` brings one up with its own directory and ports.

Nothing here starts or stops the system: the environment (DEPLOYFORGE_HOME, DEPLOYFORGE_PORT_BASE) names it.
"""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from deployforge_client import DeployForge, load_contexts
from deployforge_local.cloud import Cloud
from deployforge_local.settings import LocalSettings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def cloud() -> Cloud:
    """The emulated AWS, with root rights: to look at what is really there, and to change it."""
    return Cloud.of_this_system()


def _client(name: str) -> Iterator[DeployForge]:
    with DeployForge(load_contexts(name)) as client:
        yield client


@pytest.fixture(scope="session")
def admin() -> Iterator[DeployForge]:
    yield from _client("admin")


@pytest.fixture(scope="session")
def alice() -> Iterator[DeployForge]:
    """A deployer."""
    yield from _client("alice")


@pytest.fixture(scope="session")
def bob() -> Iterator[DeployForge]:
    """An approver."""
    yield from _client("bob")


@pytest.fixture(scope="session")
def settings() -> LocalSettings:
    """Where the running system keeps what."""
    return LocalSettings()


@pytest.fixture
def name() -> str:
    """A deployment name that no other test uses."""
    return f"t-{uuid.uuid4().hex[:10]}"


class Cli:
    """The command as a person runs it."""

    def __call__(
        self, *arguments: str, context: str = "alice", cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "deployforge_cli.main", *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
            cwd=cwd,
            env={**os.environ, "DEPLOYFORGE_CONTEXT": context},
        )

    def json(self, *arguments: str, context: str = "alice"):
        """The answer of a command that must succeed, opened."""
        done = self(*arguments, "-o", "json", context=context)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="session")
def cli() -> Cli:
    return Cli()
