"""A configuration, and the templates that it uses, as resources of the manifest."""

import re
from collections.abc import Mapping
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node, read

from deployforge_templates.deployment_manager.arguments import arguments, attribute
from deployforge_templates.deployment_manager.reading import (
    YAML,
    Declared,
    Files,
    Reading,
    configuration,
    expanded,
    no_python,
)
from deployforge_templates.deployment_manager.types import TYPES, GoogleType, named
from deployforge_templates.imported import Given, Imported, ImportedResource
from deployforge_templates.naming import apart, spelt
from deployforge_templates.sources import Source
from deployforge_templates.values import Collected, Later, Reference, at, joined, refused, scalar_text, typed

ENDED: Final = "Deployment Manager ended on 31 March 2026; what it made is still there: `import: {id: …}` takes it over"
_REFERENCE: Final = re.compile(r"\$\(ref\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_.\[\]]+)\)")


def load(source: Source, given: Given) -> Imported:
    """The configuration at `source`. Raises InvalidDocument with every construct that cannot be taken over."""
    no_python(source.asked, source.shown)
    reading = Reading(given, Files(source))
    if source.shown.endswith(".jinja"):
        outputs = _top(source, given, reading)
    else:
        for name, node in given.parameters.items():
            raise refused(node, f"a configuration has no parameter {quoted(name)}", "a template in Jinja")
        outputs = configuration(read(source.data(), YAML, source.shown), reading, 0)
    if not reading.declared:
        raise refused(source.asked, f"{source.shown} makes no resource", "at least one resource")
    return _imported(reading, outputs)


def _top(source: Source, given: Given, reading: Reading) -> Mapping[str, Node]:
    """A template by itself, with its properties from outside."""
    place = source.asked
    name = source.path.name
    reading.sources.add(Node(name, place.line, place.column, file=place.file), name)
    for key, node in given.parameters.items():
        if isinstance(node.value, Later):
            raise refused(node, f"{key} is known only when it is deployed", "a value that is known now")
    properties = at(place, {key: typed(node) if given.keep else node for key, node in given.parameters.items()})
    return expanded(Declared(place, given.deployment, name, properties, []), reading, 0)


def _imported(reading: Reading, outputs: Mapping[str, Node]) -> Imported:
    names = apart({name: spelt(name) for name in reading.declared}, reading.given.prefix)
    collected = Collected()
    made = [collected.tried(_made, one, name, names, reading) for name, one in reading.declared.items()]
    told = {name: collected.tried(_output, node, names, reading) for name, node in outputs.items()}
    collected.told()
    return Imported(
        tuple(one for one in made if one is not None),
        {name: node for name, node in told.items() if node is not None},
        notes=(ENDED,),
    )


def _made(one: Declared, name: str, names: Mapping[str, str], reading: Reading) -> ImportedResource:
    of = _type(one)
    properties = arguments(one.kind, of, name, _resolved(one.properties, names, reading))
    depends = {names[need] for node in one.needs for need in _needed(node, reading)}
    kind = f"{reading.given.alias}/{of.terraform}"
    return ImportedResource(names[name], kind, properties, one.node, tuple(sorted(depends)))


def _type(one: Declared) -> GoogleType:
    kind = named(one.kind)
    if kind not in TYPES:
        place = one.node.value["type"]
        raise refused(place, f"{one.kind} is not mapped to a type of Terraform", ", ".join(TYPES), nearest(kind, TYPES))
    return TYPES[kind]


def _needed(node: Node, reading: Reading) -> list[str]:
    name = str(node.value)
    found = [name] if name in reading.declared else reading.made_by.get(name)
    if found is None:
        hint = nearest(name, [*reading.declared, *reading.made_by])
        raise refused(node, f"unknown resource {quoted(name)}", "a resource", hint)
    return found


def _resolved(node: Node, names: Mapping[str, str], reading: Reading) -> Node:
    """A tree with `$(ref.name.property)` as references."""
    if isinstance(node.value, dict):
        return at(node, {key: _resolved(child, names, reading) for key, child in node.value.items()})
    if isinstance(node.value, list):
        return at(node, [_resolved(item, names, reading) for item in node.value])
    if not isinstance(node.value, str) or "$(ref." not in node.value:
        return node
    pieces: list[Any] = []
    position = 0
    for found in _REFERENCE.finditer(node.value):
        pieces += [node.value[position : found.start()], _referred(node, found[1], found[2], names, reading)]
        position = found.end()
    rest = node.value[position:]
    if "$(ref." in rest:
        raise refused(node, f"{quoted(rest)} is no reference", "$(ref.name.property)")
    return at(node, joined([*pieces, rest]) if rest or len(pieces) > 2 or pieces[0] else pieces[1])


def _referred(node: Node, name: str, path: str, names: Mapping[str, str], reading: Reading) -> Any:
    if name in reading.outputs:
        outputs = reading.outputs[name]
        if path not in outputs:
            hint = nearest(path, outputs)
            raise refused(
                node, f"the template {quoted(name)} has no output {quoted(path)}", ", ".join(outputs) or "none", hint
            )
        return _resolved(outputs[path], names, reading).value
    if name not in reading.declared:
        raise refused(node, f"unknown resource {quoted(name)}", "a resource", nearest(name, reading.declared))
    of = _type(reading.declared[name])
    found = attribute(of, path)
    if found is None:
        said = f"{path} of {reading.declared[name].kind} has no counterpart that is known to be the same"
        raise refused(node, said, ", ".join([*of.told, *of.properties]))
    return Later((Reference(f"{names[name]}.{found}"),))


def _output(node: Node, names: Mapping[str, str], reading: Reading) -> Node:
    found = _resolved(node, names, reading)
    text = found.value if isinstance(found.value, Later) else scalar_text(found.value)
    if text is None:
        raise refused(node, "an output is no text", "text")
    return at(found, text)
