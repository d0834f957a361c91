"""The resources of a template and of those nested in it, one by one: loops unrolled, conditions decided, names known."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.arm import evaluator
from deployforge_templates.arm.known import settled
from deployforge_templates.arm.scope import Outputs, Scope
from deployforge_templates.values import Later, Reference, joined, key_place, refused

#: Of a resource: what becomes a property, and what says how it is declared.
BODY: Final = ("location", "sku", "kind", "identity", "plan", "zones", "tags", "properties", "managedBy")
_HOW: Final = (
    "type", "name", "apiVersion", "dependsOn", "condition", "copy", "resources", "comments", "metadata", "existing",
)  # fmt: skip
_FIELDS: Final = {name.lower(): name for name in (*BODY, *_HOW)}
_NOT_HERE: Final = {
    "scope": "resources of another scope are not deployed here",
    "extendedLocation": "extended locations are not deployed here",
    "subscriptionId": "another subscription is another provider: include its template",
    "resourceGroup": "another resource group is another provider: include its template",
    "asserts": "asserts are not evaluated",
}
DEPLOYMENT: Final = "microsoft.resources/deployments"
_DEEPEST: Final = 5


@dataclass
class Declared:
    """One resource. `name` may hold parameters that are kept; `id` is what it comes to now."""

    node: Node
    fields: Mapping[str, Node]
    scope: Scope
    type: str
    name: Any
    id: str
    words: tuple[str, ...]
    """What else it is called by: its symbol, its loop, the nested deployments around it."""
    parent: "Declared | None" = None
    needs: tuple[tuple[Node, Scope], ...] = ()
    """dependsOn, its own and those of the deployments around it."""
    after: list["Declared"] = field(default_factory=list)
    """What a serial loop makes before it."""


@dataclass(frozen=True)
class Around:
    """What holds for all resources that are listed together."""

    scope: Scope
    parent: Declared | None = None
    words: tuple[str, ...] = ()
    needs: tuple[tuple[Node, Scope], ...] = ()
    depth: int = 0


def listed(resources: Node, around: Around) -> Iterator[Declared]:
    """Every resource of a list, or of a mapping from symbols. Raises InvalidDocument."""
    if not isinstance(resources.value, dict | list):
        raise refused(resources, "resources are no list", "a list")
    pairs = resources.value.items() if isinstance(resources.value, dict) else (("", node) for node in resources.value)
    for symbol, node in pairs:
        fields = _fields(node)
        loop = fields.get("copy")
        if loop is None:
            yield from _one(node, fields, around, symbol)
            continue
        name, count, serial = _loop(loop, around.scope)
        before: list[Declared] = []
        for index in range(count):
            turn = replace(around, scope=around.scope.within(name, index), words=(*around.words, name))
            made = list(_one(node, fields, turn, symbol))
            for one in made:
                one.after += before if serial else []
            before = made
            yield from made


def _fields(node: Node) -> Mapping[str, Node]:
    if not isinstance(node.value, dict):
        raise refused(node, "a resource is no mapping", "type, apiVersion and name")
    found = {}
    for name, child in node.value.items():
        place = key_place(node, name)
        if name in _NOT_HERE:
            raise refused(place, f"{name}: {_NOT_HERE[name]}", "a resource without it")
        if name.lower() not in _FIELDS:
            raise refused(
                place, f"unknown field {quoted(name)}", ", ".join(_FIELDS.values()), nearest(name, _FIELDS.values())
            )
        found[_FIELDS[name.lower()]] = child
    return found


def _loop(loop: Node, scope: Scope) -> tuple[str, int, bool]:
    fields = loop.value if isinstance(loop.value, dict) else {}
    if not {"name", "count"} <= fields.keys():
        raise refused(loop, "a loop has name and count", "name, count")
    mode = fields.get("mode")
    serial = mode is not None and str(mode.value).lower() == "serial"
    return str(fields["name"].value), evaluator.count_of(fields["count"], scope), serial


def _text(node: Node | None, owner: Node, field: str, scope: Scope) -> Any:
    found = evaluator.plain(node, scope) if node is not None else None
    if not isinstance(found, str | Later) or (isinstance(found, Later) and not isinstance(found.now, str)):
        raise refused(node or owner, f"{field} is no text that is known now", "text")
    return found


def _one(node: Node, fields: Mapping[str, Node], around: Around, symbol: str) -> Iterator[Declared]:
    scope, parent = around.scope, around.parent
    condition = fields.get("condition")
    if condition is not None:
        holds = settled(condition, evaluator.plain(condition, scope), scope)
        if not isinstance(holds, bool):
            raise refused(condition, f"a condition is {holds}", "true or false")
        if not holds:
            return
    existing = fields.get("existing")
    if existing is not None and existing.value is True:
        return
    kind, name = str(_text(fields.get("type"), node, "type", scope)), _text(fields.get("name"), node, "name", scope)
    if parent is not None:
        kind, name = f"{parent.type}/{kind}", joined([parent.name, "/", name])
    needs = (*around.needs, *((need, scope) for need in _needs(fields)))
    if kind.lower() == DEPLOYMENT:
        yield from _nested(node, fields, replace(around, needs=needs), str(now(name)), symbol)
        return
    version = fields.get("apiVersion")
    if version is None:
        raise refused(node, "a resource has no apiVersion", "a date such as 2024-05-01")
    made = Declared(
        node, fields, scope, kind, name, _id(fields["name"], kind, name, scope), (symbol, *around.words), parent, needs
    )
    yield made
    if "resources" in fields:
        yield from listed(fields["resources"], replace(around, parent=made, needs=()))


def now(name: Any) -> Any:
    """The name as it is at present."""
    return name.now if isinstance(name, Later) else name


def _needs(fields: Mapping[str, Node]) -> list[Node]:
    given = fields.get("dependsOn")
    if given is None:
        return []
    if not isinstance(given.value, list):
        raise refused(given, "dependsOn is no list", "a list")
    return given.value


def _id(node: Node, kind: str, name: Any, scope: Scope) -> str:
    namespace, *types = kind.split("/")
    names = str(now(name)).split("/")
    if not types or len(types) != len(names):
        raise refused(
            node, f"{kind} has {len(types)} names, and {quoted(now(name))} has {len(names)}", "as many names as types"
        )
    return f"{scope.group}/providers/{namespace}" + "".join(f"/{t}/{n}" for t, n in zip(types, names, strict=True))


def last(name: Any) -> Any:
    """The own name of what is called `parent/child`."""
    if not isinstance(name, Later):
        return str(name).rpartition("/")[2]
    for index in range(len(name.parts) - 1, -1, -1):
        part = name.parts[index]
        if isinstance(part, str) and "/" in part:
            rest = (part.rpartition("/")[2], *name.parts[index + 1 :])
            told = str(name.now).rpartition("/")[2]
            own = joined([Later((piece,)) if isinstance(piece, Reference) else piece for piece in rest])
            return replace(own, now=told) if isinstance(own, Later) else told
    return name if "/" not in str(name.now) else str(name.now).rpartition("/")[2]


def _nested(node: Node, fields: Mapping[str, Node], around: Around, name: str, symbol: str) -> Iterator[Declared]:
    """The resources of a nested deployment; whoever waits for it waits for each of them."""
    properties = fields.get("properties")
    held = properties.value if properties is not None and isinstance(properties.value, dict) else {}
    for link in ("templateLink", "parametersLink"):
        if link in held:
            raise refused(held[link], f"{link}: a template elsewhere is not fetched", "the template itself", "include it")
    mode = held.get("mode")
    if mode is not None and str(mode.value).lower() != "incremental":
        raise refused(mode, f"mode {mode.value} deletes what no template names", "Incremental")
    template = held.get("template")
    if template is None or not isinstance(template.value, dict) or "resources" not in template.value:
        raise refused(properties or node, "a nested deployment has no template", "template")
    if around.depth >= _DEEPEST:
        raise refused(node, f"deployments are nested deeper than {_DEEPEST} levels", f"at most {_DEEPEST} levels")
    scope = _inner(held, template, around.scope) if _is_inner(held) else around.scope
    outputs = template.value.get("outputs")
    told = Outputs(outputs.value if outputs is not None and isinstance(outputs.value, dict) else {}, scope)
    words = tuple(
        word for word in (symbol, name, f"{around.scope.group}/providers/Microsoft.Resources/deployments/{name}") if word
    )
    for word in words:
        around.scope.resources.deployments[word.lower()] = told
    inner = Around(scope, None, (*around.words, *words), around.needs, around.depth + 1)
    yield from listed(template.value["resources"], inner)


def _is_inner(held: Mapping[str, Node]) -> bool:
    options = held.get("expressionEvaluationOptions")
    scope = options.value.get("scope") if options is not None and isinstance(options.value, dict) else None
    return scope is not None and str(scope.value).lower() == "inner"


def _inner(held: Mapping[str, Node], template: Node, outer: Scope) -> Scope:
    """The scope of a template that is evaluated for itself, with parameters from the one around it."""
    declared, given = (_mapping(template.value.get("parameters")), _mapping(held.get("parameters")))
    scope = replace(outer, parameters={}, variables=_mapping(template.value.get("variables")), loops=(), open=())
    values: dict[str, Any] = {}
    for name, node in declared.items():
        told = given.get(name)
        fields = _mapping(told if told is not None else node)
        value = fields.get("value" if told is not None else "defaultValue")
        if value is None:
            raise refused(told or node, f"parameter {quoted(name)} of the nested deployment has no value", "value")
        where = outer if told is not None else scope
        values[name.lower()] = _later(value, where)
    scope.parameters.update(values)
    return scope


def _later(node: Node, scope: Scope) -> Any:
    return lambda: evaluator.plain(node, scope)


def _mapping(node: Node | None) -> Mapping[str, Node]:
    return node.value if node is not None and isinstance(node.value, dict) else {}
