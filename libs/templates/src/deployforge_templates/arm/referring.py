"""What expressions say of resources: their ids, and what only they tell once they are deployed."""

from typing import Any

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.arm import surroundings
from deployforge_templates.arm.scope import Runtime, Scope
from deployforge_templates.values import Later, Reference, refused


def id(where: Node, given: list[str], start: str) -> str:
    """What `resourceId(…)` comes to below `start`. Raises InvalidDocument."""
    try:
        return surroundings.resource_id(start, given)
    except ValueError as error:
        raise refused(where, f"resourceId: {error}", "a type and as many names as it has parts") from None


def reference_of(id: str, scope: Scope) -> Any:
    """An id; of a resource of the template a reference, so that it is deployed first."""
    name = scope.resources.name_of(id)
    return id if name is None else Later((Reference(f"{name}.id"),), id)


def runtime(where: Node, word: str, scope: Scope) -> Runtime:
    """What `reference(word)` gives. Raises InvalidDocument for what the template does not make."""
    resources = scope.resources
    key = surroundings.found(word, [*resources.made, *resources.deployments], scope.group)
    if key in resources.deployments:
        return Runtime(key, nested=True)
    name = resources.name_of(key) if key else None
    if name is None:
        said = f"reference: {quoted(word)} is not made by this template"
        raise refused(where, said, "a resource of the template", "give what it would tell as a parameter")
    return Runtime(name)


def output(asked: Runtime, where: Node, scope: Scope) -> tuple[Node, Scope] | None:
    """The output of a nested deployment that `outputs.<name>.value` asks for, and where it is evaluated; None where
    nothing is known yet of what is asked."""
    path = asked.path
    if not asked.nested or len(path) < 3:
        return None
    if path[0].lower() != "outputs" or path[2].lower() != "value":
        raise refused(where, f"{'.'.join(path)} of a nested deployment is not known", "outputs.<name>.value")
    nested = scope.resources.deployments[asked.name]
    spelt = {name.lower(): node for name, node in nested.nodes.items()}
    if path[1].lower() not in spelt:
        hint = nearest(path[1], nested.nodes)
        raise refused(where, f"the nested deployment has no output {quoted(path[1])}", ", ".join(nested.nodes), hint)
    found = spelt[path[1].lower()]
    if not isinstance(found.value, dict) or "value" not in found.value:
        raise refused(found, "an output has no value", "value")
    return found.value["value"], nested.scope
