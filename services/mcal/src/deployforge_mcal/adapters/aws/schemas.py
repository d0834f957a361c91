"""Property semantics of AWS resource types, from the schemas that AWS publishes and cfn-lint bundles.

Only the data files are read: importing cfn-lint itself costs seconds and memory that this service has no use for.
"""

import importlib.util
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

#: The region with the most types; a type's schema is the same file wherever it exists.
_REGION: Final = "us-east-1"


class UnknownType(LookupError):
    """AWS publishes no schema of that name."""


@dataclass(frozen=True)
class Schema:
    """The schema of one resource type."""

    type: str
    body: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """Property name → its schema."""
        return dict(self.body.get("properties", {}))

    @property
    def required(self) -> frozenset[str]:
        """Properties that must be given."""
        return frozenset(self.body.get("required", ()))

    @cached_property
    def create_only(self) -> frozenset[str]:
        """Paths whose change always replaces the resource, `KeySchema` or `A.B`."""
        names = (*self.body.get("createOnlyProperties", ()), *self.body.get("conditionalCreateOnlyProperties", ()))
        return frozenset(map(_dotted, names))

    @cached_property
    def read_only(self) -> frozenset[str]:
        """Paths that the cloud sets."""
        return frozenset(map(_dotted, self.body.get("readOnlyProperties", ())))

    @cached_property
    def write_only(self) -> frozenset[str]:
        """Paths that can be set but never read."""
        return frozenset(map(_dotted, self.body.get("writeOnlyProperties", ())))

    @property
    def identifier(self) -> tuple[str, ...]:
        """Properties that identify a resource to CloudFormation's import."""
        return tuple(map(_dotted, self.body.get("primaryIdentifier", ())))

    @property
    def tag_property(self) -> str:
        """The property that holds tags, or an empty string."""
        tagging = self.body.get("tagging", {})
        taggable = tagging.get("taggable", False) and tagging.get("tagOnCreate", True)
        name = _dotted(tagging.get("tagProperty", "/properties/Tags"))
        return name if taggable and name in self.properties else ""

    @property
    def tags_are_list(self) -> bool:
        """Whether tags are a list of {Key, Value} and not a mapping."""
        return self.resolve(self.properties.get(self.tag_property, {})).get("type") == "array"

    def permissions(self, *handlers: str) -> list[str]:
        """IAM actions that these handlers (create, read, update, delete, list) need."""
        every = self.body.get("handlers", {})
        found = {action for name in handlers for action in every.get(name, {}).get("permissions", ())}
        if set(handlers) & {"create", "update"}:
            found |= set(self.body.get("tagging", {}).get("permissions", ()))
        return sorted(found)

    def resolve(self, schema: Any) -> Mapping[str, Any]:
        """A property's schema with its `$ref` followed."""
        while isinstance(schema, Mapping) and "$ref" in schema:
            target: Any = self.body
            for step in str(schema["$ref"]).removeprefix("#/").split("/"):
                target = target.get(step, {}) if isinstance(target, Mapping) else {}
            schema = target
        return schema if isinstance(schema, Mapping) else {}

    @cached_property
    def set_paths(self) -> tuple[str, ...]:
        """Paths of lists whose order means nothing."""
        return tuple(sorted(self._sets(self.body, "", 0)))

    def _sets(self, schema: Mapping[str, Any], prefix: str, depth: int) -> Iterator[str]:
        if depth > 6:
            return
        for name, raw in schema.get("properties", {}).items():
            inner = self.resolve(raw)
            path = f"{prefix}.{name}" if prefix else name
            if inner.get("type") == "array":
                if inner.get("insertionOrder") is False or (
                    inner.get("uniqueItems") and inner.get("insertionOrder") is None
                ):
                    yield path
            else:
                yield from self._sets(inner, path, depth + 1)


def _dotted(pointer: str) -> str:
    return pointer.removeprefix("/properties/").replace("/", ".")


@lru_cache(maxsize=1)
def bundled() -> Path:
    """The directory of what cfn-lint bundles, found without importing it."""
    spec = importlib.util.find_spec("cfnlint")
    assert spec is not None, "cfn-lint is a dependency"
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "data"


@lru_cache(maxsize=1)
def index() -> Mapping[str, str]:
    found: dict[str, str] = json.loads((bundled() / "schemas" / "providers" / f"{_REGION}.json").read_text())
    return found


def types() -> tuple[str, ...]:
    """Every type that has a schema."""
    return tuple(sorted(name for name in index() if name.startswith("AWS::")))


@lru_cache(maxsize=256)
def load(type_name: str) -> Schema:
    """The schema of a type. Raises UnknownType."""
    digest = index().get(type_name)
    if digest is None:
        raise UnknownType(type_name)
    return Schema(type_name, json.loads((bundled() / "schemas" / "resources" / f"{digest}.json").read_text()))
