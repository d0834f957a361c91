"""Deployment Manager v2: deployments begun by a call and advanced by the clock, one resource after another. It compares a
configuration with the one before and never with what is there; what is there already it acquires as it is.

Written after Google's reference and discovery document, and not after the adapter that is tested with it.
"""

import base64
import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import yaml

from tests.emulators.faults import Faults
from tests.emulators.gcp.access import Access
from tests.emulators.gcp.kinds import KINDS, Kind
from tests.emulators.gcp.replies import Refused
from tests.emulators.gcp.services import Services, stamp
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

Body = dict[str, Any]
HOST: Final = "deploymentmanager.googleapis.com"
_SELF: Final = f"https://{HOST}/deploymentmanager/v2/projects"
#: Type → Terraform's of the same, and the properties that stand in the path of its REST.
_TYPES: Final = {
    "compute.v1.network": ("google_compute_network", {}),
    "compute.v1.subnetwork": ("google_compute_subnetwork", {"region": "region"}),
    "compute.v1.firewall": ("google_compute_firewall", {}),
    "storage.v1.bucket": ("google_storage_bucket", {}),
    "pubsub.v1.topic": ("google_pubsub_topic", {"topic": "name"}),
    "pubsub.v1.subscription": ("google_pubsub_subscription", {"subscription": "name"}),
}
_REFERENCE: Final = re.compile(r"\$\(ref\.([a-z0-9-]+)\.([A-Za-z0-9_.]+)\)")
_HIDDEN: Final = ("run", "before", "contents")


class Legacy:
    """What Deployment Manager has."""

    def __init__(
        self, store: Store, clock: Clock, services: Services, access: Access, faults: Faults, seconds: float
    ) -> None:
        self._store, self._clock, self._services = store, clock, services
        self._access, self._faults, self._seconds = access, faults, seconds

    def handle(self, ask: Ask, path: str) -> Reply:
        """One call. Raises Refused."""
        for method, pattern, answer in self._routes():
            found = re.fullmatch(f"deploymentmanager/v2/projects/(?P<project>[^/]+)/global/{pattern}", path)
            if found is not None and method == ask.method:
                words = found.groupdict()
                verb = f"deploymentmanager.deployments.{ask.method.lower()}"
                self._access.judge(ask, words["project"], verb, changes=ask.method != "GET")
                return Reply(200, answer(ask, f"{words['project']}/{words.get('name', '')}", words))
        raise Refused(404, f"Nothing answers {ask.method} {path}")

    def _routes(self) -> list[tuple[str, str, Callable[[Ask, str, dict[str, str]], Any]]]:
        one = r"deployments/(?P<name>[^/]+)"
        return [
            ("POST", "deployments", lambda a, k, g: self._insert(a, g["project"])),
            ("GET", "deployments", lambda a, k, g: _page(a, "deployments", [_shown(b) for _, b in self._store.below("dm", f"{g['project']}/")])),
            ("GET", one, lambda a, k, g: _shown(self._deployment(k))),
            ("PUT", one, lambda a, k, g: self._update(a, k)),
            ("DELETE", one, lambda a, k, g: self._delete(a, k)),
            ("POST", f"{one}/cancelPreview", lambda a, k, g: self._cancel(a, k)),
            ("GET", f"{one}/resources", lambda a, k, g: _page(a, "resources", list(self._resources(self._deployment(k))))),
            ("GET", f"{one}/resources/(?P<resource>[^/]+)", lambda a, k, g: self._resource(k, g["resource"])),
            ("GET", f"{one}/manifests", lambda a, k, g: _page(a, "manifests", self._manifests(k))),
            ("GET", f"{one}/manifests/(?P<manifest>[^/]+)", lambda a, k, g: self._manifest(k, g["manifest"])),
            ("GET", "operations/(?P<operation>[^/]+)", lambda a, k, g: self._operation(g["project"], g["operation"])),
        ]  # fmt: skip

    # --- asked ----------------------------------------------------------------------------------------

    def _deployment(self, key: str) -> Body:
        body = self._store.get("dm", key)
        if body is None:
            raise Refused(404, f"The object 'projects/{key.replace('/', '/global/deployments/')}' is not found.")
        return body

    def _resources(self, body: Body) -> Iterator[Body]:
        return iter(body["contents"].values())

    def _resource(self, key: str, name: str) -> Body:
        found = self._deployment(key)["contents"].get(name)
        if found is None:
            raise Refused(404, f"The object '{name}' is not found.")
        return dict(found)

    def _manifests(self, key: str) -> list[Body]:
        self._deployment(key)
        return [body for _, body in self._store.below("dm-manifest", f"{key}/")]

    def _manifest(self, key: str, name: str) -> Body:
        found = self._store.get("dm-manifest", f"{key}/{name}")
        if found is None:
            raise Refused(404, f"The object '{name}' is not found.")
        return found

    def _operation(self, project: str, name: str) -> Body:
        found = self._store.get("dm-operation", f"{project}/{name}")
        if found is None:
            raise Refused(404, f"The object '{name}' is not found.")
        return found

    # --- changed --------------------------------------------------------------------------------------

    def _insert(self, ask: Ask, project: str) -> Body:
        given = ask.body or {}
        key = f"{project}/{given.get('name', '')}"
        if re.fullmatch(r"[a-z](?:[-a-z0-9]{0,61}[a-z0-9])?", str(given.get("name", ""))) is None:
            raise Refused(400, f"Invalid value for field 'resource.name': '{given.get('name')}'.")
        if self._store.get("dm", key) is not None:
            raise Refused(
                409, f"'projects/{project}/global/deployments/{given['name']}' already exists and cannot be created."
            )
        wanted = _wanted(given)
        body = {
            "name": given["name"], "id": _number(), "insertTime": stamp(), "selfLink": f"{_SELF}/{project}/global/deployments/{given['name']}",
            "contents": {}, "labels": list(given.get("labels") or ()),
        }  # fmt: skip
        return self._begin(key, body, given, wanted, "insert", ask)

    def _update(self, ask: Ask, key: str) -> Body:
        body, given = self._deployment(key), ask.body or {}
        self._idle(body, given)
        return self._begin(key, {**body, "labels": list(given.get("labels") or ())}, given, _wanted(given), "update", ask)

    def _begin(self, key: str, body: Body, given: Body, wanted: Mapping[str, Body], verb: str, ask: Ask) -> Body:
        manifest = self._manifest_of(key, body, given, wanted)
        abandon = ask.query.get("deletepolicy") == "ABANDON"
        todo = [*_ordered({n: w for n, w in wanted.items() if _changed(body["contents"].get(n), w)})]
        gone = [name for name in reversed(list(body["contents"])) if name not in wanted]
        intents = {name: "UPDATE" if name in body["contents"] else "CREATE_OR_ACQUIRE" for name in todo}
        intents |= dict.fromkeys(gone, "ABANDON" if abandon else "DELETE")
        run = {"intents": intents, "todo": [*todo, *gone], "wanted": dict(wanted), "failed": [], "errors": [], "manifest": manifest,
               "due": self._clock.now() + self._seconds}  # fmt: skip
        if ask.query.get("preview") == "true":
            body["before"] = json.loads(json.dumps(body["contents"]))
            run["preview"] = True
        operation = self._start(key, body, verb)
        self._store.put("dm", key, {**body, "run": run, "update": {"manifest": manifest}})
        return operation

    def _delete(self, ask: Ask, key: str) -> Body:
        body = self._deployment(key)
        self._idle(body, None)
        policy = ask.query.get("deletepolicy", "DELETE")
        names = list(reversed(list(body["contents"])))
        run = {"intents": dict.fromkeys(names, policy), "todo": names, "wanted": {}, "failed": [], "errors": [], "ends": True,
               "due": self._clock.now() + self._seconds}  # fmt: skip
        operation = self._start(key, body, "delete")
        self._store.put("dm", key, {**body, "run": run})
        return operation

    def _cancel(self, ask: Ask, key: str) -> Body:
        body = self._deployment(key)
        self._idle(body, ask.body or {})
        if "before" not in body:
            raise Refused(400, "Deployment is not in a previewed state.")
        body["contents"] = body.pop("before")
        body.pop("update", None)
        operation = self._start(key, body, "cancelPreview")
        self._store.put("dm", key, body)
        return self._ended(key, operation["name"], [])

    # --- time -----------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Do everything that has become due."""
        for key, body in list(self._store.below("dm")):
            while "run" in body and body["run"]["due"] <= self._clock.now():
                run = body["run"]
                if run.get("preview"):
                    self._previewed(body, run)
                elif run["todo"]:
                    self._one(body, run, key.partition("/")[0])
                if run["todo"]:
                    run["due"] += self._seconds + self._faults.delay(run["todo"][0])
                else:
                    self._over(key, body)
                    break
                self._store.put("dm", key, body)

    def _previewed(self, body: Body, run: Body) -> None:
        for name, intent in run["intents"].items():
            wanted = run["wanted"].get(name)
            entry = body["contents"].setdefault(
                name, {"name": name, "id": _number(), "type": (wanted or {}).get("type", "")}
            )
            entry["update"] = {
                "intent": intent,
                "state": "IN_PREVIEW",
                "properties": json.dumps((wanted or {}).get("properties", {})),
            }
        run["todo"] = []

    def _one(self, body: Body, run: Body, project: str) -> None:
        name = run["todo"].pop(0)
        intent, wanted = run["intents"][name], run["wanted"].get(name)
        if intent in ("DELETE", "ABANDON") and run["errors"] and not run.get("ends"):
            return
        if wanted is not None and set(_needs(wanted)) & set(run["failed"]):
            run["failed"].append(name)
            return
        try:
            if wanted is None:
                self._drop(body["contents"][name], intent)
                body["contents"].pop(name)
            else:
                body["contents"][name] = self._made(body, wanted, intent, project, str(run["manifest"]))
        except Refused as refused:
            run["failed"].append(name)
            error = _error(body["name"], name, (wanted or body["contents"].get(name) or {}).get("type", ""), refused)
            run["errors"].append(error)
            if name in body["contents"]:
                body["contents"][name]["update"] = {"state": "FAILED", "intent": intent, "error": {"errors": [error]}}

    def _made(self, body: Body, wanted: Body, intent: str, project: str, manifest: str) -> Body:
        kind, full, given = self._place(body, wanted, project)
        there = self._services.find(full)
        if intent == "UPDATE":
            self._services.update(kind, full, given)
        elif there is None:
            self._services.create(kind, full, given, project)
        entry = body["contents"].get(wanted["name"]) or {"name": wanted["name"], "id": _number(), "insertTime": stamp()}
        entry.pop("update", None)
        final = json.dumps({**wanted["properties"], **given})
        return {**entry, "type": wanted["type"], "properties": json.dumps(wanted["properties"]), "finalProperties": final,
                "updateTime": stamp(), "manifest": manifest, "url": f"https://{kind.host}/{kind.before}{full.partition('.com/')[2]}"}  # fmt: skip

    def _drop(self, entry: Body, intent: str) -> None:
        if intent == "ABANDON" or not entry.get("properties"):
            return
        last = {**entry, "properties": json.loads(entry["finalProperties"])}
        full = self._place({"contents": {}}, last, _project(entry))[1]
        if self._services.find(full) is not None:
            self._services.drop(full)

    def _place(self, body: Body, wanted: Body, project: str) -> tuple[Kind, str, Body]:
        """Kind, full name and body of a resource, references filled in. Raises Refused."""
        google, words = _TYPES[wanted["type"]]
        kind = KINDS[google]
        given = self._filled(body, wanted["properties"])
        named = {
            "project": project,
            "name": wanted["name"],
            **{to: given.pop(word) for word, to in words.items() if word in given},
        }
        if "name" in given:
            named["name"] = given["name"]
        return kind, f"//{kind.service}/{kind.path.format(**named)}", {n: v for n, v in given.items() if n != "name"}

    def _filled(self, body: Body, value: Any) -> Any:
        def said(match: "re.Match[str]") -> str:
            entry = body["contents"].get(match[1])
            if entry is None:
                raise Refused(400, f"Reference to {match[1]}, which is not there")
            last = {**entry, "properties": json.loads(entry["properties"])}
            found: Any = self._services.find(self._place(body, last, _project(entry))[1]) or {}
            for word in match[2].split("."):
                found = found.get(word) if isinstance(found, Mapping) else None
            return str(found)

        if isinstance(value, str):
            return _REFERENCE.sub(said, value)
        if isinstance(value, Mapping):
            return {name: self._filled(body, inner) for name, inner in value.items()}
        return [self._filled(body, inner) for inner in value] if isinstance(value, list) else value

    def _over(self, key: str, body: Body) -> None:
        run = body.pop("run")
        self._ended(key, body["operation"]["name"], run["errors"])
        if run.get("ends") and not run["errors"]:
            self._store.drop("dm", key)
            for manifest, _ in list(self._store.below("dm-manifest", f"{key}/")):
                self._store.drop("dm-manifest", manifest)
            return
        if not run.get("preview"):
            body.pop("before", None)
            body.pop("update", None)
            if not run["errors"]:
                body["manifest"] = run.get("manifest")
        body["operation"] = self._operation(key.partition("/")[0], body["operation"]["name"])
        self._store.put("dm", key, body)

    # --- parts ----------------------------------------------------------------------------------------

    def _idle(self, body: Body, given: Body | None) -> None:
        if "run" in body:
            raise Refused(
                409,
                f"Resource '{body['name']}' has an ongoing conflicting operation: '{body['operation']['name']}'.",
                word="ABORTED",
            )
        if given is not None and given.get("fingerprint") != body["fingerprint"]:
            raise Refused(
                412,
                "Fingerprint does not match the one of the deployment.",
                word="FAILED_PRECONDITION",
                reason="conditionNotMet",
            )

    def _start(self, key: str, body: Body, verb: str) -> Body:
        project = key.partition("/")[0]
        operation = {
            "kind": "deploymentmanager#operation", "id": _number(), "name": f"operation-{uuid.uuid4().hex}", "operationType": verb, "status": "RUNNING",
            "progress": 0, "targetId": body["id"], "targetLink": body["selfLink"], "insertTime": stamp(), "startTime": stamp(), "user": "deployer",
        }  # fmt: skip
        self._store.put("dm-operation", f"{project}/{operation['name']}", operation)
        body |= {
            "operation": operation,
            "updateTime": stamp(),
            "fingerprint": base64.b64encode(uuid.uuid4().bytes).decode(),
        }
        return operation

    def _ended(self, key: str, name: str, errors: list[Body]) -> Body:
        at = f"{key.partition('/')[0]}/{name}"
        operation = {**(self._store.get("dm-operation", at) or {}), "status": "DONE", "progress": 100, "endTime": stamp()}
        if errors:
            operation |= {"error": {"errors": errors}, "httpErrorStatusCode": 400, "httpErrorMessage": "BAD REQUEST"}
        self._store.put("dm-operation", at, operation)
        if (body := self._store.get("dm", key)) is not None:
            self._store.put("dm", key, {**body, "operation": operation})
        return operation

    def _manifest_of(self, key: str, body: Body, given: Body, wanted: Mapping[str, Body]) -> str:
        name = f"manifest-{uuid.uuid4().hex[:12]}"
        link = f"{body['selfLink']}/manifests/{name}"
        content = given["target"]["config"]["content"]
        self._store.put("dm-manifest", f"{key}/{name}", {
            "name": name, "id": _number(), "insertTime": stamp(), "selfLink": link, "config": {"content": content},
            "expandedConfig": json.dumps({"resources": list(wanted.values())}), "layout": json.dumps({"resources": [{"name": n} for n in wanted]}),
        })  # fmt: skip
        return link


def _wanted(given: Body) -> dict[str, Body]:
    """The resources of a configuration, by name. Raises Refused."""
    try:
        document = yaml.safe_load(given["target"]["config"]["content"]) or {}
        found = {str(one["name"]): {"properties": {}, **one} for one in document.get("resources") or ()}
    except (KeyError, TypeError, yaml.YAMLError) as error:
        raise Refused(400, f"Invalid configuration: {error}") from None
    for one in found.values():
        if one["type"] not in _TYPES:
            raise Refused(400, f"The type [{one['type']}] is not known to this emulator")
        if missing := set(_needs(one)) - found.keys():
            raise Refused(400, f"{one['name']} depends on {sorted(missing)[0]}, which is not in the configuration")
    return found


def _needs(wanted: Body) -> list[str]:
    refers = [m[1] for m in _REFERENCE.finditer(json.dumps(wanted["properties"]))]
    return [*(wanted.get("metadata") or {}).get("dependsOn", ()), *refers]


def _ordered(wanted: Mapping[str, Body]) -> Iterator[str]:
    left = dict(wanted)
    while left:
        ready = [name for name, one in left.items() if not set(_needs(one)) & left.keys()]
        if not ready:
            raise Refused(400, f"Dependency cycle among {', '.join(sorted(left))}")
        for name in ready:
            left.pop(name)
            yield name


def _changed(entry: Body | None, wanted: Body) -> bool:
    return entry is None or "update" in entry or json.loads(entry["properties"]) != wanted["properties"]


def _error(deployment: str, name: str, type: str, refused: Refused) -> Body:
    told = {"code": refused.status, "message": refused.message, "status": refused.word, "details": refused.details()}
    said = {"ResourceType": type, "ResourceErrorCode": str(refused.status), "ResourceErrorMessage": told}
    return {
        "code": "RESOURCE_ERROR",
        "location": f"/deployments/{deployment}/resources/{name}",
        "message": json.dumps(said),
    }


def _page(ask: Ask, key: str, found: list[Body]) -> Body:
    size, start = min(int(ask.query.get("maxresults", 500)), 500), int(ask.query.get("pagetoken") or 0)
    page = found[start : start + size]
    return {**({key: page} if page else {}), **({"nextPageToken": str(start + size)} if start + size < len(found) else {})}


def _shown(body: Mapping[str, Any]) -> Body:
    return {name: value for name, value in body.items() if name not in _HIDDEN}


def _project(entry: Body) -> str:
    return str(entry["manifest"]).removeprefix(f"{_SELF}/").partition("/")[0]


def _number() -> str:
    return str(uuid.uuid4().int % 10**18)
