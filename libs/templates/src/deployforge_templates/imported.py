"""What a template becomes, whatever its format: resources, outputs, and parameters that a manifest has to give."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployforge_documents.reading import Node


@dataclass(frozen=True)
class ImportedResource:
    """A resource of the graph. `source` is where the template declares it; values may be Laters."""

    name: str
    type: str
    """`<provider>/<native type>`."""
    properties: Node
    source: Node
    depends_on: tuple[str, ...] = ()
    retain: bool = False


@dataclass(frozen=True)
class ImportedParameter:
    """A parameter that stays one. A secret has `reference` and no value; without either it waits for a value."""

    type: str
    description: str = ""
    value: Any = None
    reference: str = ""


@dataclass(frozen=True)
class Imported:
    """A template that was taken over. `notes` say what a person should know of it, one line each."""

    resources: tuple[ImportedResource, ...]
    outputs: Mapping[str, Node] = field(default_factory=dict)
    parameters: Mapping[str, ImportedParameter] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    description: str = ""


@dataclass(frozen=True)
class Given:
    """What an import is told beside the template.

    `keep` says whether parameters of the template stay parameters of the manifest (an import) or are put in with their
    values (an include). Values given may be texts of the manifest, references included.
    """

    alias: str
    provider: Mapping[str, Any]
    """The fields of the provider's block: region, account and the like."""
    deployment: str
    keep: bool = False
    prefix: str = ""
    parameters: Mapping[str, Node] = field(default_factory=dict)
    exports: Mapping[str, Node] = field(default_factory=dict)
    """What other stacks export, for Fn::ImportValue."""
    zones: tuple[str, ...] = ()
    """Availability zones of the region, for Fn::GetAZs."""
