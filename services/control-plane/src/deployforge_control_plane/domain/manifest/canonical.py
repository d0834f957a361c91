"""The canonical form of a valid manifest: defaults filled in, durations in seconds, parameters put in their places.

It is what every other service reads. The order of keys and of resources does not matter to it, so two texts that
mean the same have the same digest.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployforge_documents.reading import Node

from deployforge_control_plane.domain.manifest import durations
from deployforge_control_plane.domain.manifest.references import PARAMETERS, references
from deployforge_control_plane.domain.manifest.schema import MANIFEST, Schema
from deployforge_control_plane.domain.manifest.validation import branch

_ACCOUNT = {"azure": ("subscription", "resourceGroup"), "gcp": ("project",)}
"""Which fields of a provider name its account; others say `account`. In Azure a deployment, a credential and a name end
at a resource group."""

_ADAPTERS = {("gcp", "deployment-manager"): "gcp-deployment-manager"}
"""Engines of a provider that are adapters of their own: what the other services know as the type."""


def canonical(root: Node) -> dict[str, Any]:
    """The canonical form of a tree that has no problems."""
    filled = _filled(root, MANIFEST)
    spec = filled.pop("spec")
    del spec["includes"]  # None are left: see checks.
    values = {name: _value(declared) for name, declared in spec["parameters"].items()}
    only = next(iter(spec["providers"])) if len(spec["providers"]) == 1 else None
    resources = [_resource(resource, only, values) for resource in spec["resources"]]
    return {
        **filled,
        **spec,
        "providers": {alias: _provider(provider) for alias, provider in spec["providers"].items()},
        "resources": sorted(resources, key=lambda resource: str(resource["name"])),
        "outputs": _substituted(spec["outputs"], values),
    }


@dataclass(frozen=True)
class _Secret:
    """A secret by its reference; its value is known only where a cloud is called."""

    reference: str


def _value(declared: Mapping[str, Any]) -> Any:
    return _Secret(declared["from"]) if declared["type"] == "secret" else declared.get("value", declared.get("default"))


def _filled(node: Node, schema: Schema) -> Any:
    """The plain value of `node` with the defaults of `schema`, all the way down, and durations in seconds."""
    if "oneOf" in schema:
        chosen = branch(node, schema)
        return node.plain() if chosen is None else _filled(node, chosen)
    if schema.get("format") == "duration":
        return durations.seconds(node.value)
    if isinstance(node.value, list):
        items = schema.get("items")
        return [_filled(child, items) if items else child.plain() for child in node.value]
    if not isinstance(node.value, dict):
        return node.value
    fields: Mapping[str, Schema] = schema.get("properties", {})
    others = schema.get("additionalProperties")
    filled = {}
    for name, child in node.value.items():
        inner = fields.get(name, others if isinstance(others, dict) else None)
        filled[name] = _filled(child, inner) if inner is not None else child.plain()
    for name, inner in fields.items():
        if name not in filled and "default" in inner:
            filled[name] = default(inner)
    return filled


def default(schema: Schema) -> Any:
    """The default of a field in canonical form: an object's own defaults included."""
    given = schema["default"]
    if isinstance(given, dict | list):
        return _filled(_tree(given), schema)
    return durations.seconds(given) if schema.get("format") == "duration" else given


def _tree(value: Any) -> Node:
    if isinstance(value, dict):
        return Node({key: _tree(child) for key, child in value.items()}, 0, 0)
    return Node([_tree(child) for child in value] if isinstance(value, list) else value, 0, 0)


def _provider(provider: dict[str, Any]) -> dict[str, Any]:
    named = _ACCOUNT.get(provider["type"], ("account",))
    rest = {name: value for name, value in provider.items() if name not in ("region", *named)}
    return {
        **rest,
        "type": _ADAPTERS.get((provider["type"], provider.get("engine", "")), provider["type"]),
        "account": "/".join(provider.get(name, "") for name in named),
        "location": provider.get("region", provider.get("location", "")),
    }


def _resource(resource: dict[str, Any], only: str | None, values: Mapping[str, Any]) -> dict[str, Any]:
    alias, slash, _ = resource["type"].partition("/")
    return {
        **resource,
        "provider": alias if slash else resource.get("provider", only),
        "dependsOn": sorted(set(resource["dependsOn"])),
        **{part: _substituted(resource[part], values) for part in ("properties", "native", "initial", "import")},
    }


def _substituted(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        return {key: _substituted(child, values) for key, child in value.items()}
    if isinstance(value, list):
        return [_substituted(child, values) for child in value]
    return _text(value, values) if isinstance(value, str) and f"${{{PARAMETERS}." in value else value


def _text(text: str, values: Mapping[str, Any]) -> Any:
    """`text` with its parameters put in. A string that is one reference takes the value's own type."""
    parts, at = [], 0
    for found in references(text):
        if found.name != PARAMETERS or found.attribute not in values:
            continue  # a resource: that is known only when a cloud is called
        if (found.start, found.end) == (0, len(text)):
            return _literal(values[found.attribute])
        parts += [text[at : found.start], _shown(values[found.attribute])]
        at = found.end
    return "".join((*parts, text[at:]))


def _literal(value: Any) -> Any:
    """A parameter's value is data: what looks like a reference in it stays literal. A secret is one."""
    if isinstance(value, _Secret):
        return f"${{{value.reference}}}"
    if isinstance(value, dict):
        return {key: _literal(child) for key, child in value.items()}
    if isinstance(value, list):
        return [_literal(child) for child in value]
    return value.replace("${", "$${") if isinstance(value, str) else value


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(_literal(value))
