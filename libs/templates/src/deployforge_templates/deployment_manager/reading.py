"""What a configuration declares, with what its templates make."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Dialect, Node, read

from deployforge_templates.deployment_manager.rendering import rendered
from deployforge_templates.imported import Given
from deployforge_templates.sources import Source
from deployforge_templates.values import at, key_place, refused

YAML: Final = Dialect(
    noun="a configuration", most_depth=64, aliases=True, octal=True,
    words={"yes": True, "Yes": True, "no": False, "No": False, "on": True, "off": False},
)  # fmt: skip
_SECTIONS: Final = ("imports", "resources", "outputs", "info")
_FIELDS: Final = ("name", "type", "properties", "metadata")
_DEEPEST: Final = 8


@dataclass
class Declared:
    """One resource as it stands in a configuration or in what a template made."""

    node: Node
    name: str
    kind: str
    properties: Node
    needs: list[Node]


@dataclass
class Reading:
    """All resources and what templates tell, by name; a template stands for what it makes."""

    given: Given
    sources: "Files"
    declared: dict[str, Declared] = field(default_factory=dict)
    outputs: dict[str, Mapping[str, Node]] = field(default_factory=dict)
    made_by: dict[str, list[str]] = field(default_factory=dict)


class Files:
    """What a configuration imports, by the name that it has there."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.known: dict[str, Node] = {}

    def add(self, path: Node, name: str) -> None:
        """Read an import, which lies below the configuration's directory. Raises InvalidDocument."""
        base = self._source.path.parent.resolve()
        real = (base / str(path.value)).resolve()
        if not real.is_relative_to(base):
            raise refused(path, f"{quoted(path.value)} is outside of the configuration's directory", "a path below it")
        shown = f"{self._source.shown.rpartition('/')[0] or '.'}/{path.value}".removeprefix("./")
        data = Source(real, shown, path).data()
        try:
            self.known[name] = Node(data.decode("utf-8"), 1, 1, file=shown)
        except UnicodeDecodeError:
            raise refused(path, f"{shown} is not UTF-8 text", "a template") from None
        schema = real.with_name(f"{real.name}.schema")
        if schema.is_file():
            self.known[f"{name}.schema"] = Node(schema.read_text(encoding="utf-8"), 1, 1, file=f"{shown}.schema")


def configuration(root: Node, reading: Reading, depth: int) -> Mapping[str, Node]:
    """Note the resources of a configuration, those of its templates too; its outputs."""
    if not isinstance(root.value, dict):
        raise refused(root, "is no configuration", "a mapping with resources")
    for name, node in root.value.items():
        if name not in _SECTIONS:
            place = key_place(root, name)
            raise refused(place, f"unknown section {quoted(name)}", ", ".join(_SECTIONS), nearest(name, _SECTIONS))
        if name == "imports":
            for item in _list(node):
                path = _field(item, "path")
                called = item.value.get("name")
                reading.sources.add(path, str(called.value) if called is not None else str(path.value))
    for node in _list(root.value.get("resources")):
        one = _resource(node)
        if one.kind.endswith((".jinja", ".py")) or one.kind in reading.sources.known:
            reading.outputs[one.name] = expanded(one, reading, depth)
        elif one.name in reading.declared:
            first = reading.declared[one.name].node
            raise refused(node, f"a second resource {quoted(one.name)}, first on line {first.line}", "a name of its own")
        else:
            reading.declared[one.name] = one
    return {str(_field(node, "name").value): _field(node, "value") for node in _list(root.value.get("outputs"))}


def _resource(node: Node) -> Declared:
    fields = node.value if isinstance(node.value, dict) else {}
    for name in fields:
        if name not in _FIELDS:
            place = key_place(node, name)
            said = f"{name} is not taken over" if name in ("accessControl", "action") else f"unknown field {quoted(name)}"
            raise refused(place, said, ", ".join(_FIELDS), nearest(name, _FIELDS))
    metadata = fields.get("metadata")
    needs = metadata.value.get("dependsOn") if metadata is not None and isinstance(metadata.value, dict) else None
    properties = fields.get("properties", at(node, {}))
    kind = _field(node, "type")
    no_python(kind, str(kind.value))
    return Declared(node, str(_field(node, "name").value), str(kind.value), properties, _list(needs))


def no_python(place: Node, name: str) -> None:
    if name.endswith(".py"):
        raise refused(place, f"{name}: templates in Python are not run", "a template in Jinja, or what it makes")


def expanded(one: Declared, reading: Reading, depth: int) -> Mapping[str, Node]:
    """Note what a template makes; its outputs."""
    if depth >= _DEEPEST:
        raise refused(one.node, f"templates are nested deeper than {_DEEPEST} levels", f"at most {_DEEPEST} levels")
    text = reading.sources.known.get(one.kind)
    if text is None:
        raise refused(one.node, f"{quoted(one.kind)} is not imported", ", ".join(reading.sources.known) or "an import")
    properties = _with_defaults(one, reading)
    provider = reading.given.provider
    env = {"deployment": reading.given.deployment, "name": one.name, "type": one.kind}
    if provider.get("account"):
        env["project"] = provider["account"]
    made = rendered(text, env, properties, reading.sources.known)
    before = set(reading.declared)
    root = read(made.encode(), YAML, f"{text.file} (as rendered for {one.name})")
    outputs = configuration(root, reading, depth + 1)
    reading.made_by[one.name] = sorted(reading.declared.keys() - before)
    for name in reading.made_by[one.name]:
        reading.declared[name].needs += one.needs
    return outputs


def _with_defaults(one: Declared, reading: Reading) -> Any:
    """The properties that a template is given, with the defaults of its schema."""
    given = one.properties.plain()
    text = reading.sources.known.get(f"{one.kind}.schema")
    if text is None:
        return given
    schema = read(str(text.value).encode(), YAML, text.file).plain()
    described = schema.get("properties") or {} if isinstance(schema, dict) else {}
    defaults = {
        name: about["default"] for name, about in described.items() if isinstance(about, dict) and "default" in about
    }
    found = {**defaults, **(given if isinstance(given, dict) else {})}
    for name in (schema.get("required") or ()) if isinstance(schema, dict) else ():
        if name not in found:
            raise refused(one.node, f"{one.kind} needs the property {quoted(name)}", "a value for it")
    return found


def _list(node: Node | None) -> list[Node]:
    if node is None or node.value is None:
        return []
    if not isinstance(node.value, list):
        raise refused(node, "is no list", "a list")
    return node.value


def _field(node: Node, name: str) -> Node:
    if not isinstance(node.value, dict) or name not in node.value:
        raise refused(node, f"has no {name}", name)
    found: Node = node.value[name]
    return found
