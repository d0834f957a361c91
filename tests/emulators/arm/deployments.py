"""Deployments to a resource group: resources in the order of their dependencies, each taking its time.

Nothing runs in the background: every request first does what has become due (`settle`), in the order in which it did,
so that a process that was killed in the middle goes on where it was.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.arm.faults import Faults
from tests.emulators.arm.ids import group_id
from tests.emulators.arm.replies import Refused
from tests.emulators.arm.resources import Resources
from tests.emulators.arm.templates import Planned, Template
from tests.emulators.store import Clock, Store, iso

OVER: Final = ("Succeeded", "Failed", "Canceled")
_KEEP: Final = 800


def _key(group: str, name: str) -> str:
    return f"{group}/providers/Microsoft.Resources/deployments/{name}"


class Deployments:
    """All deployments of all groups."""

    def __init__(self, store: Store, clock: Clock, resources: Resources, faults: Faults, seconds: float) -> None:
        self._store, self._clock, self._resources, self._faults, self._seconds = store, clock, resources, faults, seconds

    # --- asked ------------------------------------------------------------------------------------------

    def template(self, subscription: str, group: str, name: str, body: Any) -> Template:
        """The template of a request. Raises Refused."""
        properties = (body or {}).get("properties") or {}
        if properties.get("mode") not in ("Incremental", "Complete"):
            raise Refused(400, "InvalidRequestContent", "The deployment's mode must be Incremental or Complete")
        return Template(properties, self._resources.group(subscription, group), name, self._resources.find)

    def begin(self, subscription: str, group: str, name: str, body: Any, correlation: str) -> tuple[dict[str, Any], bool]:
        """Start one; what is answered, and whether it is new."""
        if (body or {})["properties"].get("mode") != "Incremental":
            raise Refused(400, "InvalidDeploymentMode", "Complete mode is not modelled by this emulator")
        template = self.template(subscription, group, name, body)
        before = self._store.get("deployment", _key(group_id(subscription, group), name))
        if before is not None and before["state"] not in OVER:
            said = f"Unable to edit or replace deployment '{name}': previous deployment from '{before['began_at']}' is still active"
            raise Refused(409, "DeploymentActive", said)
        if before is None and sum(1 for _ in self._store.below("deployment", group_id(subscription, group) + "/")) >= _KEEP:
            raise Refused(
                409, "DeploymentQuotaExceeded", f"Creating the deployment '{name}' would exceed the quota of '{_KEEP}'."
            )
        planned, now = template.planned(), self._clock.now()
        kept = {
            "id": _key(self._resources.group(subscription, group)["id"], name), "name": name, "subscription": subscription,
            "group": group, "body": body, "state": "Running", "began": now, "began_at": iso(now), "ended": None, "correlation": correlation,
            "hash": template_hash((body or {})["properties"]["template"]), "parameters": template.shown_parameters(), "outputs": None, "error": None,
            "tags": (body or {}).get("tags") or {},
            "operations": [
                {
                    "number": hashlib.sha256(f"{name}{p.id.key}".encode()).hexdigest()[:16].upper(), "id": str(p.id), "key": p.id.key,
                    "type": p.id.type, "name": p.id.name, "version": p.version, "needs": p.needs, "state": "Waiting",
                    "began": None, "due": None, "error": None,
                }
                for p in planned
            ],
        }  # fmt: skip
        self._store.put("deployment", kept["id"], kept)
        return self.shown(kept, state="Accepted"), before is None

    def get(self, subscription: str, group: str, name: str) -> dict[str, Any]:
        """As it is kept. Raises Refused when there is none."""
        kept = self._store.get("deployment", _key(group_id(subscription, group), name))
        if kept is None:
            said = f"Deployment '{name}' could not be found."
            raise Refused(404, "DeploymentNotFound", said, x_ms_failure_cause="gateway")
        return kept

    def every(self, subscription: str, group: str) -> list[dict[str, Any]]:
        """All of a group, as they are shown."""
        self._resources.group(subscription, group)
        return [self.shown(kept) for _, kept in self._store.below("deployment", group_id(subscription, group) + "/")]

    def cancel(self, subscription: str, group: str, name: str) -> None:
        """Stop one: what has begun is finished, nothing else is begun."""
        kept = self.get(subscription, group, name)
        if kept["state"] in OVER:
            said = f"The deployment '{name}' cannot be cancelled because its provisioning state is '{kept['state']}'."
            raise Refused(409, "DeploymentCannotBeCancelled", said)
        kept |= {"state": "Canceled", "ended": self._clock.now()}
        kept["error"] = {"code": "DeploymentCanceled", "message": f"The deployment '{name}' was cancelled."}
        self._store.put("deployment", kept["id"], kept)

    def forget(self, subscription: str, group: str, name: str) -> bool:
        """Remove the record of one; its resources stay. Whether there was one."""
        try:
            kept = self.get(subscription, group, name)
        except Refused:
            return False
        if kept["state"] not in OVER:
            raise Refused(409, "DeploymentActive", f"The deployment '{name}' is still active")
        self._store.drop("deployment", kept["id"])
        return True

    # --- going on ---------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Let every running deployment do what it would have done by now."""
        now = self._clock.now()
        for _, kept in list(self._store.below("deployment")):
            if kept["state"] not in OVER:
                self._advance(kept, now)
                self._store.put("deployment", kept["id"], kept)

    def _advance(self, kept: dict[str, Any], now: float) -> None:
        template = self.template(kept["subscription"], kept["group"], kept["name"], kept["body"])
        planned = {p.id.key: p for p in template.planned()}
        at = kept["began"]
        while True:
            self._start(kept, at)
            running = [o for o in kept["operations"] if o["state"] == "Running"]
            if not running:
                break
            one = min(running, key=lambda o: o["due"])
            if one["due"] > now:
                return
            at = one["due"]
            self._finish(one, planned[one["key"]], template, at)
        self._end(kept, template, at)

    def _start(self, kept: dict[str, Any], at: float) -> None:
        done = {o["key"] for o in kept["operations"] if o["state"] == "Succeeded"}
        for one in kept["operations"]:
            if one["state"] == "Waiting" and done.issuperset(one["needs"]):
                one |= {"state": "Running", "began": at, "due": at + self._seconds + self._faults.delay(one["id"])}

    def _finish(self, one: dict[str, Any], planned: Planned, template: Template, at: float) -> None:
        try:
            if (trouble := self._faults.of_resource(one["id"])) is not None:
                raise trouble
            _, created = self._resources.put(planned.id, template.body(planned), planned.version, now=at)
            one |= {"state": "Succeeded", "status": "Created" if created else "OK"}
        except Refused as refused:
            one |= {
                "state": "Failed",
                "status": _WORDS.get(refused.status, "BadRequest"),
                "error": {**refused.error(), "target": one["id"]},
            }
        one["ended"] = at

    def _end(self, kept: dict[str, Any], template: Template, at: float) -> None:
        failed = [o for o in kept["operations"] if o["state"] == "Failed"]
        kept |= {"ended": at, "state": "Failed" if failed else "Succeeded"}
        if failed:
            kept["error"] = {
                "code": "DeploymentFailed", "target": kept["id"],
                "message": "At least one resource deployment operation failed. Please list deployment operations for details. "
                "Please see https://aka.ms/arm-deployment-operations for usage details.",
                "details": [o["error"] for o in failed],
            }  # fmt: skip
            return
        try:
            kept["outputs"] = template.outputs()
        except Refused as refused:
            kept |= {
                "state": "Failed",
                "error": {"code": "DeploymentOutputEvaluationFailed", "message": refused.message, "target": kept["id"]},
            }

    # --- shown ------------------------------------------------------------------------------------------

    def shown(self, kept: Mapping[str, Any], *, state: str = "") -> dict[str, Any]:
        """DeploymentExtended."""
        until = kept["ended"] or self._clock.now()
        providers: dict[str, set[str]] = {}
        for o in kept["operations"]:
            namespace, _, rest = o["type"].partition("/")
            providers.setdefault(namespace, set()).add(rest)
        properties: dict[str, Any] = {
            "templateHash": kept["hash"], "parameters": kept["parameters"], "mode": "Incremental",
            "provisioningState": state or kept["state"], "timestamp": iso(until), "duration": f"PT{max(0.0, until - kept['began']):.7f}S",
            "correlationId": kept["correlation"],
            "providers": [
                {"namespace": n, "resourceTypes": [{"resourceType": t, "locations": [None]} for t in sorted(types)]}
                for n, types in sorted(providers.items())
            ],
            "dependencies": [
                {
                    "dependsOn": [_named(kept, need) for need in o["needs"]],
                    "id": o["id"], "resourceType": o["type"], "resourceName": o["name"],
                }
                for o in kept["operations"] if o["needs"]
            ],
        }  # fmt: skip
        if kept["outputs"] is not None:
            properties["outputs"] = kept["outputs"]
        if kept["error"]:
            properties["error"] = kept["error"]
        if kept["state"] == "Succeeded" and not state:
            properties["outputResources"] = [{"id": o["id"]} for o in kept["operations"]]
        found = {
            "id": kept["id"],
            "name": kept["name"],
            "type": "Microsoft.Resources/deployments",
            "properties": properties,
        }
        return {**found, "tags": kept["tags"]} if kept["tags"] else found

    def operations(self, kept: Mapping[str, Any]) -> list[dict[str, Any]]:
        """DeploymentOperation of everything that has begun."""
        return [self._operation(kept, o) for o in kept["operations"] if o["state"] != "Waiting"]

    def _operation(self, kept: Mapping[str, Any], o: Mapping[str, Any]) -> dict[str, Any]:
        until = o.get("ended") or self._clock.now()
        properties: dict[str, Any] = {
            "provisioningOperation": "Create", "provisioningState": o["state"], "timestamp": iso(until),
            "duration": f"PT{max(0.0, until - o['began']):.7f}S",
            "targetResource": {"id": o["id"], "resourceType": o["type"], "resourceName": o["name"]},
        }  # fmt: skip
        if o["state"] != "Running":
            properties["statusCode"] = o["status"]
        if o["error"]:
            properties["statusMessage"] = {"status": "Failed", "error": o["error"]}
        return {"id": f"{kept['id']}/operations/{o['number']}", "operationId": o["number"], "properties": properties}


_WORDS: Final = {400: "BadRequest", 403: "Forbidden", 404: "NotFound", 409: "Conflict", 429: "TooManyRequests"}


def _named(kept: Mapping[str, Any], key: str) -> dict[str, str]:
    one = next(o for o in kept["operations"] if o["key"] == key)
    return {"id": one["id"], "resourceType": one["type"], "resourceName": one["name"]}


def template_hash(template: Any) -> str:
    """A number of 17 to 20 digits, as Azure gives one; the same for the same template, not Azure's own value."""
    return str(int.from_bytes(hashlib.sha256(json.dumps(template, sort_keys=True).encode()).digest()[:8], "big"))
