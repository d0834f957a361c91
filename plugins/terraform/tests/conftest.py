"""Real OpenTofu with a provider whose cloud is a directory, and the state in an embedded PostgreSQL."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from deployforge_local import opentofu
from deployforge_local.settings import LocalSettings
from deployforge_mcal.application.ports import SecretValues, Work
from deployforge_mcal.domain.units import CompiledUnit, Observed, Outcome, ResourceSpec, Scope, Target, UnitSpec
from deployforge_terraform.options import Options
from deployforge_terraform.provider import TerraformProvider

SCOPE = Scope("terraform", "", "", "tf-test")
STATE_KEY = "state-key-of-the-tests-6b1f0e"
_FILESTORE = opentofu.Program("filestore", ".")


@dataclass(frozen=True)
class Installed:
    """The program and a mirror of providers."""

    program: Path
    mirror: Path


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """OpenTofu, the providers that are built with it, and `filestore`; built at the first use on a machine."""
    found = opentofu.install(print)
    cache = LocalSettings().cache_dir / "opentofu"
    mirror = tmp_path_factory.mktemp("mirror")
    for (name, version), provider in opentofu.PROVIDERS.items():
        there = found.mirror / "registry.opentofu.org" / "hashicorp" / name / version
        program = next(there.glob("*/*")).resolve()
        opentofu.place(mirror, "hashicorp", provider.name, version, program)
    built = opentofu.build(cache, Path(__file__).with_name("provider"), _FILESTORE, print)
    opentofu.place(mirror, "hashicorp", "filestore", "0.1.0", built)
    return Installed(found.program, mirror)


@pytest.fixture(scope="session")
def provider(installed: Installed) -> TerraformProvider:
    """The adapter; its schemas are asked for once."""
    return TerraformProvider(Options(cli=str(installed.program), mirror=installed.mirror))


@dataclass
class World:
    """One unit, its cloud in a directory, and what tests do with it."""

    provider: TerraformProvider
    root: dict[str, Any]
    store: Path
    unit_name: str = field(default_factory=lambda: f"df-test-{uuid4().hex[:8]}")
    deployment_id: str = field(default_factory=lambda: str(uuid4()))
    ticks: list[tuple[str | None, str, str | None]] = field(default_factory=list)
    scope: Scope = SCOPE

    def resource(
        self, name: str, properties: Mapping[str, Any], type: str = "filestore_record", **more: Any
    ) -> ResourceSpec:
        """A declaration."""
        return ResourceSpec(f"urn:df:shop:web:{name}", name, f"tf/{type}", properties, **more)

    def compile(self, *resources: ResourceSpec) -> CompiledUnit:
        """A unit of these."""
        return self.provider.compile(UnitSpec(self.deployment_id, "tf/0.0", self.unit_name, SCOPE, resources))

    def work(self, token: str = "", **fields: Any) -> Work:
        """An operation."""
        return Work(token or str(uuid4()), SCOPE, self.deployment_id, self.unit_name, **fields)

    def run(self, verb: str, work: Work) -> dict[str, Outcome]:
        """Do it with a credential of its own; outcomes by name."""
        session = self.provider.open(self.root, work)
        found: list[Outcome] = getattr(self.provider, verb)(session, work, lambda *tick: self.ticks.append(tick))
        return {o.urn.rpartition(":")[2]: o for o in found}

    def do(self, verb: str, **fields: Any) -> dict[str, Outcome]:
        """A new operation."""
        return self.run(verb, self.work(**fields))

    def see(self, outcome: Outcome, type: str = "filestore_record") -> Observed:
        """A resource as it is."""
        reader = self.provider.open_reader(self.root, SCOPE, [f"tf/{type}"])
        target = Target(outcome.urn, f"tf/{type}", outcome.physical_id)
        return self.provider.observe(reader, SCOPE, [target])[0]

    def file(self, physical_id: str) -> Path:
        """Where the provider keeps a record."""
        return self.store / f"{physical_id.rpartition('/')[2]}.json"

    def tamper(self, physical_id: str, **values: Any) -> None:
        """Change a record past the provider."""
        file = self.file(physical_id)
        file.write_text(json.dumps({**json.loads(file.read_text()), **values}))

    def vanish(self, physical_id: str) -> None:
        """Delete a record past the provider."""
        self.file(physical_id).unlink()

    def records(self) -> list[dict[str, Any]]:
        """All that is in the cloud."""
        return [json.loads(file.read_text()) for file in sorted(self.store.glob("*.json"))]


@pytest.fixture
def state_url(database_url: str) -> Iterator[str]:
    """An empty database for states."""
    yield database_url
    # Databases are lent on; their next user expects nothing but an empty schema `public`.
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS deployforge CASCADE")


@pytest.fixture
def world(provider: TerraformProvider, state_url: str, tmp_path: Path) -> World:
    """A unit of its own, on an empty database and an empty cloud."""
    store = tmp_path / "store"
    store.mkdir()
    root = {"stateUrl": state_url, "stateKey": STATE_KEY, "environment": {"FILESTORE_DIR": str(store)}}
    return World(provider, root, store)


@dataclass
class Vault(SecretValues):
    """Secrets by their mark."""

    values: dict[str, str]

    def value(self, marked: str) -> str:
        return self.values[marked]

    def filled(self, values: Any) -> Any:
        return values


@pytest.fixture
def vault() -> Callable[..., Vault]:
    """Secrets of one operation."""
    return lambda **values: Vault(values)
