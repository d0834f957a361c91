"""From the text of a manifest to a Manifest, or to the list of everything that is wrong with it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_documents.problems import InvalidDocument, in_order
from deployforge_documents.reading import Node, read

from deployforge_control_plane.domain.manifest import checks, validation
from deployforge_control_plane.domain.manifest.canonical import canonical
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.manifest.schema import MANIFEST

_PLACED: Final = ("properties", "native", "initial")
_PLACED_DEPTH: Final = 4
"""Levels below a resource whose places are kept; deeper problems are shown at the level above."""

Places = dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Manifest:
    """A valid manifest. `places` tells where "<resource>.properties.<property>" stands, as (line, column)."""

    canonical: Mapping[str, Any]
    places: Places

    @property
    def namespace(self) -> str:
        return str(self.canonical["metadata"]["namespace"])

    @property
    def name(self) -> str:
        return str(self.canonical["metadata"]["name"])

    @property
    def resources(self) -> tuple[str, ...]:
        """Names of the resources."""
        return tuple(resource["name"] for resource in self.canonical["resources"])


def parse(data: bytes, file: str = "") -> Manifest:
    """The manifest in `data`. Raises InvalidManifest with all problems, each naming `file`.

    Reading stops at the first thing that is not safe, plain data; what a schema cannot say is judged only when
    the schema is content.
    """
    try:
        root = read(data)
        found = list(validation.problems(root, MANIFEST)) or list(checks.problems(root))
    except InvalidDocument as error:
        raise InvalidManifest(in_order(error.problems, file)) from None
    if found:
        raise InvalidManifest(in_order(found, file))
    return Manifest(canonical(root), dict(_places(root)))


def place(places: Mapping[str, tuple[int, int]], path: str) -> tuple[int, int]:
    """Where `path` stands, or what holds it; (0, 0) when nothing of it is known."""
    while path and path not in places:
        path = path.rpartition(".")[0] if not path.endswith("]") else path[: path.rindex("[")]
    line, column = places.get(path, (0, 0))
    return line, column


def _places(root: Node) -> Iterator[tuple[str, tuple[int, int]]]:
    for resource in root.value["spec"].value["resources"].value:
        name = resource.value["name"].value
        yield name, (resource.line, resource.column)
        for part in ("type", "provider"):
            if part in resource.value:
                yield f"{name}.{part}", (resource.value[part].line, resource.value[part].column)
        for part in _PLACED:
            if part in resource.value:
                yield f"{name}.{part}", resource.keys[part]
                yield from _below(resource.value[part], f"{name}.{part}", _PLACED_DEPTH)


def _below(node: Node, path: str, depth: int) -> Iterator[tuple[str, tuple[int, int]]]:
    if depth == 0:
        return
    if isinstance(node.value, dict):
        for key, child in node.value.items():
            yield f"{path}.{key}", node.keys[key]
            yield from _below(child, f"{path}.{key}", depth - 1)
    elif isinstance(node.value, list):
        for index, child in enumerate(node.value):
            yield f"{path}[{index}]", (child.line, child.column)
            yield from _below(child, f"{path}[{index}]", depth - 1)
