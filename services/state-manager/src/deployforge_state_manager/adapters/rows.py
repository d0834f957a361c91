"""One event → the rows that it adds to the read models. The same rows whether the event has just happened or is read
again from the log: nothing here depends on the time or on other rows.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deployforge_chassis.sealing import Sealer
from pydantic_core import from_json, to_json

from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource

#: Of one resource; clouds allow 50.
_TAGS_AT_MOST: Final = 64
#: Tags by which people say whose something is, in order of trust.
_OWNERS: Final = ("owner", "team", "contact")

PLACE: Final = (
    "namespace", "name", "type", "native_type", "provider", "provider_type", "account", "location", "physical_id",
    "criticality", "owner", "tags",
)  # fmt: skip
INVENTORY: Final = ("urn", "deployment_id", *PLACE, "version", "changed_at")
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "versions": (
        "deployment_id", "version", "namespace", "name", "desired_version", "request_id", "plan_id", "effective_at",
        "recorded_at", "body",
    ),
    "good_versions": ("deployment_id", "version", "recorded_at"),
    "requests": ("deployment_id", "kind", "id", "body"),
    "resource_history": (
        "deployment_id", "urn", "resource_version", "position", "from_version", "effective_at", "recorded_at", "body",
        *PLACE,
    ),
    "drift_notes": ("deployment_id", "urn", "position", "drift", "effective_at", "recorded_at"),
    "inventory": INVENTORY,
}  # fmt: skip
"""In the order in which rows have their values."""

Added = tuple[str, tuple[Any, ...]]
"""A table and a row for it."""


def plain(event: Any) -> dict[str, Any]:
    """The state of an event as it is stored: JSON's own types only."""
    state: dict[str, Any] = from_json(to_json({k: v for k, v in vars(event).items() if not k.startswith("originator_")}))
    return state


class Rows:
    """Makes rows, bodies sealed."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def of(self, kind: type[Any], position: int, state: Mapping[str, Any]) -> Iterator[Added]:
        """The rows that an event adds: its class, its place in its stream, its state as stored."""
        if kind is Resource.Recorded:
            yield self._recorded(position, state)
        elif kind is Resource.Removed:
            yield self._removed(position, state)
            # What is gone is not drifted either: that is forgotten with it.
            yield _drift(position, state, "", state["at"]["effective_at"])
        elif kind is Resource.DriftNoted:
            yield _drift(position, state, state["drift"], state["since"] or state["timestamp"])
        elif kind is Deployment.VersionRecorded:
            yield self._version(state)
        elif kind is Deployment.VersionMarkedGood:
            yield "good_versions", (state["deployment_id"], state["version"], state["timestamp"])
        elif kind is Deployment.Requested:
            yield self._request(state["deployment_id"], "asked", state["asked"]["request_id"], state["asked"])
        elif kind is Deployment.PlanReleased:
            yield self._request(state["deployment_id"], "released", state["released"]["plan_id"], state["released"])
        elif kind is Deployment.Imported:
            origin = state["origin"]
            for version, recorded_at in enumerate(origin["recorded_at"], 1):
                yield self._request(state["deployment_id"], "origin", str(version), {**origin, "recorded_at": recorded_at})

    def _recorded(self, position: int, e: Mapping[str, Any]) -> Added:
        s, at, id, version = e["state"], e["at"], e["deployment_id"], e["resource_version"]
        sealed = self._sealed(id, {**s, "resource_version": version}, f"resource|{id}|{s['urn']}|{version}")
        return "resource_history", (
            id, s["urn"], version, position, at["version"], at["effective_at"], e["timestamp"], sealed, *place(e),
        )  # fmt: skip

    @staticmethod
    def _removed(position: int, e: Mapping[str, Any]) -> Added:
        return "resource_history", (
            e["deployment_id"], e["urn"], e["resource_version"], position, e["at"]["version"], e["at"]["effective_at"],
            e["timestamp"], None, *(None for _ in PLACE),
        )  # fmt: skip

    def _version(self, e: Mapping[str, Any]) -> Added:
        v, id = e["verified"], e["deployment_id"]
        body = {**v, "digest": e["digest"], "resources": len(e["urns"]), "removed": e["removed"]}
        return "versions", (
            id, e["version"], v["namespace"], v["name"], e["desired_version"], v["request_id"], v["plan_id"],
            v["effective_at"], e["timestamp"], self._sealed(id, body, f"version|{id}|{e['version']}"),
        )  # fmt: skip

    def _request(self, deployment_id: str, kind: str, id: str, what: Any) -> Added:
        return "requests", (deployment_id, kind, id, self._sealed(deployment_id, what, f"{kind}|{deployment_id}|{id}"))

    def _sealed(self, deployment_id: str, body: Any, place: str) -> bytes:
        return self._sealer.seal(UUID(deployment_id), to_json(body), place)


def _drift(position: int, e: Mapping[str, Any], drift: str, since: str) -> Added:
    return "drift_notes", (e["deployment_id"], e["urn"], position, drift, since, e["timestamp"])


def place(e: Mapping[str, Any]) -> tuple[Any, ...]:
    """What of a recorded resource is in clear, in order of PLACE."""
    s = e["state"]
    found = tags(s["desired_json"])
    return (
        e["namespace"], e["name"], s["type"], s["native_type"], s["provider"], s["provider_type"], s["account"],
        s["location"], s["physical_id"], s["criticality"], owner(found), listed(found),
    )  # fmt: skip


def strays(position: int, e: Mapping[str, Any]) -> tuple[dict[str, tuple[Any, ...]], list[str]]:
    """What an Account.Changed event makes of the inventory: rows by urn in order of INVENTORY, and urns that go."""
    prefix = f"urn:cloud:{e['provider_type']}:{e['account']}:{e['location']}:{e['native_type']}:"
    found = {
        f"{prefix}{s['physical_id']}": (
            f"{prefix}{s['physical_id']}", None, "", "", e["type"], e["native_type"], e["provider_type"],
            e["provider_type"], e["account"], e["location"], s["physical_id"], "normal", owner(s["tags"]),
            listed(s["tags"]), position, e["at"],
        )
        for s in e["found"]
    }  # fmt: skip
    return found, [f"{prefix}{id}" for id in e["gone"]]


def tags(desired_json: str) -> Mapping[str, str]:
    """The tags among desired values: an object in the unified vocabulary, a list of Key and Value in AWS's own."""
    if '"tags"' not in desired_json and '"Tags"' not in desired_json:
        return {}
    values = from_json(desired_json)
    found = values.get("tags") or values.get("Tags") or {}
    if isinstance(found, list):
        found = {t["Key"]: t.get("Value", "") for t in found if isinstance(t, dict) and "Key" in t}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def listed(found: Mapping[str, str]) -> list[str]:
    """Tags as `key=value`, in order."""
    return [f"{key}={value}" for key, value in sorted(found.items())[:_TAGS_AT_MOST]]


def owner(found: Mapping[str, str]) -> str:
    """Whose it is, as far as its tags say; empty when they do not."""
    by_word = {key.lower(): value for key, value in sorted(found.items(), reverse=True)}
    return next((by_word[word] for word in _OWNERS if by_word.get(word)), "")
