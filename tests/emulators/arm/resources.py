"""Resource groups and resources: made, read, listed, removed; slow ones by long-running operations."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, Final

from tests.emulators.arm import machine_kinds, network_kinds, service_kinds, web_kinds
from tests.emulators.arm.ids import ArmId, group_id
from tests.emulators.arm.kinds import Kind, bad, generic, prepared
from tests.emulators.arm.later import Later
from tests.emulators.arm.replies import Refused
from tests.emulators.store import Clock, Store, iso

KINDS: Final[Mapping[str, Kind]] = {
    k.type.lower(): k for k in (*network_kinds.KINDS, *machine_kinds.KINDS, *service_kinds.KINDS, *web_kinds.KINDS)
}
_NETWORK: Final = "microsoft.network/virtualnetworks"
#: What cannot be removed while another resource names it, and what Azure calls that.
_IN_USE: Final = {
    "microsoft.network/networksecuritygroups": "InUseNetworkSecurityGroupCannotBeDeleted",
    "microsoft.network/virtualnetworks/subnets": "InUseSubnetCannotBeDeleted",
    "microsoft.network/publicipaddresses": "PublicIPAddressCannotBeDeleted",
    "microsoft.network/networkinterfaces": "NicInUse",
    "microsoft.web/serverfarms": "Conflict",
}
LOCATIONS: Final = ("westeurope", "northeurope", "germanywestcentral", "eastus", "westus")


def kind_of(id: ArmId) -> Kind:
    """The type of an id; one that is not modelled if need be."""
    return KINDS.get(id.type.lower()) or generic(id)


def checked_version(id: ArmId, version: str) -> None:
    """Raises Refused for an api-version that the type does not have."""
    kind = KINDS.get(id.type.lower())
    if not version:
        raise Refused(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required")
    if kind is not None and version not in kind.versions:
        known = ", ".join(kind.versions)
        said = (
            f"No registered resource provider found for API version '{version}' for type '{'/'.join(id.types)}'. "
            f"The supported api-versions are '{known}'."
        )
        raise Refused(400, "NoRegisteredProviderFound", said)


def _named(value: Any) -> set[str]:
    """Ids, in lower case, that stand anywhere in properties."""
    if isinstance(value, Mapping):
        return {name for inner in value.values() for name in _named(inner)}
    if isinstance(value, list):
        return {name for inner in value for name in _named(inner)}
    return {value.lower()} if isinstance(value, str) and value.startswith("/subscriptions/") else set()


class Resources:
    """All groups and resources of all subscriptions."""

    def __init__(self, store: Store, clock: Clock, later: Later, lag: float) -> None:
        self._store, self._clock, self._later, self._lag = store, clock, later, lag

    # --- groups -----------------------------------------------------------------------------------------

    def group(self, subscription: str, name: str) -> dict[str, Any]:
        """Raises Refused when there is none."""
        found = self._store.get("group", group_id(subscription, name))
        if found is None:
            said = f"Resource group '{name}' could not be found."
            raise Refused(404, "ResourceGroupNotFound", said, x_ms_failure_cause="gateway")
        return found

    def put_group(self, subscription: str, name: str, body: Any) -> tuple[dict[str, Any], bool]:
        """The group, and whether it is new."""
        before = self._store.get("group", group_id(subscription, name))
        location = str((body or {}).get("location") or "").lower().replace(" ", "")
        if location not in LOCATIONS:
            said = f"The provided location '{location}' is not available for resource group. Available: {', '.join(LOCATIONS)}."
            raise Refused(400, "LocationNotAvailableForResourceGroup", said)
        if before is not None and before["location"] != location:
            said = f"Invalid resource group location '{location}'. The Resource group already exists in '{before['location']}'."
            raise Refused(409, "InvalidResourceGroupLocation", said)
        made: dict[str, Any] = {
            "id": group_id(subscription, name), "name": name, "type": "Microsoft.Resources/resourceGroups", "location": location,
            "tags": dict((body or {}).get("tags") or {}), "properties": {"provisioningState": "Succeeded"},
        }  # fmt: skip
        self._store.put("group", made["id"], made)
        return made, before is None

    def groups(self, subscription: str) -> list[dict[str, Any]]:
        """All of a subscription."""
        return [body for _, body in self._store.below("group", f"/subscriptions/{subscription}/")]

    # --- resources --------------------------------------------------------------------------------------

    def find(self, id: str) -> dict[str, Any] | None:
        """A resource as it is shown, or None."""
        body = self._store.get("resource", id)
        if body is not None:
            body.pop("hidden", None)
        if body is not None and body["type"].lower() == _NETWORK:
            body["properties"]["subnets"] = [
                {"id": s["id"], "name": s["name"], "type": s["type"], "properties": s["properties"]}
                for _, s in self._store.below("resource", f"{id}/subnets/")
            ]
        return body

    def read(self, id: ArmId) -> dict[str, Any]:
        """Raises Refused when it is not there."""
        found = self.find(str(id))
        if found is not None:
            return found
        if id.group:
            self.group(id.subscription, id.group)
        said = f"The Resource '{id.type}/{id.name}' under resource group '{id.group}' was not found."
        raise Refused(404, "ResourceNotFound", said, x_ms_failure_cause="gateway")

    def hidden(self, id: str) -> dict[str, Any]:
        """What was put and is never shown."""
        return dict((self._store.get("resource", id) or {}).get("hidden") or {})

    def below(self, prefix: str) -> Iterator[dict[str, Any]]:
        """Resources whose ids begin so."""
        return (self.find(key) or body for key, body in list(self._store.below("resource", prefix)))

    def put(self, id: ArmId, body: Any, version: str, *, now: float | None = None) -> tuple[dict[str, Any], bool]:
        """Make or replace a resource at once; it, and whether it is new. Raises Refused as its provider would."""
        checked_version(id, version)
        kind = kind_of(id)
        if id.group:
            self.group(id.subscription, id.group)
        if not isinstance(body, Mapping):
            raise bad(id, "The request content was invalid and could not be deserialized", "InvalidRequestContent")
        before = self.find(str(id))
        if before is not None and before["properties"].get("provisioningState") == "Deleting":
            raise bad(id, f"The resource '{id.name}' is being deleted", "ResourceBeingDeleted", 409)
        self._enveloped(id, kind, body, before)
        made = prepared(kind, id, body, before, self.find)
        if kind.global_name:
            holder = self._store.get("taken", f"{id.type}/{id.name}")
            if holder is not None and holder["id"] != id.key:
                raise bad(id, f"The name {id.name} is already taken.", "NameAlreadyTaken", 409)
            self._store.put("taken", f"{id.type}/{id.name}", {"id": id.key})
        at = self._clock.now() if now is None else now
        made["createdTime"] = before.get("createdTime", iso(at)) if before is not None else iso(at)
        made["changedTime"] = iso(at)
        inner = made["properties"].pop("subnets", None) if id.type.lower() == _NETWORK else None
        self._store.put("resource", str(id), made)
        if inner is not None:
            self._inline_subnets(id, inner, version)
        self._graphed(id.key)
        return self.find(str(id)) or made, before is None

    def _enveloped(self, id: ArmId, kind: Kind, body: Mapping[str, Any], before: Mapping[str, Any] | None) -> None:
        if kind.tracked:
            location = str(body.get("location") or "").lower().replace(" ", "")
            if location not in (*LOCATIONS, "global"):
                said = f"The provided location '{location}' is not available for resource type '{id.type}'."
                raise bad(id, said, "LocationRequired" if not location else "LocationNotAvailableForResourceType")
            if before is not None and before.get("location") != location:
                said = f"The resource '{id.name}' already exists in location '{before.get('location')}'."
                raise bad(id, said, "InvalidResourceLocation", 409)
        tags = body.get("tags") or {}
        if (
            not isinstance(tags, Mapping)
            or len(tags) > 50
            or any(len(str(k)) > 512 or set(str(k)) & set("<>%&\\?/") for k in tags)
        ):
            raise bad(
                id,
                "Tag names have at most 512 characters and none of <>%&\\?/; there are at most 50",
                "InvalidTagNameCharacters",
            )
        known = {"location", "tags", "properties", "sku", "kind", "identity", "plan", "zones", "managedBy", "extendedLocation",
                 "scope", "id", "name", "type", "etag"}  # fmt: skip
        if extra := sorted(set(body) - known):
            raise bad(id, f"Could not find member '{extra[0]}' on object of type 'Resource'", "InvalidRequestContent")

    def _inline_subnets(self, id: ArmId, wanted: Any, version: str) -> None:
        names = {str(s.get("name", "")).lower() for s in wanted}
        for key, _ in list(self._store.below("resource", f"{id}/subnets/")):
            if key.rpartition("/")[2] not in names:
                self.drop(key)
        for one in wanted:
            inner = ArmId(id.subscription, id.group, id.namespace, (*id.types, "subnets"), (*id.names, one["name"]))
            self.put(inner, {"properties": copy.deepcopy(one.get("properties") or {})}, version)

    def patched(self, id: ArmId, body: Any, version: str) -> dict[str, Any]:
        """Tags and properties put over those that are there."""
        before = self.read(id)
        merged = {k: v for k, v in before.items() if k in ("location", "sku", "kind", "identity", "tags")}
        properties = {k: v for k, v in before["properties"].items() if k not in ("provisioningState", "subnets")}
        kind = kind_of(id)
        if kind.allowed is not None:
            properties = {k: v for k, v in properties.items() if k in kind.allowed}
        merged |= {k: v for k, v in (body or {}).items() if k != "properties"}
        return self.put(id, {**merged, "properties": {**properties, **((body or {}).get("properties") or {})}}, version)[0]

    def mark(self, id: ArmId, state: str) -> dict[str, Any]:
        """Show a resource in a state on its way."""
        body = self._store.get("resource", str(id))
        assert body is not None
        body["properties"]["provisioningState"] = state
        self._store.put("resource", str(id), body)
        return self.find(str(id)) or body

    def may_delete(self, id: ArmId) -> None:
        """Raises Refused when something stands in the way."""
        if not kind_of(id).deletable:
            raise Refused(405, "MethodNotAllowed", f"The resource type {id.type} does not support DELETE")
        if (code := _IN_USE.get(id.type.lower())) is None:
            return
        for key, body in self._store.below("resource"):
            if not key.startswith(id.key) and not id.key.startswith(f"{key}/") and id.key in _named(body["properties"]):
                said = f"{id.type} {id.name} cannot be deleted because it is in use by the following resources: {key}."
                raise bad(id, said, code)

    def drop(self, id: str) -> None:
        """Remove a resource with all below it, at once."""
        gone = [id.lower(), *(key for key, _ in self._store.below("resource", f"{id.lower()}/"))]
        for key in gone:
            body = self._store.get("resource", key)
            if body is not None:
                self._store.drop("taken", f"{body['type']}/{body['name']}")
            self._store.drop("resource", key)
            self._graphed(key)

    def drop_group(self, id: str) -> None:
        """Remove a group with everything in it, its deployments too."""
        for key, _ in list(self._store.below("resource", f"{id}/")):
            self.drop(key)
        for key, _ in list(self._store.below("deployment", f"{id}/")):
            self._store.drop("deployment", key)
        self._store.drop("group", id)

    # --- what takes time --------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do what has become due."""
        for effect, target in self._later.due():
            self._effect(effect, target)

    def _effect(self, effect: str, target: str) -> None:
        if effect == "drop":
            self.drop(target)
        elif effect == "drop-group":
            self.drop_group(target)
        elif effect == "ready" and self.find(target) is not None:
            self.mark(ArmId.parse(target), "Succeeded")
        elif effect == "graph":
            self._into_graph(target)

    def _graphed(self, key: str) -> None:
        if self._lag <= 0:
            self._into_graph(key)
        else:
            self._later.begin("graph", key, seconds=self._lag)

    def _into_graph(self, key: str) -> None:
        body = self._store.get("resource", key)
        # Resource Graph lists tracked resources; children such as queues and containers are not in its tables.
        if body is None or "location" not in body:
            self._store.drop("graph", key)
        else:
            self._store.put("graph", key, self.find(key))
