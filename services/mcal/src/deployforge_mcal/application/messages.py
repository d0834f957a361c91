"""What is heard from other services: only the fields used here."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RequestedTarget:
    """A resource that an operation is about."""

    urn: str
    type: str
    physical_id: str
    desired_json: str = ""
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class OperationRequested:
    """The orchestrator wants one unit changed."""

    deployment_id: str
    namespace: str
    name: str
    execution_id: str
    operation_id: str
    step_id: str
    unit_id: str
    unit_name: str
    verb: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    template_digest: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)
    targets: tuple[RequestedTarget, ...] = ()
    retain: tuple[str, ...] = ()
    adopt: Mapping[str, str] = field(default_factory=dict)
    replaces: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ScanRequested:
    """The drift detector wants a shard read."""

    scan_id: str
    shard: str
    sequence: int
    urns: tuple[str, ...] = ()


@dataclass(frozen=True)
class DesiredState:
    """What to read, where, and by whose leave; never what it should be."""

    deployment_id: str
    urn: str
    version: int
    scan_shard: str
    type: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    unit_id: str
    physical_id: str


@dataclass(frozen=True)
class DesiredWiring:
    """Of the same fact, for what networks are made of: what it should be too."""

    deployment_id: str
    urn: str
    version: int
    type: str
    provider_type: str
    account: str
    location: str
    physical_id: str
    properties_json: str
