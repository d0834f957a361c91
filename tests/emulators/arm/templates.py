"""An ARM template with its parameters: what it wants made, in which order, and what it gives back."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from tests.emulators.arm import parameters
from tests.emulators.arm.expressions import PURE, Function, Unknown, evaluate, invalid, resource_id
from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.replies import Refused
from tests.emulators.arm.resources import checked_version

BYTES: Final = 4 * 1024 * 1024
RESOURCES: Final = 800
_TOP: Final = frozenset(
    {
        "$schema",
        "contentVersion",
        "languageVersion",
        "metadata",
        "parameters",
        "variables",
        "functions",
        "resources",
        "outputs",
        "apiProfile",
    }
)
_REFERENCES: Final = re.compile(r"\breference\s*\(", re.IGNORECASE)


@dataclass
class Planned:
    """One resource of a template."""

    id: ArmId
    version: str
    raw: dict[str, Any]
    needs: list[str]
    """Keys of resources of the same template that come first."""


class Template:
    """A template in its place. Raises Refused (InvalidTemplate) for what Azure would not take."""

    def __init__(self, properties: Any, group: Mapping[str, Any], deployment: str, find: Callable[[str], Any]) -> None:
        body = properties if isinstance(properties, Mapping) else {}
        if "templateLink" in body or "parametersLink" in body:
            raise invalid("templates by link are not modelled by this emulator")
        self._raw: Any = body.get("template")
        if not isinstance(self._raw, Mapping) or not isinstance(self._raw.get("resources"), list):
            raise invalid("the template must be an object with 'resources'")
        if not self._raw.get("$schema") or not self._raw.get("contentVersion"):
            raise invalid("Required property '$schema' or 'contentVersion' not found in JSON")
        if extra := sorted(set(self._raw) - _TOP):
            raise invalid(f"Could not find member '{extra[0]}' on object of type 'Template'")
        if len(json.dumps(self._raw)) > BYTES:
            raise Refused(413, "RequestEntityTooLarge", f"The template has more than {BYTES} bytes")
        if self._raw.get("functions"):
            raise invalid("user-defined functions are not modelled by this emulator")
        self._group, self._find, self._deployment = group, find, deployment
        _, _, self.subscription, _, self.group = str(group["id"]).split("/")
        self._declared: Mapping[str, Any] = self._raw.get("parameters") or {}
        self.parameters = parameters.given(
            self._declared, body.get("parameters") or {}, lambda found: self._functions(found, None)
        )
        self._variables = self._raw.get("variables") or {}

    def shown_parameters(self) -> dict[str, Any]:
        """Types and values, without those of secrets."""
        return parameters.shown(self._declared, self.parameters)

    # --- resources --------------------------------------------------------------------------------------

    def planned(self) -> list[Planned]:
        """Every resource, with the others that must be there first."""
        functions = self._functions(self.parameters, None)
        found: dict[str, Planned] = {}
        wishes: dict[str, list[str]] = {}
        implied: dict[str, list[str]] = {}
        for raw, needs in self._flat(self._raw["resources"], "", "", functions):
            name, kind = str(evaluate(raw["name"], functions)), str(raw["type"])
            namespace, *types = kind.split("/")
            names = name.split("/")
            if len(types) != len(names) or not types:
                raise invalid(f"The template resource '{name}' for type '{kind}' has incorrect segment lengths")
            scope = str(evaluate(raw["scope"], functions)) if raw.get("scope") else ""
            if scope and not scope.startswith("/"):
                inner, _, rest = scope.partition("/providers/")
                scope = f"/subscriptions/{self.subscription}/resourceGroups/{self.group}/providers/{(inner + '/' + rest).strip('/')}"
            id = ArmId(self.subscription, self.group, namespace, tuple(types), tuple(names), scope)
            version = str(evaluate(raw["apiVersion"], functions))
            checked_version(id, version)
            if id.key in found:
                raise invalid(f"The resource '{id}' is defined multiple times in a template")
            found[id.key] = Planned(id, version, raw, [])
            wishes[id.key] = [str(evaluate(n, functions)) for n in [*(raw.get("dependsOn") or ()), *needs]]
            implied[id.key] = self._referenced(raw)
        if len(found) > RESOURCES:
            raise invalid(
                f"The number of template resources limit exceeded. Limit: '{RESOURCES}' and actual: '{len(found)}'"
            )
        for key, one in found.items():
            looked = [wish for wish in implied[key] if self._find(wish) is None or wish.lower() in found]
            one.needs = sorted({need for wish in [*wishes[key], *looked] for need in self._resolved(wish, key, found)})
        _acyclic(found)
        return list(found.values())

    def _flat(self, raws: Any, kind: str, name: str, functions: Mapping[str, Function]) -> Any:
        for raw in raws:
            if not isinstance(raw, Mapping) or not all(raw.get(k) for k in ("type", "name", "apiVersion")):
                raise invalid("every resource needs 'type', 'name' and 'apiVersion'")
            if "copy" in raw:
                raise invalid("'copy' loops are not modelled by this emulator")
            if str(raw["type"]).lower() == "microsoft.resources/deployments":
                raise invalid("nested deployments are not modelled by this emulator")
            if "condition" in raw and not evaluate(raw["condition"], functions):
                continue
            own = dict(raw)
            if kind:
                own["type"], own["name"] = f"{kind}/{raw['type']}", f"{name}/{evaluate(raw['name'], functions)}"
            yield own, []
            yield from self._flat(
                own.pop("resources", None) or (), own["type"], evaluate(own["name"], functions), functions
            )

    def _referenced(self, raw: Mapping[str, Any]) -> list[str]:
        """What `reference(…)` names in a resource: an order that nobody has to write down."""
        found: list[str] = []

        def note(target: str, *_: Any) -> Any:
            found.append(target)
            return Unknown()

        def walk(value: Any) -> None:
            if isinstance(value, str) and _REFERENCES.search(value):
                try:
                    evaluate(value, {**self._functions(self.parameters, None), "reference": note})
                except Refused:
                    return  # functions that choke on what is unknown; the first names have been noted by then
            for inner in value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ():
                walk(inner)

        walk(raw.get("properties"))
        return found

    def _resolved(self, wish: str, by: str, found: Mapping[str, Planned]) -> list[str]:
        if wish.lower() in found:
            return [] if wish.lower() == by else [wish.lower()]
        named = [key for key, one in found.items() if _is_called(one, wish)]
        if named:
            return [key for key in named if key != by]
        raise invalid(f"The resource '{wish}' is not defined in the template")

    # --- evaluation -------------------------------------------------------------------------------------

    def body(self, one: Planned) -> dict[str, Any]:
        """What is put for a resource, once those before it exist."""
        functions = self._functions(self.parameters, self._reference)
        raw = {
            k: v
            for k, v in one.raw.items()
            if k not in ("type", "name", "apiVersion", "dependsOn", "comments", "condition", "scope", "resources")
        }
        return dict(evaluate(raw, functions))

    def outputs(self) -> dict[str, Any]:
        """Name → {type, value}; secure ones without value."""
        functions = self._functions(self.parameters, self._reference)
        found = {}
        for name, about in (self._raw.get("outputs") or {}).items():
            kind = parameters.spelt(about["type"])
            secure = about["type"].lower().startswith("secure")
            found[name] = {"type": kind} if secure else {"type": kind, "value": evaluate(about["value"], functions)}
        return found

    def _reference(self, target: str, version: str = "", full: str = "") -> Any:
        at = target
        if not target.startswith("/"):
            at = next((str(p.id) for p in self.planned() if _is_called(p, target)), target)
        there = self._find(at)
        if there is None:
            raise Refused(404, "ResourceNotFound", f"The Resource '{target}' was not found.")
        return there if full.lower() == "full" else there["properties"]

    def _functions(self, given: Mapping[str, Any], reference: Function | None) -> Mapping[str, Function]:
        def variable(name: str) -> Any:
            return evaluate(self._variables[name], self._functions(given, reference))

        def parameter(name: str) -> Any:
            if name not in given:
                raise invalid(f"The template parameter '{name}' is not found")
            return given[name]

        own: dict[str, Function] = {
            **PURE,
            "parameters": parameter,
            "variables": variable,
            "resourcegroup": lambda: {k: self._group[k] for k in ("id", "name", "location", "tags", "properties")},
            "subscription": lambda: {
                "id": f"/subscriptions/{self.subscription}",
                "subscriptionId": self.subscription,
                "tenantId": "00000000-0000-0000-0000-000000000001",
            },
            "tenant": lambda: {"tenantId": "00000000-0000-0000-0000-000000000001"},
            "deployment": lambda: {"name": self._deployment},
            "resourceid": lambda *a: resource_id(self.subscription, self.group, a),
            "subscriptionresourceid": lambda *a: resource_id(self.subscription, None, a),
        }
        return own if reference is None else {**own, "reference": reference}


def _is_called(one: Planned, name: str) -> bool:
    names = "/".join(one.id.names)
    return name.lower() in (names.lower(), f"{one.id.type}/{names}".lower())


def _acyclic(found: Mapping[str, Planned]) -> None:
    left = {key: set(one.needs) for key, one in found.items()}
    while ready := [key for key, needs in left.items() if not needs & left.keys()]:
        for key in ready:
            del left[key]
    if left:
        round_ = ", ".join(sorted(str(found[k].id) for k in left))
        raise Refused(
            400,
            "InvalidTemplate",
            f"Deployment template validation failed: 'Circular dependency detected on resource: {round_}.'",
        )
