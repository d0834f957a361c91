"""What is compiled, changed and observed: units, their resources, and what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Scope:
    """Where native deployments live."""

    provider_type: str
    account: str
    location: str
    credential_ref: str


@dataclass(frozen=True)
class ResourceSpec:
    """One declared resource; values may hold references."""

    urn: str
    name: str
    type: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    native: Mapping[str, Any] = field(default_factory=dict)
    initial: Mapping[str, Any] = field(default_factory=dict)
    depends_on: tuple[str, ...] = ()
    retain_on_delete: bool = False
    import_id: str = ""


@dataclass(frozen=True)
class UnitSpec:
    """The resources of one native deployment."""

    deployment_id: str
    unit_id: str
    unit_name: str
    scope: Scope
    resources: tuple[ResourceSpec, ...]
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Problem:
    """Something that keeps a unit from being compiled. Path is `<resource>.properties.<property>`."""

    path: str
    message: str
    expected: str = ""
    hint: str = ""


@dataclass(frozen=True)
class CompiledResource:
    """One resource in both vocabularies."""

    urn: str
    name: str
    type: str
    native_type: str
    logical_id: str
    desired: Mapping[str, Any]
    """Normalised enforced values in the vocabulary of `type`."""
    create_only_paths: tuple[str, ...]
    set_paths: tuple[str, ...]
    depends_on: tuple[str, ...]


@dataclass(frozen=True)
class CompiledUnit:
    """A native template and what it is meant to make. Logical ids are those of a first deployment."""

    deployment_id: str
    unit_id: str
    unit_name: str
    scope: Scope
    template: Mapping[str, Any]
    resources: tuple[CompiledResource, ...]
    inputs: Mapping[str, str]
    """Reference to another unit (`orders-dead.arn`) → parameter of the template."""
    tags: Mapping[str, str]
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Mark of a secret → parameter of the template, whose value is known only to the call that sets it."""


class Presence(StrEnum):
    """Whether a resource is there."""

    PRESENT = "PRESENT"
    MISSING = "MISSING"
    NOT_CHECKED = "NOT_CHECKED"


@dataclass(frozen=True)
class Target:
    """A resource to be read or put right."""

    urn: str
    type: str
    physical_id: str
    desired: Mapping[str, Any] = field(default_factory=dict)
    paths: tuple[str, ...] = ()
    """Drifted paths; none means all."""


@dataclass(frozen=True)
class Observed:
    """A resource as it is, canonical."""

    urn: str
    presence: Presence
    physical_id: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


class Became(StrEnum):
    """What an operation made of a resource."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    CORRECTED = "corrected"
    RECREATED = "recreated"
    ADOPTED = "adopted"


@dataclass(frozen=True)
class Outcome:
    """One resource after an operation."""

    urn: str
    physical_id: str
    attributes: Mapping[str, str]
    status: Became


@dataclass(frozen=True)
class AttributeChange:
    """What a native preview says would happen to an attribute; of secrets it says no more than that."""

    path: str
    before: Any = None
    after: Any = None
    unknown: bool = False
    """Known only after the change."""
    sensitive: bool = False


@dataclass(frozen=True)
class Change:
    """What a native preview says would happen to a resource."""

    urn: str
    action: str
    """add, modify, replace, remove, import."""
    attributes: tuple[AttributeChange, ...] = ()
    """Where the engine tells them."""
