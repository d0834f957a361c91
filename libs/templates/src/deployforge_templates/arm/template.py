"""An ARM template as resources of a manifest."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.arm import evaluator, parameters
from deployforge_templates.arm.declared import BODY, Around, Declared, last, listed, now
from deployforge_templates.arm.functions import text
from deployforge_templates.arm.known import settled, shown
from deployforge_templates.arm.reading import load as read
from deployforge_templates.arm.scope import Resources, Scope
from deployforge_templates.arm.surroundings import found as found_word
from deployforge_templates.imported import Given, Imported, ImportedResource, finished
from deployforge_templates.naming import apart, spelt
from deployforge_templates.values import Collected, Later, Reference, at, key_place, refused

_SECTIONS: Final = (
    "$schema", "contentVersion", "languageVersion", "apiProfile", "metadata", "definitions", "parameters", "variables",
    "functions", "resources", "outputs",
)  # fmt: skip
_GROUP: Final = "deploymentTemplate.json"


def load(data: bytes, given: Given, file: str) -> Imported:
    """The template in `data`. Raises InvalidDocument with everything that cannot be taken over, each in its place."""
    root = read(data, file)
    sections = _sections(root)
    resources = Resources()
    scope, kept = parameters.bind(sections["parameters"], given, resources)
    scope = replace(scope, variables=_variables(sections["variables"], scope))
    declared = list(listed(root.value["resources"], Around(scope)))
    if not declared:
        raise refused(root, "makes no resource", "at least one resource")
    named = _named(declared, given.prefix)
    for one in declared:
        resources.note((one.id, str(now(one.name)), *one.words), named[one.id])
    collected = Collected()
    made = [collected.tried(_resource, one, named) for one in declared]
    outputs = {name: collected.tried(_output, name, node, scope) for name, node in sections["outputs"].items()}
    collected.told()
    told = {name: node for name, node in outputs.items() if node is not None}
    return finished([one for one in made if one is not None], told, kept, scope.decided)


def _sections(root: Node) -> dict[str, Mapping[str, Node]]:
    if not isinstance(root.value, dict) or "resources" not in root.value:
        raise refused(root, "is no ARM template", "a mapping with resources")
    schema = root.value.get("$schema")
    if schema is not None and str(schema.value).rstrip("#").rpartition("/")[2].lower() != _GROUP.lower():
        raise refused(schema, "is a template for more than a resource group", _GROUP, "import what is in one group")
    for name, node in root.value.items():
        place = key_place(root, name)
        if name not in _SECTIONS:
            raise refused(place, f"unknown section {quoted(name)}", ", ".join(_SECTIONS), nearest(name, _SECTIONS))
        if name == "functions" and node.value:
            raise refused(place, "functions of a template's own are not evaluated", "a template without them")
    found = {}
    for name in ("parameters", "variables", "outputs"):
        section = root.value.get(name)
        if section is not None and not isinstance(section.value, dict):
            raise refused(section, f"{name} are no mapping", "names and what they stand for")
        found[name] = section.value if section is not None else {}
    return found


def _variables(section: Mapping[str, Node], scope: Scope) -> dict[str, Node]:
    """The variables, those that loops make among them."""
    plain = {name: node for name, node in section.items() if name != "copy" or not isinstance(node.value, list)}
    if len(plain) == len(section):
        return plain
    return plain | evaluator.loops(section["copy"], replace(scope, variables=plain))


def _named(declared: list[Declared], prefix: str) -> dict[str, str]:
    """Id → name in the manifest: that of the resource, with its type where another type has the same."""
    for index, one in enumerate(declared):
        same = next((other for other in declared[:index] if other.id.lower() == one.id.lower()), None)
        if same is not None:
            raise refused(
                one.node, f"{quoted(now(one.name))} is declared on line {same.node.line} already", "each resource once"
            )
    wanted = {one.id: spelt(str(now(one.name))) for one in declared}
    taken = Counter(wanted.values())
    for one in declared:
        if taken[wanted[one.id]] > 1:
            wanted[one.id] = f"{wanted[one.id]}-{spelt(one.type.rpartition('/')[2])}"
    return apart(wanted, prefix)


def _resource(one: Declared, named: Mapping[str, str]) -> ImportedResource:
    version = evaluator.value(one.fields["apiVersion"], one.scope)
    properties: dict[str, Node] = {"name": at(one.fields["name"], last(one.name)), "apiVersion": version}
    parent = one.id.rsplit("/", 2)[0]
    if one.type.count("/") > 1:
        name = one.scope.resources.name_of(parent)
        properties["parent"] = at(one.fields["name"], Later((Reference(f"{name}.id"),), parent) if name else parent)
    for field in BODY:
        if field in one.fields:
            properties[field] = _given(evaluator.value(one.fields[field], one.scope))
    found = Node(properties, one.node.line, one.node.column, _keys(one), one.node.file)
    depends = {name for need, scope in one.needs for name in _names_of(need, scope)}
    depends |= {named[other.id] for other in one.after}
    kind = f"{one.scope.given.alias}/{one.type}"
    return ImportedResource(named[one.id], kind, found, one.node, tuple(sorted(depends - {named[one.id]})))


def _given(node: Node) -> Node:
    """A tree without properties that are null: to Azure they are as good as left out."""
    if isinstance(node.value, dict):
        return at(node, {name: _given(child) for name, child in node.value.items() if child.value is not None})
    return at(node, [_given(item) for item in node.value]) if isinstance(node.value, list) else node


def _keys(one: Declared) -> dict[str, tuple[int, int]]:
    spelt_as = {name.lower(): place for name, place in one.node.keys.items()}
    return {name: spelt_as[name.lower()] for name in (*BODY, "name", "apiVersion") if name.lower() in spelt_as}


def _names_of(need: Node, scope: Scope) -> tuple[str, ...]:
    """What a `dependsOn` stands for; nothing where its condition does not hold."""
    word = str(settled(need, evaluator.plain(need, scope), scope, fix=False))
    key = found_word(word, scope.resources.made, scope.group)
    return scope.resources.made.get(key, ())


def _output(name: str, node: Node, scope: Scope) -> Node | None:
    fields = node.value if isinstance(node.value, dict) else {}
    kind, value = fields.get("type"), fields.get("value")
    if "copy" in fields or kind is None or value is None:
        raise refused(node, f"output {quoted(name)} has no type and value", "type and value")
    if str(kind.value).lower().startswith("secure"):
        raise refused(kind, f"output {quoted(name)} is a secret", "an output that may be read")
    condition = fields.get("condition")
    if condition is not None and settled(condition, evaluator.plain(condition, scope), scope) is not True:
        return None
    found = shown(value, evaluator.plain(value, scope))
    if not isinstance(found, Later):
        found = text(settled(value, found, scope))
    return at(value, found)
