"""Taking a change in: the manifest says from now on what is there, and nothing else of it changes, comments included.

Values are replaced where they stand in the text. What the edit came to is read again and held against what it should
have come to: whatever a manifest looks like, it is edited rightly or not at all.
"""

import difflib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from deployforge.drift_detector.v1 import drift_pb2
from deployforge_client.errors import BadRequest
from deployforge_client.manifests import read_manifest

from deployforge_cli.output import console, short


class CannotAdopt(BadRequest):
    """The change cannot be taken in; says why, and what to do instead."""


@dataclass(frozen=True)
class Adopted:
    """One attribute as it is."""

    path: str
    """Dotted, below the resource's properties."""
    value: Any


def into(record: drift_pb2.DriftRecord, path: Path, *, write: bool) -> None:
    """Show the patch that takes a drift into a file, or write it. Raises CannotAdopt, and BadRequest for the file."""
    resource = short(record.urn)
    if record.kind == "missing":
        raise CannotAdopt(f"{resource} is gone: take its declaration out of the manifest by hand")
    try:
        before = read_manifest(path).decode()
    except UnicodeDecodeError:
        raise CannotAdopt(f"{path} is not UTF-8") from None
    after = adopt(before, resource, changes_of(record.attributes))
    if write:
        path.write_text(after, encoding="utf-8")
        console.print(f"{path} says what is there; deployforge apply {path} makes it the desired state")
        return
    patch = difflib.unified_diff(before.splitlines(True), after.splitlines(True), str(path), str(path))
    console.print("".join(patch), end="", markup=False, highlight=False, soft_wrap=True)


def adopt(text: str, resource: str, changes: Iterable[Adopted]) -> str:
    """The manifest with the changes of one resource. Raises CannotAdopt; a text that is no YAML is one, too."""
    for change in changes:
        text = _adopted(text, resource, change)
    return text


def _adopted(text: str, resource: str, change: Adopted) -> str:
    declaration, plain = _resource(text, resource)
    path = change.path
    root = "native" if path.startswith("native.") else "properties"
    parts = path.removeprefix("native.")
    held = _child(declaration, root)
    if held is None:
        start, end, written = _inserting(declaration, root, _nested(parts, change.value), text)
    else:
        node, left = _down(held, parts)
        if left:
            start, end, written = _inserting(node, left.partition(".")[0], _nested(left, change.value), text, inner=True)
        else:
            start, end = node.start_mark.index, _end(node)
            if "${" in text[start:end]:
                raise CannotAdopt(
                    f"{path} of {resource} is {text[start:end]}: change what it refers to, or write the value there"
                )
            written = _spelt(change.value)
    changed = text[:start] + written + text[end:]
    expected = _with(plain.get(root) or {}, parts, change.value)
    if _resource(changed, resource)[1] != {**plain, root: expected}:
        raise CannotAdopt(f"{path} of {resource} stands where it cannot be edited safely; change it by hand")
    return changed


def _resource(text: str, name: str) -> tuple[yaml.MappingNode, dict[str, Any]]:
    """The declaration of a resource, as a node and as values."""
    try:
        root, plain = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise CannotAdopt(f"the manifest is no YAML: {error}") from None
    resources = _child(_child(root, "spec"), "resources")
    for number, node in enumerate(resources.value if isinstance(resources, yaml.SequenceNode) else ()):
        declared = plain["spec"]["resources"][number]
        if isinstance(node, yaml.MappingNode) and declared.get("name") == name:
            return node, declared
    raise CannotAdopt(f"the manifest declares no resource {name}; one that is included is changed where it is declared")


def _child(node: Any, key: str) -> Any:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key:
                return value
    return None


def _down(node: Any, path: str) -> tuple[Any, str]:
    """The node at a path, or the deepest one on the way and what is left of the path. Names may hold dots."""
    if isinstance(node, yaml.MappingNode):
        for name, value in sorted(node.value, key=lambda pair: -len(pair[0].value)):
            if path == name.value:
                return value, ""
            if path.startswith(f"{name.value}.") and isinstance(value, yaml.MappingNode):
                return _down(value, path[len(name.value) + 1 :])
    return node, path


def _inserting(node: Any, key: str, value: Any, text: str, *, inner: bool = False) -> tuple[int, int, str]:
    """Where to write a new key of a mapping, and what."""
    if not isinstance(node, yaml.MappingNode) or any(name.value == key for name, _ in node.value):
        raise CannotAdopt(f"{key} has no place below {text[node.start_mark.index : _end(node)]}; change it by hand")
    line = f"{key}: {_spelt(value[key] if inner else value)}"
    if node.flow_style or not node.value:
        end = _end(node) - 1
        return end, end, f", {line}" if node.value else line
    end = _end(node.value[-1][1])
    return end, end, f"\n{' ' * node.value[0][0].start_mark.column}{line}"


def _nested(path: str, value: Any) -> dict[str, Any]:
    first, _, rest = path.partition(".")
    return {first: _nested(rest, value) if rest else value}


def _with(values: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    for key in sorted(values, key=lambda key: -len(key)):
        if path == key:
            return {**values, key: value}
        if path.startswith(f"{key}.") and isinstance(values[key], dict):
            return {**values, key: _with(values[key], path[len(key) + 1 :], value)}
    return {**values, **_nested(path, value)}


def _end(node: Any) -> int:
    """Where its text ends; a block's end mark stands at whatever comes next."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(last[1] if isinstance(last, tuple) else last)
    return int(node.end_mark.index)


def _spelt(value: Any) -> str:
    """As JSON, which is YAML."""
    return json.dumps(value, ensure_ascii=False)


def changes_of(attributes: Sequence[Any]) -> list[Adopted]:
    """What a drift record found. Raises CannotAdopt for what is gone: nothing can be written for it."""
    if gone := [one.path for one in attributes if not one.actual_json]:
        raise CannotAdopt(f"{', '.join(gone)} is gone: take it out of the manifest by hand")
    if long := [one.path for one in attributes if one.actual_json.startswith('{"$tooLong"')]:
        raise CannotAdopt(f"{', '.join(long)} is too long for a drift record: copy the value from the cloud by hand")
    return [Adopted(one.path, json.loads(one.actual_json)) for one in attributes]
