"""A Terraform module: as one unit that the program runs, or as resources of the manifest where it is simple enough."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, Problem, nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.imported import Given, Imported, ImportedParameter, ImportedResource, finished
from deployforge_templates.naming import apart, spelt
from deployforge_templates.sources import Source
from deployforge_templates.terraform.files import files
from deployforge_templates.terraform.simple import NotSimple, Scope, value
from deployforge_templates.terraform.syntax import Block, blocks
from deployforge_templates.values import PARAMETERS, Later, Reference, at, refused, scalar_text, typed, written

_PASSED_OVER: Final = ("variable", "output", "locals", "resource")
_WORDS: Final = {"string": "string", "number": "number", "bool": "boolean", "list": "list", "set": "list", "tuple": "list",
                 "map": "map", "object": "map"}  # fmt: skip
_BLOCKS: Final = {
    "provisioner": "provisioners run programs where mcal runs",
    "connection": "connections are for provisioners",
}


def load(source: Source, given: Given) -> Imported:
    """The module at `source`. An include is always one unit, so that the module stays what it is; an import becomes
    resources where everything in it is simple. Raises InvalidDocument for what is not run at all."""
    text = files(source)
    every = {name: _blocks(name, node) for name, node in text.items()}
    problems = [problem for some in every.values() for block in some for problem in _problems(block)]
    parts = [block for name, some in every.items() if "/" not in name for block in some]
    variables = {block.labels[0]: block for block in parts if block.type == "variable" and block.labels}
    for name in given.parameters.keys() - variables.keys():
        said = f"the module has no variable {quoted(name)}"
        hint = nearest(name, variables)
        problems += refused(given.parameters[name], said, ", ".join(variables) or "none", hint).problems
    if problems:
        raise InvalidDocument(problems)
    if not given.keep:
        return Imported((_unit(source, text, given.parameters, given),))
    told = {name: node if _word(variables[name]) == "string" else typed(node) for name, node in given.parameters.items()}
    given = replace(given, parameters=told)
    try:
        return _graph(parts, variables, given)
    except NotSimple as reason:
        return _whole(source, text, variables, given, f"the module is taken over as one unit: {reason}")


def _blocks(name: str, node: Node) -> list[Block]:
    return blocks(name, node) if name.endswith((".tf", ".tf.json")) else []


def _problems(block: Block) -> Iterator[Problem]:
    for inner in block.blocks:
        if block.type == "resource" and inner.type in _BLOCKS:
            yield from refused(inner.place, f"{inner.type}: {_BLOCKS[inner.type]}", "a module without it").problems
        if block.type == "terraform" and inner.type in ("backend", "cloud"):
            said = f"{inner.type}: the state is kept by DeployForge"
            yield from refused(inner.place, said, "a module without it").problems


# --- one unit ---------------------------------------------------------------------------------------------


def _unit(source: Source, text: Mapping[str, Node], variables: Mapping[str, Node], given: Given) -> ImportedResource:
    place = Node(None, 1, 1, file=source.shown)
    properties = {"files": at(place, dict(text))}
    if variables:
        properties["variables"] = at(place, dict(variables))
    name = apart({source.shown: spelt(source.path.name)}, given.prefix)[source.shown]
    return ImportedResource(name, f"{given.alias}/module", at(place, properties), place)


def _whole(source: Source, text: Mapping[str, Node], variables: Mapping[str, Block], given: Given, note: str) -> Imported:
    """One unit whose variables without a default are parameters of the manifest; secrets are not: no module takes one."""
    kept: dict[str, ImportedParameter] = {}
    values = dict(given.parameters)
    notes = [note]
    for name, block in variables.items():
        if name in values or "default" in block.attributes:
            continue
        if "sensitive" in block.attributes:
            notes.append(f"variable {name} is sensitive and has no value: a module takes no secrets")
        else:
            kept[name] = _parameter(block, None)
            values[name] = at(block.place, Later((Reference(f"{PARAMETERS}.{name}"),)))
    imported = finished([_unit(source, text, values, given)], {}, kept, ())
    return Imported(imported.resources, {}, imported.parameters, (*notes, *imported.notes))


# --- resources --------------------------------------------------------------------------------------------


def _graph(parts: list[Block], variables: Mapping[str, Block], given: Given) -> Imported:
    declared = {(block.labels[0], block.labels[1]): block for block in parts if block.type == "resource"}
    for block in parts:
        _only(block)
    if not declared:
        raise NotSimple(parts[0].place if parts else Node(None, 1, 1), "no resource of its own")
    names = _named(declared, given.prefix)
    for block in variables.values():
        if "sensitive" in block.attributes:
            raise NotSimple(block.place, "a variable that is sensitive")
    kept = {name: _parameter(block, _default(block, given.parameters.get(name))) for name, block in variables.items()}
    bound = {name: Later((Reference(f"{PARAMETERS}.{name}"),)) for name in kept}
    local = {name: one for block in parts if block.type == "locals" for name, one in block.attributes.items()}
    scope = Scope(names, bound, local)
    resources = [_resource(key, block, names, scope, given) for key, block in declared.items()]
    outputs = {block.labels[0]: _output(block, scope) for block in parts if block.type == "output"}
    return finished(resources, outputs, kept, ())


def _only(block: Block) -> None:
    if block.type == "terraform":
        for inner in block.blocks:
            if inner.type != "required_providers":
                raise NotSimple(inner.place, inner.type)
    elif block.type not in _PASSED_OVER and not (block.type == "provider" and not block.attributes and not block.blocks):
        raise NotSimple(block.place, f"{block.type} {' '.join(block.labels)}".strip())


def _named(declared: Mapping[tuple[str, str], Block], prefix: str) -> dict[tuple[str, str], str]:
    taken = Counter(spelt(label) for _, label in declared)
    wanted = {
        f"{kind}.{label}": spelt(label) if taken[spelt(label)] == 1 else spelt(f"{label}-{kind.partition('_')[2]}")
        for kind, label in declared
    }
    found = apart(wanted, prefix)
    return {(kind, label): found[f"{kind}.{label}"] for kind, label in declared}


def _resource(key: tuple[str, str], block: Block, names: Any, scope: Scope, given: Given) -> ImportedResource:
    properties: dict[str, Node] = {}
    depends: tuple[str, ...] = ()
    protect = False
    for name, expression in block.attributes.items():
        if name in ("count", "for_each", "provider", "dynamic"):
            raise NotSimple(expression.place, name)
        if name == "depends_on":
            depends = _depends(block, scope)
            continue
        found = value(expression, scope)
        if found.value is not None:
            properties[name] = found
    for inner in block.blocks:
        if inner.type == "lifecycle":
            protect = _protected(inner, scope)
        elif inner.type in ("dynamic", "timeouts"):
            raise NotSimple(inner.place, inner.type)
        else:
            _add(properties, inner, scope)
    body = Node(properties, block.place.line, block.place.column, file=block.place.file)
    kind = f"{given.alias}/{key[0]}"
    return ImportedResource(names[key], kind, body, block.place, depends, protect=protect)


def _add(properties: dict[str, Node], block: Block, scope: Scope) -> None:
    """A block within: a mapping, or a list of them where there are several."""
    if block.labels:
        raise NotSimple(block.place, block.type)
    made = {name: value(expression, scope) for name, expression in block.attributes.items()}
    for inner in block.blocks:
        _add(made, inner, scope)
    node = at(block.place, {name: one for name, one in made.items() if one.value is not None})
    there = properties.get(block.type)
    if there is None:
        properties[block.type] = node
    else:
        listed = there.value if isinstance(there.value, list) else [there]
        properties[block.type] = at(there, [*listed, node])


def _depends(block: Block, scope: Scope) -> tuple[str, ...]:
    expression = block.attributes["depends_on"]
    found = []
    words = [node.value for node in expression.value.value] if expression.value is not None else _listed(expression.tree)
    for word in words:
        kind, _, label = str(word).partition(".")
        if (kind, label) not in scope.resources:
            raise NotSimple(expression.place, f"depends_on {word}")
        found.append(scope.resources[(kind, label)])
    return tuple(sorted(found))


def _listed(tree: Any) -> list[str]:
    """The bare references of a list: `[aws_vpc.main, aws_eip.one]`."""
    return ["".join(map(str, part.scan_values(lambda _: True))) for part in tree.find_data("get_attr_expr_term")]


def _protected(lifecycle: Block, scope: Scope) -> bool:
    for name, expression in lifecycle.attributes.items():
        if name != "prevent_destroy":
            raise NotSimple(expression.place, f"lifecycle {name}")
    if lifecycle.blocks:
        raise NotSimple(lifecycle.place, "lifecycle")
    found = lifecycle.attributes.get("prevent_destroy")
    return found is not None and value(found, scope).value is True


def _output(block: Block, scope: Scope) -> Node:
    if "sensitive" in block.attributes or "value" not in block.attributes:
        raise NotSimple(block.place, "an output that is sensitive")
    found = value(block.attributes["value"], scope)
    text = found.value if isinstance(found.value, Later) else scalar_text(found.value)
    if text is None:
        raise NotSimple(block.place, "an output that is no text")
    return at(found, text)


# --- variables --------------------------------------------------------------------------------------------


def _default(block: Block, told: Node | None) -> Any:
    if told is not None:
        return written(told).plain()
    if "default" not in block.attributes:
        return None
    return value(block.attributes["default"], Scope({}, {}, {})).plain()


def _word(block: Block) -> str:
    """The type of a variable, as a manifest calls it."""
    kind = block.attributes.get("type")
    words = list(kind.tree.scan_values(lambda _: True)) if kind is not None and kind.tree is not None else []
    told = str(kind.value.value) if kind is not None and kind.value is not None else str(words[0]) if words else "string"
    return _WORDS.get(told.partition("(")[0], "string")


def _parameter(block: Block, default: Any) -> ImportedParameter:
    description = block.attributes.get("description")
    try:
        said = str(value(description, Scope({}, {}, {})).value) if description is not None else ""
    except NotSimple:
        said = ""  # It helps people; nothing depends on it.
    return ImportedParameter(_word(block), said, default)
