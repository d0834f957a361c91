"""What a schema cannot say: names that must be there once, references that must lead somewhere, no cycles."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_documents.problems import Problem, nearest, one_of, quoted
from deployforge_documents.reading import Node

from deployforge_control_plane.domain.manifest import graph
from deployforge_control_plane.domain.manifest.references import PARAMETERS, Reference, references

_ESCAPE: Final = 'write "$${" for a literal "${"'
_REFERRING: Final = ("properties", "native", "initial", "import")
"""The parts of a resource in which references are followed."""
_HOLDING: Final = ("properties", "native")
"""The parts of a resource that may hold secrets."""


@dataclass
class _Known:
    """The names that a manifest declares, and where the dependencies between its resources are said."""

    resources: dict[str, Node]
    providers: Mapping[str, Node]
    parameters: Mapping[str, Node]
    edges: dict[str, dict[str, tuple[int, int, str]]] = field(default_factory=dict)


def problems(root: Node) -> Iterator[Problem]:
    """Every problem of a tree that fits the schema."""
    spec = root.value["spec"].value
    listed = spec["resources"].value if "resources" in spec else []
    yield from _left_to_do(root, spec)
    known = _Known({}, spec["providers"].value, _fields(spec, "parameters"))
    yield from _without_value(known.parameters)
    for index, resource in enumerate(listed):
        yield from _name(resource, f"spec.resources[{index}].name", known)
    for index, resource in enumerate(listed):
        yield from _resource(resource, f"spec.resources[{index}]", known)
    for name, output in _fields(spec, "outputs").items():
        yield from _references(output, f"spec.outputs.{name}", known, None)
    yield from _rules(spec, known)
    for cycle in graph.cycles({name: list(edges) for name, edges in known.edges.items()}):
        line, column, path = known.edges[cycle[0]][cycle[1]]
        message = f"dependency cycle: {' → '.join(cycle)}"
        yield Problem(message, line, column, path, "no cycle", "remove one of these dependencies")


def _fields(parent: Mapping[str, Node], name: str) -> Mapping[str, Node]:
    return parent[name].value if name in parent else {}


def _left_to_do(root: Node, spec: Mapping[str, Node]) -> Iterator[Problem]:
    """What a client has not put in: the files of an include are where the manifest was written."""
    includes = spec.get("includes")
    if includes is not None and includes.value:
        hint = "submit with deployforge, or put them in with deployforge_templates.includes.expand"
        yield Problem("includes are not put in", includes.line, includes.column, "spec.includes", "resources", hint)
    elif "resources" not in spec or not spec["resources"].value:
        node = spec.get("resources", root.value["spec"])
        yield Problem("declares no resource", node.line, node.column, "spec.resources", "at least one resource")


def _without_value(parameters: Mapping[str, Node]) -> Iterator[Problem]:
    for name, declared in parameters.items():
        if declared.value["type"].value != "secret" and not {"default", "value"} & declared.value.keys():
            message = f"parameter {quoted(name)} has no value"
            yield Problem(message, declared.line, declared.column, f"spec.parameters.{name}", "a default or a value")


def _name(resource: Node, path: str, known: _Known) -> Iterator[Problem]:
    node = resource.value["name"]
    name = node.value
    if name == PARAMETERS:
        yield Problem(f"{quoted(name)} is reserved", node.line, node.column, path, "another name")
    if name in known.resources:
        first = known.resources[name].value["name"].line
        message = f"duplicate resource name {quoted(name)}, first on line {first}"
        yield Problem(message, node.line, node.column, path, "a name of its own")
        return
    known.resources[name] = resource
    known.edges[name] = {}


def _resource(resource: Node, path: str, known: _Known) -> Iterator[Problem]:
    fields = resource.value
    name = fields["name"].value
    yield from _provider(fields, resource, path, known)
    for part in _REFERRING:
        if part in fields:
            yield from _references(fields[part], f"{path}.{part}", known, name)
    for index, other in enumerate(fields["dependsOn"].value if "dependsOn" in fields else ()):
        yield from _depends(name, other.value, other, f"{path}.dependsOn[{index}]", known)


def _provider(fields: Mapping[str, Node], resource: Node, path: str, known: _Known) -> Iterator[Problem]:
    kind, given = fields["type"], fields.get("provider")
    alias, slash, _ = kind.value.partition("/")
    if slash and alias not in known.providers:
        yield _unknown("provider", alias, kind, f"{path}.type", known.providers)
    elif slash and given is not None and given.value != alias:
        message = f"provider {quoted(given.value)} is not that of the type, {quoted(alias)}"
        yield Problem(message, given.line, given.column, f"{path}.provider", alias, "leave it out")
    elif given is not None and given.value not in known.providers:
        yield _unknown("provider", given.value, given, f"{path}.provider", known.providers)
    elif not slash and given is None and len(known.providers) != 1:
        message = 'missing field "provider"'
        yield Problem(message, resource.line, resource.column, path, one_of(known.providers))


def _references(node: Node, path: str, known: _Known, owner: str | None) -> Iterator[Problem]:
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield from _references(child, f"{path}.{key}", known, owner)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield from _references(child, f"{path}[{index}]", known, owner)
    elif isinstance(node.value, str) and "${" in node.value:
        for found in references(node.value):
            text = node.value[found.start : found.end + 20]
            if not found.name:
                message = f"{quoted(text)} is not a reference"
                yield Problem(message, node.line, node.column, path, "${resource.attribute}", _ESCAPE)
            elif found.name == PARAMETERS and found.attribute not in known.parameters:
                yield _unknown("parameter", found.attribute, node, path, known.parameters)
            elif found.name == PARAMETERS and known.parameters[found.attribute].value["type"].value == "secret":
                yield from _secret(node, path, found, owner)
            elif found.name != PARAMETERS:
                yield from _depends(owner, found.name, node, path, known)


def _secret(node: Node, path: str, found: Reference, owner: str | None) -> Iterator[Problem]:
    """A secret is put in where the cloud is called: as a whole value, of a property that the cloud itself keeps secret
    (which only mcal can tell)."""
    part = path.partition("].")[2].partition(".")[0]
    if owner is None:
        message = f"an output would show the secret {quoted(found.attribute)}"
        yield Problem(message, node.line, node.column, path, "something that may be read")
    elif part not in _HOLDING:
        message = f"{part} cannot hold the secret {quoted(found.attribute)}"
        yield Problem(message, node.line, node.column, path, one_of(_HOLDING))
    elif (found.start, found.end) != (0, len(node.value)):
        message = f"the secret {quoted(found.attribute)} stands inside a text"
        yield Problem(message, node.line, node.column, path, "the secret as the whole value", "put the whole text into it")


def _depends(owner: str | None, name: str, node: Node, path: str, known: _Known) -> Iterator[Problem]:
    if name not in known.resources:
        yield _unknown("resource", name, node, path, known.resources)
    elif owner is not None:
        known.edges[owner].setdefault(name, (node.line, node.column, path))


def _rules(spec: Mapping[str, Node], known: _Known) -> Iterator[Problem]:
    drift = _fields(spec, "drift")
    for part in ("ignore", "severity"):
        for index, rule in enumerate(drift[part].value if part in drift else ()):
            where = rule.value.get("resource")
            if where is not None and "*" not in where.value and where.value not in known.resources:
                path = f"spec.drift.{part}[{index}].resource"
                yield _unknown("resource", where.value, where, path, known.resources)
            if "when" in rule.value:
                yield from _condition(rule.value["when"], f"spec.drift.{part}[{index}].when")


def _condition(when: Node, path: str) -> Iterator[Problem]:
    if not when.value:
        expected, hint = "found, atLeast, atMost or oneOf", 'leave "when" out'
        yield Problem("says nothing", when.line, when.column, path, expected, hint)
    elif {"atLeast", "atMost"} <= when.value.keys() and when.value["atLeast"].value > when.value["atMost"].value:
        node, most = when.value["atLeast"], when.value["atMost"].value
        hint = "swap atLeast and atMost"
        yield Problem("no number is so", node.line, node.column, f"{path}.atLeast", f"at most {most}", hint)


def _unknown(noun: str, word: str, node: Node, path: str, words: Mapping[str, Any]) -> Problem:
    expected = one_of(list(words)[:20]) if words else f"a declared {noun}"
    return Problem(f"unknown {noun} {quoted(word)}", node.line, node.column, path, expected, nearest(word, words))
