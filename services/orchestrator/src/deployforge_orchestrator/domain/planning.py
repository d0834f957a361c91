"""What planning looks at: state, compiled units, live resources. All of it values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from deployforge_chassis import jsondiff


@dataclass(frozen=True)
class Deployed:
    """A resource of the current state."""

    urn: str
    name: str
    type: str
    native_type: str
    unit_id: str
    physical_id: str
    desired: Mapping[str, Any]
    attributes: Mapping[str, str]
    spec: Mapping[str, Any]
    set_paths: tuple[str, ...]
    create_only_paths: tuple[str, ...]
    depends_on: tuple[str, ...]
    """URNs."""
    criticality: str
    protect: bool
    retain_on_delete: bool
    verified: Mapping[str, Any] = field(default_factory=dict)
    """All that was read back when it was last verified, declared or not."""


@dataclass(frozen=True)
class DeployedUnit:
    """A native deployment of the current state, with the template and inputs that it has."""

    unit_id: str
    name: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    stage: int
    part: int
    template_digest: str
    inputs: Mapping[str, str]


@dataclass(frozen=True)
class State:
    """What is deployed; version 0 is nothing."""

    version: int = 0
    desired_version: int = 0
    resources: Mapping[str, Deployed] = field(default_factory=dict)
    """By name."""
    units: Mapping[str, DeployedUnit] = field(default_factory=dict)
    manifest_digest: str | None = None
    healing: Mapping[str, Any] = field(default_factory=dict)

    def attribute(self, name: str, attribute: str) -> str | None:
        """An attribute that others may refer to; None when it is not known."""
        found = self.resources.get(name)
        value = found.attributes.get(attribute) if found else None
        return None if value is None else str(value)


@dataclass(frozen=True)
class Compiled:
    """A resource as the cloud layer translated it."""

    urn: str
    name: str
    type: str
    native_type: str
    desired: Mapping[str, Any]
    create_only_paths: tuple[str, ...]
    set_paths: tuple[str, ...]
    monthly_cost_usd: str = ""


@dataclass(frozen=True)
class CompiledUnit:
    """A unit as the cloud layer translated it; the template is named by digest."""

    template_digest: str
    resources: Mapping[str, Compiled]
    inputs: tuple[str, ...]
    tells_by_preview: bool = False
    """Only the cloud itself can say which changes replace a resource."""
    too_many_types: bool = False
    """In units with fewer types each credential would say exactly what it needs."""
    too_large: bool = False
    """In units with fewer resources there would be room for these to grow."""


@dataclass(frozen=True)
class Unfilled:
    """A declaration whose references shall be replaced by what is known."""

    urn: str
    type: str
    desired: Mapping[str, Any]
    """As it was compiled."""
    held: Mapping[str, Any]
    """What the cloud holds, or held when it was last looked at."""


Filled: TypeAlias = Mapping[str, Mapping[str, Any]]
"""urn → values."""

PRESENT, MISSING, NOT_CHECKED = "present", "missing", "not-checked"


@dataclass(frozen=True)
class Live:
    """A resource as it is in the cloud."""

    presence: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    physical_id: str = ""
    reason: str = ""


def enforced(desired: Any, live: Any, set_paths: Sequence[str] = ()) -> Any:
    """The part of the live values that the desired ones speak of: enforced paths only."""
    return jsondiff.declared_part(desired, live, set_paths)


def urns(namespace: str, name: str, resources: Sequence[str]) -> list[str]:
    """URNs of resource names."""
    return [urn(namespace, name, resource) for resource in resources]


def urn(namespace: str, name: str, resource: str) -> str:
    """The identity of a resource for ever."""
    return f"urn:df:{namespace}:{name}:{resource}"
