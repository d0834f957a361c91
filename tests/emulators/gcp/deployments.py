"""Deployments, revisions, previews: begun by a call, advanced by the clock. Killed at any moment, what was running goes
on where it was."""

import uuid
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.faults import Faults
from tests.emulators.gcp.access import Access
from tests.emulators.gcp.objects import Objects
from tests.emulators.gcp.opentofu import OpenTofu
from tests.emulators.gcp.replies import Refused
from tests.emulators.gcp.services import Services, stamp
from tests.emulators.gcp.terraform import Change, Document, Engine, Invalid, empty_state, parsed, unpacked
from tests.emulators.store import Clock, Store

Body = dict[str, Any]
_TYPE: Final = "type.googleapis.com/google.cloud.config.v1."
_HIDDEN: Final = ("state_file", "run", "operation", "lock")


class Deployments:
    """What Infrastructure Manager has."""

    def __init__(
        self, store: Store, clock: Clock, services: Services, objects: Objects, access: Access, faults: Faults, seconds: float,
        tofu: OpenTofu | None = None,
    ) -> None:  # fmt: skip
        self._store, self._clock, self._services, self._objects = store, clock, services, objects
        self._access, self._faults, self._seconds = access, faults, seconds
        self._engine, self._tofu = Engine(services), tofu
        self._ran: dict[str, Document] = {}

    # --- asked ----------------------------------------------------------------------------------------

    def get(self, name: str) -> Body:
        """A deployment as it is shown. Raises Refused."""
        return _shown(self._deployment(name))

    def listed(self, kind: str, parent: str) -> list[Body]:
        """Deployments, revisions, previews or operations of a parent."""
        return [_shown(body) for _, body in self._store.below(kind, f"{parent}/")]

    def found(self, kind: str, name: str) -> Body:
        """One of them. Raises Refused."""
        body = self._store.get(kind, name)
        if body is None:
            raise Refused(404, f"Resource '{name}' was not found")
        return _shown(body)

    # --- changed --------------------------------------------------------------------------------------

    def begin(self, name: str, given: Mapping[str, Any], *, new: bool, request: str) -> Body:
        """Create or update; the operation. The same request twice is one. Raises Refused."""
        if request and (before := self._store.get("request", f"{name}/{request}")) is not None:
            return self.found("operation", before["operation"])
        kept = self._store.get("deployment", name)
        if new and kept is not None:
            raise Refused(409, f"Resource '{name}' already exists")
        if not new:
            kept = self._deployment(name)
            self._idle(kept)
        if not given.get("serviceAccount") and kept is None:
            raise Refused(400, "Field 'deployment.service_account' is required")
        if "gcsSource" not in (given.get("terraformBlueprint") or {}):
            raise Refused(400, "The emulator takes blueprints from Cloud Storage only")
        now = stamp()
        count = int((kept or {}).get("run_count", 0))
        revision = f"{name}/revisions/r-{count}"
        wanted = {n: given[n] for n in ("labels", "annotations", "serviceAccount", "terraformBlueprint") if n in given}
        body: Body = {
            "name": name, "createTime": now, "tfVersion": "1.5.7", "lockState": "UNLOCKED", "state_file": empty_state(),
            **(kept or {}), **wanted, "updateTime": now, "state": "CREATING" if new else "UPDATING", "latestRevision": revision,
            "run_count": count + 1,
        }  # fmt: skip
        for gone in ("errorCode", "stateDetail", "tfErrors"):
            body.pop(gone, None)
        self._store.put("revision", revision, {
            "name": revision, "createTime": now, "updateTime": now, "action": "CREATE" if new else "UPDATE", "state": "APPLYING",
            "terraformBlueprint": body["terraformBlueprint"], "serviceAccount": body["serviceAccount"], "tfVersion": "1.5.7",
        })  # fmt: skip
        operation = self._operation(name, "create" if new else "update")
        body["operation"] = operation["name"]
        self._start(body, "apply")
        self._store.put("deployment", name, body)
        if request:
            self._store.put("request", f"{name}/{request}", {"operation": operation["name"]})
        return operation

    def end(self, name: str, *, force: bool, policy: str) -> Body:
        """Delete; the operation. Raises Refused."""
        body = self._deployment(name)
        self._idle(body)
        revisions = self.listed("revision", f"{name}/revisions")
        if revisions and not force:
            raise Refused(412, f"Deployment '{name}' has revisions: use force", word="FAILED_PRECONDITION")
        operation = self._operation(name, "delete")
        body |= {"state": "DELETING", "operation": operation["name"]}
        self._start(body, "abandon" if policy == "ABANDON" else "end")
        self._store.put("deployment", name, body)
        return operation

    def preview(self, name: str, given: Mapping[str, Any]) -> Body:
        """Plan only; the operation. Raises Refused."""
        if self._store.get("preview", name) is not None:
            raise Refused(409, f"Resource '{name}' already exists")
        body = {
            **{n: v for n, v in given.items() if n not in ("state", "name")}, "name": name, "createTime": stamp(), "state": "CREATING",
            "tfVersion": "1.5.7", "previewMode": "DEFAULT", "run": {"due": self._clock.now() + self._seconds, "what": "preview"},
        }  # fmt: skip
        operation = self._operation(name, "create")
        body["operation"] = operation["name"]
        self._store.put("preview", name, body)
        return operation

    def drop_preview(self, name: str) -> Body:
        """Forget a preview; the operation. Raises Refused."""
        body = self.found("preview", name)
        self._store.drop("preview", name)
        for kind in ("change", "drift"):
            for key, _ in list(self._store.below(kind, f"{name}/")):
                self._store.drop(kind, key)
        operation = self._operation(name, "delete")
        return self._done(operation["name"], {**body, "state": "DELETED"}, "Preview")

    # --- state ----------------------------------------------------------------------------------------

    def lock(self, name: str) -> Body:
        """Keep others from changing it; the operation. Raises Refused."""
        body = self._deployment(name)
        self._idle(body)
        body |= {
            "lock": {"lockId": str(int(self._clock.now() * 1000)), "operation": "LOCK", "createTime": stamp()},
            "lockState": "LOCKED",
        }
        self._store.put("deployment", name, body)
        return self._done(self._operation(name, "lock")["name"], _shown(body), "Deployment")

    def unlock(self, name: str, lock: str) -> Body:
        """The reverse. Raises Refused."""
        body = self._deployment(name)
        self._holds(body, lock)
        body["lockState"] = "UNLOCKED"
        body.pop("lock")
        self._store.put("deployment", name, body)
        return self._done(self._operation(name, "unlock")["name"], _shown(body), "Deployment")

    def lock_info(self, name: str) -> Body:
        """Who holds it. Raises Refused."""
        body = self._deployment(name)
        if "lock" not in body:
            raise Refused(412, f"Deployment '{name}' is not locked", word="FAILED_PRECONDITION")
        return dict(body["lock"])

    def state_file(self, name: str) -> Body:
        """Terraform's state. Raises Refused."""
        return dict(self._deployment(name)["state_file"])

    def put_state(self, name: str, lock: str, document: Mapping[str, Any]) -> None:
        """Another state in its place. Raises Refused."""
        body = self._deployment(name)
        self._holds(body, lock)
        if int(document.get("serial", 0)) <= int(body["state_file"]["serial"]) or document.get("version") != 4:
            raise Refused(400, "The state's serial must grow")
        self._store.put("deployment", name, {**body, "state_file": dict(document)})

    def holds(self, name: str, lock: str) -> None:
        """Raises Refused unless this is the deployment's lock."""
        self._holds(self._deployment(name), lock)

    # --- time -----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do everything that has become due."""
        for kind in ("preview", "deployment"):
            for name, body in list(self._store.below(kind)):
                while body is not None and "run" in body and body["run"]["due"] <= self._clock.now():
                    body = self._preview_step(body) if kind == "preview" else self._step(body)
                    self._store.put(kind, name, body) if body is not None else self._store.drop(kind, name)

    def _start(self, body: Body, what: str) -> None:
        body["run"] = {"due": self._clock.now() + self._seconds, "what": what, "todo": None, "failed": [], "errors": []}

    def _step(self, body: Body) -> Body | None:
        run, state = body["run"], body["state_file"]
        document: Document | None = None
        try:
            if run["what"] == "apply":
                document = self._document(body)
            if run["todo"] is None:
                changes = (
                    []
                    if run["what"] == "abandon"
                    else self._engine.plan(document, state)
                    if document
                    else self._engine.ending(state)
                )
                run["todo"] = [[c.address, c.intent] for c in changes]
                run["all"] = list(run["todo"])
                self._resources(body, changes)
            elif run["todo"]:
                self._one(body, document)
            if run["todo"]:
                # From when it was due, and not from now: time goes on while nobody asks.
                run["due"] += self._pause(run["todo"][0])
                return body
        except Invalid as invalid:
            run["errors"].append(invalid.terraform())
        except Refused as refused:
            run["errors"].append({**refused.terraform(""), "errorDescription": f"Error: {refused.message}"})
        return self._over(body)

    def _one(self, body: Body, document: Document | None) -> None:
        run, state = body["run"], body["state_file"]
        address, intent = run["todo"].pop(0)
        needs = document.blocks[address].needs if document is not None and address in document.blocks else frozenset()
        if needs & set(run["failed"]):
            run["failed"].append(address)
            return
        try:
            if intent != "UNCHANGED":
                account, kind = body["serviceAccount"].rpartition("/")[2], address.partition(".")[0]
                self._access.allow(account, body["name"].split("/")[1], f"{kind}.{intent.lower()}", changes=True)
            self._engine.do(Change(address, intent), document, state)
            self._resource(body, address, "RECONCILED")
        except Refused as refused:
            run["errors"].append(refused.terraform(address))
            run["failed"].append(address)
            self._resource(body, address, "FAILED")
        except Invalid as invalid:
            run["errors"].append({**invalid.terraform(), "resourceAddress": address})
            run["failed"].append(address)

    def _over(self, body: Body) -> Body | None:
        run = body.pop("run")
        failed = bool(run["errors"])
        if run["what"] != "apply" and not failed:
            for key, _ in [
                *self._store.below("revision", f"{body['name']}/"),
                *self._store.below("resource-of", f"{body['name']}/"),
            ]:
                self._store.drop("revision", key)
                self._store.drop("resource-of", key)
            self._done(body["operation"], {**_shown(body), "state": "DELETED"}, "Deployment")
            return None
        body["state"] = "FAILED" if failed else "ACTIVE"
        revision = self._store.get("revision", body["latestRevision"]) or {}
        revision |= {"state": "FAILED" if failed else "APPLIED", "updateTime": stamp()}
        if failed:
            body |= {
                "errorCode": "REVISION_FAILED" if run["what"] == "apply" else "DELETE_BUILD_RUN_FAILED",
                "stateDetail": "see the errors of Terraform",
            }
            if run["what"] == "apply":
                revision |= {
                    "errorCode": "APPLY_BUILD_RUN_FAILED",
                    "tfErrors": run["errors"][:10],
                    "stateDetail": "Terraform has failed",
                }
            else:
                body["tfErrors"] = run["errors"][:10]
        self._store.put("revision", body["latestRevision"], revision)
        self._done(body["operation"], _shown(body), "Deployment")
        return body

    def _preview_step(self, body: Body) -> Body:
        body.pop("run")
        kept = self._store.get("deployment", str(body.get("deployment", "")))
        state = dict(kept["state_file"]) if kept is not None else empty_state()
        try:
            account = str(body["serviceAccount"]).rpartition("/")[2]
            self._access.allow(account, body["name"].split("/")[1], "config.previews.create", changes=True)
            drifts = self._engine.drifts(state)
            changes = self._engine.plan(self._document(body), {**state, "resources": list(state["resources"])})
        except (Invalid, Refused) as error:
            told = error.terraform() if isinstance(error, Invalid) else error.terraform("")
            body |= {"state": "FAILED", "errorCode": "PREVIEW_BUILD_RUN_FAILED", "tfErrors": [told]}
            self._done(body["operation"], _shown(body), "Preview")
            return body
        for number, change in enumerate(changes):
            name, info = (
                f"{body['name']}/resourceChanges/{number}",
                {**_info(change.address), "actions": [change.intent.lower()]},
            )
            told = {"intent": change.intent, "terraformInfo": info, "propertyChanges": change.properties}
            self._store.put("change", name, {"name": name, **told})
        for number, (address, properties) in enumerate(drifts):
            name = f"{body['name']}/resourceDrifts/{number}"
            self._store.put("drift", name, {"name": name, "terraformInfo": _info(address), "propertyDrifts": properties})
        body["state"] = "SUCCEEDED"
        self._done(body["operation"], _shown(body), "Preview")
        return body

    # --- parts ----------------------------------------------------------------------------------------

    def _document(self, body: Body) -> Document:
        source = str(body["terraformBlueprint"]["gcsSource"])
        bucket, _, name = source.removeprefix("gs://").partition("/")
        content = self._objects.content(bucket, name)
        if content is None:
            raise Invalid(f"the blueprint {source} does not exist")
        if self._tofu is None:
            return parsed(unpacked(content))
        if source not in self._ran:
            self._ran = {source: parsed(unpacked(content), self._tofu.run(unpacked(content)))}
        return self._ran[source]

    def _pause(self, todo: list[str]) -> float:
        if todo[1] == "UNCHANGED":
            return 0.0
        return self._seconds + self._faults.delay(todo[0])

    def _resources(self, body: Body, changes: list[Change]) -> None:
        for change in changes:
            self._resource(body, change.address, "PLANNED", change.intent)

    def _resource(self, body: Body, address: str, state: str, intent: str = "") -> None:
        type, _, label = address.partition(".")
        name = f"{body['latestRevision']}/resources/{type}-{label.replace('_', '-')}"
        kept = self._store.get("resource-of", name) or {"name": name, "terraformInfo": {"address": address, "type": type}}
        self._store.put("resource-of", name, {**kept, "state": state, **({"intent": intent} if intent else {})})

    def _operation(self, target: str, verb: str) -> Body:
        name = f"{'/'.join(target.split('/')[:4])}/operations/operation-{uuid.uuid4().hex}"
        metadata = {
            "@type": f"{_TYPE}OperationMetadata",
            "target": target,
            "verb": verb,
            "createTime": stamp(),
            "apiVersion": "v1",
        }
        body = {"name": name, "metadata": metadata, "done": False}
        self._store.put("operation", name, body)
        return body

    def _done(self, name: str, response: Body, type: str) -> Body:
        kept = self._store.get("operation", name) or {"name": name}
        body = {**kept, "done": True, "response": {"@type": f"{_TYPE}{type}", **response}}
        self._store.put("operation", name, body)
        return body

    def _deployment(self, name: str) -> Body:
        body = self._store.get("deployment", name)
        if body is None:
            raise Refused(404, f"Resource '{name}' was not found")
        return body

    def _idle(self, body: Body) -> None:
        if "run" in body or body.get("lockState") == "LOCKED":
            raise Refused(409, f"Deployment '{body['name']}' is being changed", word="ABORTED")

    def _holds(self, body: Body, lock: str) -> None:
        if (body.get("lock") or {}).get("lockId") != lock:
            raise Refused(412, f"Deployment '{body['name']}' is not locked by {lock}", word="FAILED_PRECONDITION")


def _info(address: str) -> Body:
    type, _, label = address.partition(".")
    provider = "registry.terraform.io/hashicorp/google"
    return {"address": address, "type": type, "resourceName": label, "provider": provider}


def _shown(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if name not in (*_HIDDEN, "run_count")}
