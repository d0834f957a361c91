"""One resource of a template: its type, its properties, and what the manifest says of its life."""

import re
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.cloudformation.evaluator import Evaluator
from deployforge_templates.imported import ImportedResource
from deployforge_templates.values import at, key_place, refused

_FIELDS: Final = (
    "Type", "Properties", "DependsOn", "Condition", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy",
    "UpdatePolicy",
)  # fmt: skip
_REFUSED: Final = {
    "CreationPolicy": "waits for signals, which a manifest does not know",
    "UpdatePolicy": "says how CloudFormation updates, which a manifest does not know",
}
_HELPERS: Final = ("AWS::CloudFormation::Init", "AWS::CloudFormation::Authentication")
_ENGINE: Final = {
    "AWS::CloudFormation::Stack": "a nested stack: include its template",
    "AWS::CloudFormation::CustomResource": "a custom resource is a function that runs when the stack changes",
    "AWS::CloudFormation::WaitCondition": "waits for signals of a stack",
    "AWS::CloudFormation::WaitConditionHandle": "waits for signals of a stack",
    "AWS::CloudFormation::Macro": "a macro changes templates in AWS alone",
}
_TYPE: Final = re.compile(r"[A-Za-z0-9]+(::[A-Za-z0-9]+){2,3}")
_KEEPS: Final = ("Retain", "RetainExceptOnCreate")


def is_made(e: Evaluator, node: Node) -> bool:
    """Whether the resource's condition holds. Raises InvalidDocument."""
    if not isinstance(node.value, dict):
        raise refused(node, "a resource is no mapping", "Type and Properties")
    condition = node.value.get("Condition")
    if condition is None:
        return True
    if not isinstance(condition.value, str):
        raise refused(condition, "Condition takes the name of a condition", "a name")
    return e.holds(condition.value, condition)


def resource(e: Evaluator, id: str, root: Node, node: Node) -> ImportedResource:
    """The resource. Raises InvalidDocument for the first thing that cannot be taken over."""
    for field in node.value:
        place = key_place(node, field)
        if field in _REFUSED:
            raise refused(place, f"{field} {_REFUSED[field]}", "a resource without it")
        if field not in _FIELDS:
            raise refused(place, f"unknown field {quoted(field)}", ", ".join(_FIELDS), nearest(field, _FIELDS))
    _check_metadata(node)
    return ImportedResource(
        name=e.names.made[id],
        type=f"{e.given.alias}/{_type(node)}",
        properties=_properties(e, node),
        source=_place_of(root, id, node),
        depends_on=tuple(sorted(_depends(e, node))),
        retain=_retained(node),
    )


def _place_of(root: Node, id: str, node: Node) -> Node:
    return key_place(root.value["Resources"], id, node)


def _type(node: Node) -> str:
    kind = node.value.get("Type")
    if kind is None or not isinstance(kind.value, str):
        raise refused(kind or node, "a resource has no Type", "such as AWS::SNS::Topic")
    name = kind.value
    if name in _ENGINE or name.startswith("Custom::"):
        why = _ENGINE.get(name, _ENGINE["AWS::CloudFormation::CustomResource"])
        raise refused(kind, f"{name} is part of CloudFormation itself: {why}", "a resource of a service")
    if name.startswith("AWS::Serverless::"):
        raise refused(kind, f"{name} needs the transform AWS::Serverless", "what the transform makes of it")
    if name.endswith("::MODULE"):
        raise refused(kind, f"{name} is a module, which only AWS can open", "the resources in it")
    if not _TYPE.fullmatch(name):
        raise refused(kind, f"{quoted(name)} is no type", "such as AWS::SNS::Topic")
    return name


def _check_metadata(node: Node) -> None:
    metadata = node.value.get("Metadata")
    if metadata is None or not isinstance(metadata.value, dict):
        return
    for name in _HELPERS:
        if name in metadata.value:
            said = f"{name} is read from the stack by helper scripts"
            raise refused(key_place(metadata, name), said, "a resource without it")


def _properties(e: Evaluator, node: Node) -> Node:
    given = node.value.get("Properties")
    if given is None or given.value is None:
        return at(node, {})
    found = e.value(given)
    if not isinstance(found.value, dict):
        raise refused(given, "Properties are no mapping", "name: value")
    return found


def _depends(e: Evaluator, node: Node) -> set[str]:
    given = node.value.get("DependsOn")
    if given is None:
        return set()
    found = set()
    for item in given.value if isinstance(given.value, list) else [given]:
        id = str(item.value)
        if id in e.names.made:
            found.add(e.names.made[id])
        elif id not in e.names.left_out:
            raise refused(item, f"unknown resource {quoted(id)}", "a resource", nearest(id, e.names.made))
    return found


def _retained(node: Node) -> bool:
    deleted, replaced = _policy(node, "DeletionPolicy"), _policy(node, "UpdateReplacePolicy")
    if replaced in _KEEPS and deleted not in _KEEPS:
        said = "UpdateReplacePolicy keeps what DeletionPolicy deletes"
        raise refused(node.value["UpdateReplacePolicy"], said, "one policy for both")
    return deleted in _KEEPS


def _policy(node: Node, field: str) -> str:
    given: Any = node.value.get(field)
    if given is None:
        return "Delete"
    if given.value == "Snapshot":
        raise refused(given, f"{field} Snapshot: no snapshot is made here", "Retain or Delete")
    if given.value not in ("Delete", *_KEEPS):
        raise refused(given, f"{field} is {quoted(given.plain())}", "Retain or Delete")
    return str(given.value)
