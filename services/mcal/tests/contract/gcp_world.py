"""One unit in one project of the emulated Google Cloud, and the verbs on it, for the tests of its adapters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from uuid import uuid4

from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.domain.units import ResourceSpec, Scope

from tests.emulators.gcp.running import PROJECT, Running

from .unit_world import UnitWorld


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    """A declaration."""
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties, **more)


class Killed(BaseException):
    """The process is gone."""


@dataclass
class World(UnitWorld):
    """One unit in one project."""

    planning = planning
    tags: ClassVar[Mapping[str, str]] = {"Team": "the Shop"}

    gcp: Running
    adapter: type[GcpProvider] = GcpProvider
    project: str = PROJECT
    unit_name: str = field(default_factory=lambda: f"df-shop-web-{uuid4().hex[:6]}-gcp-0-0", kw_only=True)

    def __post_init__(self) -> None:
        self.provider = self.adapter(self.gcp.url)
        self.credential = self.gcp.credential
        self.scope = Scope(self.provider.type, self.project, "europe-west1", "gcp-test")
        self.before = set(self.gcp.left())

    def left(self) -> list[str]:
        """What has come to the project since."""
        return sorted(set(self.gcp.left()) - self.before)


def queue(name: str = "q", **properties: Any) -> ResourceSpec:
    """A queue."""
    return resource(name, "Queue", {"visibilityTimeout": 30, **properties})
