"""`includes` of a manifest, put in where its files are: what they declare becomes part of the manifest itself.

The text that is sent is another than the one that was written, so it comes with the places that its lines have in the
files of their author.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, Problem, nearest, quoted
from deployforge_documents.reading import Node, read

from deployforge_templates.formats import FORMATS, Format
from deployforge_templates.imported import Given, Imported, ImportedResource
from deployforge_templates.laying import Expanded, laid
from deployforge_templates.sources import Sources
from deployforge_templates.values import at, from_manifest, key_place, refused, written

#: As the schema of a manifest has it; a test compares the two.
FIELDS: Final[Mapping[str, type]] = {
    "format": str, "path": str, "provider": str, "prefix": str, "parameters": dict, "exports": dict, "zones": list,
}  # fmt: skip
_REQUIRED: Final = ("format", "path")
_WORDS: Final[Mapping[type, str]] = {str: "text", dict: "a mapping", list: "a list"}


def expand(text: bytes, path: Path, working_directory: Path) -> Expanded:
    """A manifest with what its includes declare. A text without includes, or none that can be read, stays as it is.

    Raises InvalidDocument with every construct that cannot be taken over, in the file and the place where it stands.
    """
    if b"includes" not in text:
        return Expanded(text)
    try:
        root = read(text, file=str(path))
        spec, includes = _listed(root)
    except (InvalidDocument, _NoIncludes):
        return Expanded(text)
    base = path.parent
    expansion = _Expansion(root, spec, Sources(base, (base, working_directory)))
    for include in includes:
        expansion.include(include)
    if expansion.problems:
        raise InvalidDocument(expansion.problems)
    return laid(expansion.manifest())


class _NoIncludes(Exception):
    """There is nothing to put in; whether the rest is a manifest, the control plane says."""


def _listed(root: Node) -> tuple[Mapping[str, Node], list[Node]]:
    spec = root.value.get("spec") if isinstance(root.value, dict) else None
    includes = spec.value.get("includes") if spec is not None and isinstance(spec.value, dict) else None
    if spec is None or includes is None or not isinstance(includes.value, list) or not includes.value:
        raise _NoIncludes
    return spec.value, includes.value


class _Expansion:
    def __init__(self, root: Node, spec: Mapping[str, Node], sources: Sources) -> None:
        self.root, self.spec, self.sources = root, spec, sources
        self.problems: list[Problem] = []
        self.resources: list[Node] = []
        self.outputs: dict[str, Node] = {}
        self._names = dict(_named(spec.get("resources")))
        self._outputs: dict[str, str] = dict.fromkeys(_fields(spec.get("outputs")), "the manifest")

    def include(self, node: Node) -> None:
        """Put in what one include declares, or note what is wrong with it."""
        try:
            fields = _checked(node)
            format, alias, provider = self._provider(node, fields)
            source = self.sources.find(fields["path"])
            imported = format.load(source, self._given(fields, alias, provider))
        except InvalidDocument as wrong:
            self.problems += wrong.problems
            return
        self._add(node, source.shown, str(fields["prefix"].value) if "prefix" in fields else "", imported)

    def _provider(self, node: Node, fields: Mapping[str, Node]) -> tuple[Format, str, Mapping[str, Any]]:
        format = FORMATS[fields["format"].value]
        declared = _fields(self.spec.get("providers"))
        given = fields.get("provider")
        fitting = [alias for alias, one in declared.items() if _type_of(one) == format.provider_type]
        alias = given.value if given is not None else fitting[0] if len(fitting) == 1 else ""
        if alias not in fitting:
            said = f"{quoted(alias)} is no provider of type {format.provider_type}" if alias else 'missing field "provider"'
            raise refused(given or node, said, ", ".join(fitting) or f"a provider of type {format.provider_type}")
        return format, alias, declared[alias].plain()

    def _given(self, fields: Mapping[str, Node], alias: str, provider: Mapping[str, Any]) -> Given:
        metadata = self.root.value.get("metadata")
        name = _fields(metadata).get("name")
        return Given(
            alias=alias,
            provider=provider,
            deployment=str(name.value) if name is not None else "",
            prefix=str(fields["prefix"].value) if "prefix" in fields else "",
            parameters={key: from_manifest(child) for key, child in _fields(fields.get("parameters")).items()},
            exports={key: from_manifest(child) for key, child in _fields(fields.get("exports")).items()},
            zones=tuple(str(zone.value) for zone in (fields["zones"].value if "zones" in fields else ())),
        )

    def _add(self, include: Node, shown: str, prefix: str, imported: Imported) -> None:
        for resource in imported.resources:
            if resource.name in self._names:
                said = f"{shown} makes a resource {quoted(resource.name)}, and so does {self._names[resource.name]}"
                self.problems += refused(include, said, "names of their own", "give the include a prefix").problems
            self._names[resource.name] = shown
            self.resources.append(declared(resource))
        for name, value in ((prefix + own, value) for own, value in imported.outputs.items()):
            if name in self._outputs:
                said = f"{shown} has an output {quoted(name)}, and so does {self._outputs[name]}"
                self.problems += refused(include, said, "names of their own", "give the include a prefix").problems
            self._outputs[name] = shown
            self.outputs[name] = written(value)

    def manifest(self) -> Node:
        """The whole manifest, without includes."""
        spec = {name: node for name, node in self.spec.items() if name != "includes"}
        place = self.root.value["spec"]
        own = spec.get("resources")
        spec["resources"] = at(own or place, [*(own.value if own is not None else ()), *self.resources])
        if self.outputs:
            told = spec.get("outputs")
            spec["outputs"] = at(told or place, {**_fields(told), **self.outputs})
        return at(self.root, {**self.root.value, "spec": at(place, spec)})


def _checked(node: Node) -> Mapping[str, Node]:
    """The fields of an include. Raises InvalidDocument; the rest of the manifest is the control plane's to check."""
    if not isinstance(node.value, dict):
        raise refused(node, "an include is no mapping", "format and path")
    for name, child in node.value.items():
        if name not in FIELDS:
            raise refused(key_place(node, name), f"unknown field {quoted(name)}", ", ".join(FIELDS), nearest(name, FIELDS))
        if not isinstance(child.value, FIELDS[name]):
            raise refused(child, f"{name} is not {_WORDS[FIELDS[name]]}", _WORDS[FIELDS[name]])
    for name in _REQUIRED:
        if name not in node.value:
            raise refused(node, f"missing field {quoted(name)}", ", ".join(_REQUIRED))
    format = node.value["format"]
    if format.value not in FORMATS:
        said = f"unknown format {quoted(format.value)}"
        raise refused(format, said, ", ".join(FORMATS), nearest(format.value, FORMATS))
    return dict(node.value)


def declared(resource: ImportedResource) -> Node:
    """A resource as a manifest declares it, in the place where its template does."""
    source = resource.source

    def here(value: Any) -> Node:
        return Node(value, source.line, source.column, file=source.file)

    fields = {"name": here(resource.name), "type": here(resource.type)}
    if resource.properties.value:
        fields["properties"] = written(resource.properties)
    if resource.depends_on:
        fields["dependsOn"] = here([here(name) for name in resource.depends_on])
    kept = {"retainOnDelete": resource.retain, "protect": resource.protect}
    if lifecycle := {name: here(True) for name, wanted in kept.items() if wanted}:
        fields["lifecycle"] = here(lifecycle)
    return here(fields)


def _named(resources: Node | None) -> Iterator[tuple[str, str]]:
    for resource in resources.value if resources is not None and isinstance(resources.value, list) else ():
        name = _fields(resource).get("name")
        if name is not None and isinstance(name.value, str):
            yield name.value, "the manifest"


def _fields(node: Node | None) -> Mapping[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}


def _type_of(provider: Node) -> str:
    kind = _fields(provider).get("type")
    return str(kind.value) if kind is not None else ""
