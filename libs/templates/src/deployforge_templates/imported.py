"""What a template becomes, whatever its format: resources, outputs, and parameters that a manifest has to give."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from deployforge_documents.problems import quoted
from deployforge_documents.reading import Node

from deployforge_templates.values import PARAMETERS, Later, Reference, fixed, refused, targets

_SECRET: Final = "secret://"  # noqa: S105 - the beginning of a reference


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
    protect: bool = False


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


def secret(
    name: str, told: Node | None, place: Node, given: "Given", kept: bool, description: str
) -> tuple[Later, ImportedParameter | None]:
    """What a secret parameter of a template comes to: a reference that was given, or a secret parameter of the manifest
    (with an ImportedParameter beside it). Neither a value nor a default of one is taken over."""
    if told is not None and isinstance(told.value, Later):
        return told.value, None
    if not kept:
        hint = "declare a parameter with type: secret and give ${parameters.<name>}"
        raise refused(told or place, f"parameter {quoted(name)} is a secret", "a reference to a secret", hint)
    reference = str(told.value) if told is not None else f"{_SECRET}file/{given.deployment}/{name}"
    if not reference.startswith(_SECRET):
        raise refused(told or place, f"parameter {quoted(name)} is a secret", "secret://source/name")
    return Later((Reference(f"{PARAMETERS}.{name}"),)), ImportedParameter("secret", description, None, reference)


def finished(
    resources: Iterable[ImportedResource],
    outputs: Mapping[str, Node],
    kept: Mapping[str, ImportedParameter],
    decided: Iterable[str],
    description: str = "",
) -> Imported:
    """What was imported, with the parameters that decided something put in with their values, wherever they stand: a
    parameter that may be changed must not change half of what it did."""
    names = sorted(set(decided) & kept.keys())
    values = {f"{PARAMETERS}.{name}": kept[name].value for name in names}
    made = tuple(replace(one, properties=fixed(one.properties, values)) for one in resources)
    told = {name: fixed(node, values) for name, node in outputs.items()}
    used = {target for node in (*(one.properties for one in made), *told.values()) for target in targets(node)}
    left = {name: one for name, one in kept.items() if f"{PARAMETERS}.{name}" in used}
    said = [f"parameter {name} decided what is made and is put in with its value, {kept[name].value}" for name in names]
    for name, one in left.items():
        if one.reference:
            said.append(f"parameter {name} is a secret: it is read from {one.reference}")
        elif one.value is None:
            said.append(f"parameter {name} has no value yet")
    return Imported(made, told, left, tuple(said), description)


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
