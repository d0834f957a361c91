"""What is known now and what later: values of expressions between trees, plain data and texts of the manifest."""

from typing import Any

from deployforge_documents.reading import Node

from deployforge_templates.arm.scope import Runtime, Scope
from deployforge_templates.values import UNKNOWN, Later, Reference, refused


def within(node: Node, offset: int) -> Node:
    """The place in a text, where the text stands in the file as it is."""
    simple = not set(str(node.value)) & set('\\"\n')
    return Node(None, node.line, node.column + offset + 1 if simple else node.column, file=node.file)


def untree(node: Node) -> Any:
    """A tree without its places."""
    if isinstance(node.value, dict):
        return {key: untree(child) for key, child in node.value.items()}
    return [untree(item) for item in node.value] if isinstance(node.value, list) else node.value


def shown(node: Node, found: Any) -> Any:
    """A value as a property has it: what a resource will tell as a text that is known later."""
    if isinstance(found, dict):
        return {key: shown(node, inner) for key, inner in found.items()}
    if isinstance(found, list):
        return [shown(node, item) for item in found]
    if not isinstance(found, Runtime):
        return found
    if not found.path or found.nested or not all(step.isidentifier() for step in found.path):
        raise refused(node, f"reference(…) of {found.name} is more than a text", "one property of it, such as .ipAddress")
    return Later((Reference(f"{found.name}.{'.'.join(found.path)}"),))


def settled(node: Node, found: Any, scope: Scope, *, fix: bool = True) -> Any:
    """A value without anything that is known later. Raises InvalidDocument. `fix`: the parameters in it decide something,
    and are fixed by that; what only names a resource decides nothing."""
    if isinstance(found, dict):
        return {key: settled(node, inner, scope, fix=fix) for key, inner in found.items()}
    if isinstance(found, list):
        return [settled(node, item, scope, fix=fix) for item in found]
    if isinstance(found, Runtime):
        found = shown(node, found)
    if not isinstance(found, Later):
        return found
    if found.now is UNKNOWN:
        said = ", ".join(f"${{{part.target}}}" for part in found.parts if isinstance(part, Reference))
        raise refused(node, f"{said} is known only when it is deployed, or has no value", "a value that is known now")
    if fix:
        scope.decide(found)
    return found.now
