"""The properties of a resource as arguments of Terraform."""

import re
from collections.abc import Mapping
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.deployment_manager.types import ITEMS, SHORT, GoogleType, Nested, Spec
from deployforge_templates.values import at, key_place, refused

_INDEXED: Final = re.compile(r"([A-Za-z0-9]+)(?:\[([0-9]+)\])?")


def arguments(kind: str, of: GoogleType, name: str, properties: Node) -> Node:
    """What Terraform is told of a resource. Raises InvalidDocument for a property that has no counterpart."""
    own = dict(properties.value) if isinstance(properties.value, dict) else {}
    for field in of.required:
        if field not in own:
            raise refused(properties, f"{kind} has no {field}: without it Terraform makes another thing", field)
    argument, said = of.named
    called = own.pop(said, own.pop("name", at(properties, name)) if said != "name" else at(properties, name))
    body = at(properties, own)
    found = {argument: called, **_translated(kind, of.properties, body, body)}
    if of.terraform == "google_compute_instance":
        found = _disks(found)
    return at(properties, found)


def _translated(kind: str, spec: Spec, node: Node, around: Node) -> dict[str, Node]:
    if not isinstance(node.value, dict):
        raise refused(around, f"{kind}: properties are no mapping", "name: value")
    found: dict[str, Node] = {}
    for name, child in node.value.items():
        place = key_place(node, name, child)
        if name not in spec:
            said = f"{kind}: {name} has no counterpart that is known to be the same"
            raise refused(place, said, ", ".join(spec), nearest(name, spec))
        how = spec[name]
        if isinstance(how, str):
            if how.startswith("=") and child.value != how[1:]:
                raise refused(place, f"{kind}: {name} {quoted(child.plain())} is not made by Terraform", how[1:])
            if how and not how.startswith("="):
                found[how] = _value(name, child)
        elif how.items:
            found[how.argument] = _several(kind, how, child)
        else:
            inner = _translated(kind, how.properties, child, place)
            found |= inner if how.inlined else {how.argument: at(child, inner)}
    return found


def _several(kind: str, how: Nested, node: Node) -> Node:
    if not isinstance(node.value, list):
        raise refused(node, "is no list", "a list")
    return at(node, [at(item, _translated(kind, how.properties, item, item)) for item in node.value])


def _value(name: str, node: Node) -> Node:
    if name in SHORT and isinstance(node.value, str):
        return at(node, node.value.rpartition("/")[2])
    if name in ITEMS and isinstance(node.value, dict):
        items = node.value.get("items")
        if set(node.value) - {"items", "kind"} or items is None or not isinstance(items.value, list):
            raise refused(node, f"{name} has something beside items", "items")
        if name == "tags":
            return at(items, items.value)
        return at(node, {str(_field(item, "key").value): _field(item, "value") for item in items.value})
    return node


def _field(node: Node, name: str) -> Node:
    if not isinstance(node.value, dict) or name not in node.value:
        raise refused(node, f"has no {name}", "key and value")
    found: Node = node.value[name]
    return found


def _disks(found: Mapping[str, Node]) -> dict[str, Node]:
    """The disks of an instance: one that it starts from, and those that are attached."""
    rest = {name: node for name, node in found.items() if name != "disk"}
    for disk in found["disk"].value if "disk" in found else ():
        fields = dict(disk.value)
        starts = fields.pop("boot", None)
        if starts is not None and starts.value is True:
            rest["boot_disk"] = at(disk, fields)
            continue
        if "source" not in fields or set(fields) - {"source", "device_name", "mode"}:
            said = "a disk that is made with an instance, and does not start it, is a resource of its own"
            raise refused(disk, said, "source, deviceName, mode")
        there = rest.get("attached_disk")
        rest["attached_disk"] = at(disk, [*(there.value if there is not None else ()), at(disk, fields)])
    return rest


def attribute(of: GoogleType, path: str) -> str | None:
    """What `$(ref.name.path)` asks for, in Terraform's words; None where that is not known."""
    if path in of.told:
        return of.told[path]
    if path == of.named[1] or path == "name":
        return of.named[0]
    return _argument_path(of.properties, path.split("."))


def _argument_path(spec: Spec, path: list[str]) -> str | None:
    matched = _INDEXED.fullmatch(path[0])
    how: Any = spec.get(matched[1]) if matched is not None else None
    if matched is None or how is None or (isinstance(how, str) and how[:1] in ("", "=")):
        return None
    if isinstance(how, str):
        step = how if matched[2] is None else f"{how}.{matched[2]}"
        return step if len(path) == 1 else None
    inner = _argument_path(how.properties, path[1:]) if len(path) > 1 else None
    if inner is None or how.argument == "disk":
        return None
    steps = [how.argument, *([matched[2]] if how.items and matched[2] is not None else []), inner]
    return ".".join(step for step in steps if step)
