"""The resource types that the emulator knows by name: versions, names, properties, what Azure adds to them.

Written after Microsoft's published REST reference of each provider; only what a deployment of ours touches is checked.
A type that is not here is accepted with its envelope checked and its properties as they come.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.replies import Refused

Properties = dict[str, Any]
Finder = Callable[[str], dict[str, Any] | None]
_ANY: Final = re.compile(r".{1,260}")


@dataclass(frozen=True)
class Kind:
    """One type."""

    type: str
    versions: tuple[str, ...]
    names: re.Pattern[str] = _ANY
    tracked: bool = True
    """Has location and tags of its own."""
    allowed: frozenset[str] | None = None
    """Names of its properties; None lets every one pass."""
    required: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    """Cannot be changed once the resource exists."""
    hidden: tuple[str, ...] = ()
    """Taken and never given back."""
    rules: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    skus: tuple[str, ...] = ()
    computed: Callable[[ArmId, Properties, str], Properties] = lambda id, properties, location: {}
    check: Callable[[ArmId, Properties, Finder], None] = lambda id, properties, find: None
    deletable: bool = True
    slow: bool = False
    """Made and removed by a long-running operation."""
    listed: bool = False
    """Not shown by GET: `POST …/list` tells it to whoever may do that."""
    global_name: bool = False
    """The name may exist once in all of Azure."""


def bad(id: ArmId, message: str, code: str = "BadRequest", status: int = 400) -> Refused:
    """A resource provider's refusal."""
    return Refused(status, code, message, target=id.name)


def names(pattern: str) -> re.Pattern[str]:
    """A rule for names."""
    return re.compile(pattern)


def prepared(
    kind: Kind, id: ArmId, body: Mapping[str, Any], before: Mapping[str, Any] | None, find: Finder
) -> dict[str, Any]:
    """The resource as it will be kept. Raises Refused as its provider would."""
    if not kind.names.fullmatch(id.name):
        raise bad(id, f"'{id.name}' is not a valid name of {kind.type}: {kind.names.pattern}", "InvalidResourceName")
    given = dict(body.get("properties") or {})
    if kind.allowed is not None and (extra := sorted(set(given) - kind.allowed)):
        raise bad(id, f"Could not find member '{extra[0]}' on object of type '{kind.type}'", "InvalidRequestContent")
    if missing := [n for n in kind.required if given.get(n) is None and (before is None or n not in before["properties"])]:
        raise bad(id, f"Required property '{missing[0]}' of '{id.name}' is missing", "InvalidRequestContent")
    for name, rule in kind.rules.items():
        if given.get(name) is not None and not rule(given[name]):
            raise bad(id, f"The value {given[name]!r} of property '{name}' of '{id.name}' is invalid", "InvalidParameter")
    sku = body.get("sku") or (before or {}).get("sku")
    if kind.skus and (not isinstance(sku, Mapping) or sku.get("name") not in kind.skus):
        raise bad(id, f"The sku of '{id.name}' must be one of {', '.join(kind.skus)}", "InvalidSku")
    properties = {**kind.defaults, **given}
    for name in kind.fixed:
        was = (before or {"properties": {}})["properties"].get(name)
        if before is not None and properties.get(name) != was and (was is not None or name in given):
            said = f"Property '{name}' of '{id.name}' cannot be changed from {was!r} to {properties.get(name)!r}"
            raise bad(id, said, "PropertyChangeNotAllowed", 409)
    kind.check(id, properties, find)
    shown = {n: v for n, v in properties.items() if n not in kind.hidden}
    kept = {n: v for n, v in properties.items() if n in kind.hidden}
    made: dict[str, Any] = {
        "id": str(id),
        "name": "/".join(id.names) if not kind.tracked and id.parent is None else id.name,
        "type": id.type,
    }
    for name in ("sku", "kind", "identity", "plan", "zones", "managedBy", "extendedLocation"):
        value = body.get(name, (before or {}).get(name))
        if value is not None:
            made[name] = value
    if body.get("location") or kind.tracked:
        made["location"] = str(body.get("location") or (before or {}).get("location")).lower().replace(" ", "")
    if kind.tracked or body.get("tags"):
        made["tags"] = dict(body.get("tags") or {})
    shown |= kind.computed(id, shown, made.get("location", ""))
    made["properties"] = {**shown, "provisioningState": "Succeeded"}
    if kept:
        made["hidden"] = {**(before or {}).get("hidden", {}), **kept}
    return made


def generic(id: ArmId) -> Kind:
    """A type that is not modelled."""
    return Kind(id.type, (), tracked=len(id.types) == 1)
