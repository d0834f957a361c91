"""Google's services as Terraform and people see them: resources by full name, read, made, patched and deleted."""

import base64
import re
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from tests.emulators.faults import Faults
from tests.emulators.gcp.kinds import KINDS, REGIONS, Body, Kind
from tests.emulators.gcp.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

_OPERATION: Final = re.compile(r"v2/projects/[^/]+/locations/[^/]+/operations/[^/]+")
_LONG_SECONDS: Final = 0.3
#: Where a resource of Compute Engine names another one that it needs.
_USES: Final = ("network", "subnetwork", "backendService", "target", "urlMap", "defaultService")


class Services:
    """Resources. What was before is kept beside, for whoever looks at an index that lags."""

    def __init__(self, store: Store, clock: Clock, faults: Faults) -> None:
        self._store, self._clock, self._faults = store, clock, faults

    # --- for the engine -------------------------------------------------------------------------------

    def find(self, full: str) -> Body | None:
        """A resource as its service shows it."""
        kept = self._store.get("resource", full)
        return None if kept is None else kept["body"]

    def create(self, kind: Kind, full: str, body: Body, project: str) -> Body:
        """Make one. Raises Refused as the service would."""
        self._fault(full)
        if self.find(full) is not None and not kind.additive:
            raise Refused(409, f"Resource already exists in the project (resource={_short(full)}).")
        self._check(kind, full, body)
        whole = _merged(body, kind.adds(_relative(full), body))
        self._put(full, whole, project, kind)
        return whole

    def update(self, kind: Kind, full: str, body: Body, without: Sequence[str] = ()) -> Body:
        """Lay a body over one, and take some paths away. Raises Refused as the service would."""
        self._fault(full)
        there = self.find(full)
        if there is None:
            raise Refused(404, f"Resource not found (resource={_short(full)}).")
        self._check(kind, full, body)
        whole = _merged(there, body)
        for path in without:
            *heads, last = path.split(".")
            (_get(whole, ".".join(heads)) if heads else whole).pop(last, None)
        self._check_secrets(whole)
        self._put(full, whole, self.project(full), kind)
        return whole

    def drop(self, full: str) -> None:
        """Delete one. Raises Refused as the service would."""
        self._fault(full)
        there = self.find(full)
        if there is None:
            raise Refused(404, f"Resource not found (resource={_short(full)}).")
        if there.get("deleteProtectionState") == "DELETE_PROTECTION_ENABLED" or there.get("deletionProtection"):
            raise Refused(412, f"{_short(full)} is protected against deletion", word="FAILED_PRECONDITION")
        kept = self._store.get("resource", full) or {}
        if full.startswith("//compute.googleapis.com/"):
            self._check_unused(kept["full"])
        self._put(full, None, str(kept.get("project", "")), KINDS[kept["type"]])
        if (policy := f"{full}:getIamPolicy") and self.find(policy) is not None:
            self._put(policy, None, str(kept.get("project", "")), KINDS["google_secret_manager_secret_iam_member"])

    def project(self, full: str) -> str:
        """Whose a resource is."""
        return str((self._store.get("resource", full) or {}).get("project", ""))

    def all(self) -> Iterator[tuple[str, Body]]:
        """Everything that there is."""
        return ((key, kept["body"]) for key, kept in self._store.below("resource") if kept["body"] is not None)

    def indexed(self, project: str, assets: set[str], lag: float) -> list[tuple[str, Kind, Body]]:
        """What an index that lags shows of a project."""
        found = []
        for _, kept in self._store.below("resource"):
            kind = KINDS[kept["type"]]
            if kept["project"] != project or (assets and kind.asset not in assets):
                continue
            body = kept["before"] if self._clock.now() - kept["changed"] < lag else kept["body"]
            if body is not None:
                found.append((kept["full"], kind, body))
        return found

    def secret(self, full: str) -> Any:
        """What was set and is never shown."""
        return self._store.get("secret", full) or {"values": []}

    # --- REST -----------------------------------------------------------------------------------------

    def handle(self, ask: Ask, host: str, path: str) -> Reply:
        """One call of a service."""
        if (begun := _OPERATION.fullmatch(path)) is not None:
            return Reply(200, self._operation(begun[0]))
        verb = path.rpartition("/")[2].partition(":")[2]
        plain = path[: -len(verb) - 1] if verb else path
        if host == "sqladmin.googleapis.com" and plain.endswith("/users"):
            return self._users(ask, plain.removeprefix("v1/").removesuffix("/users"))
        kind, relative = _item(host, plain)
        if kind is None:
            return self._list(ask, host, plain)
        full = f"//{kind.service}/{relative}"
        if ask.method == "POST" and verb == "addVersion":
            return self._add_version(full, ask.body)
        if ask.method == "GET" and verb == "getIamPolicy":
            return Reply(200, self._policy(full))
        if ask.method == "PATCH" and host == "cloudfunctions.googleapis.com":
            return Reply(200, self._begun(kind, full, dict(ask.body or {})))
        if ask.method == "GET":
            body = self.find(full)
            if body is None:
                raise Refused(404, f"Resource not found (resource={_short(full)}).")
            return Reply(200, body)
        if ask.method == "PATCH":
            given = dict(ask.body or {})
            inner = given.get("subscription") or given.get("topic")
            return Reply(200, self.update(kind, full, dict(inner) if isinstance(inner, dict) else given))
        if ask.method == "PUT":
            return Reply(
                200, self.create(kind, full, dict(ask.body or {}), _project(relative) or str(ask.query.get("project")))
            )
        if ask.method == "DELETE":
            self.drop(full)
            return Reply(200, {})
        raise Refused(501, f"{ask.method} {path} is not modelled by this emulator")

    def _list(self, ask: Ask, host: str, path: str) -> Reply:
        topic = re.fullmatch(r"v1/(projects/[^/]+/topics/[^/]+)/subscriptions", path)
        if topic is not None:
            names = [b["name"] for _, b in self.all() if b.get("topic") == topic[1]]
            return Reply(200, {"subscriptions": names} if names else {})
        for kind in KINDS.values():
            collection = f"{kind.before}{kind.path}".rpartition("/")[0]
            pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(collection))
            if kind.host == host and re.fullmatch(pattern, path):
                begins = f"//{kind.service}/{path.removeprefix(kind.before)}/"
                found = [b for full, b in self.all() if full.startswith(begins.lower())]
                return Reply(200, {kind.list_key: found} if found else {})
        raise Refused(404, f"Nothing answers {ask.method} {host}/{path}")

    def _begun(self, kind: Kind, full: str, body: Body) -> Body:
        """A change of a function, as a long-running operation."""
        name = f"{'/'.join(_relative(full).split('/')[:4])}/operations/operation-{uuid.uuid4().hex}"
        try:
            ended: Body = {"response": self.update(kind, full, body)}
        except Refused as refused:
            ended = {"error": {"code": refused.number, "message": refused.message, "details": refused.details()}}
        self._store.put("function-operation", name, {"due": self._clock.now() + _LONG_SECONDS, "ended": ended})
        return {"name": name, "done": False}

    def _operation(self, path: str) -> Body:
        name = path.partition("/")[2]
        kept = self._store.get("function-operation", name)
        if kept is None:
            raise Refused(404, f"Resource '{name}' was not found")
        due = kept["due"] <= self._clock.now()
        return {"name": name, "done": due, **(kept["ended"] if due else {})}

    def _policy(self, full: str) -> Body:
        if self.find(full) is None:
            raise Refused(404, f"Secret [{_relative(full)}] not found.")
        one = self.find(f"{full}:getIamPolicy")
        bindings = [{"role": one["role"], "members": [one["member"]]}] if one is not None else []
        return {"version": 1, "etag": "BwY", **({"bindings": bindings} if bindings else {})}

    def _users(self, ask: Ask, relative: str) -> Reply:
        full = f"//cloudsql.googleapis.com/{relative}"
        if self.find(full) is None:
            raise Refused(404, f"The Cloud SQL instance does not exist (resource={_short(full)}).")
        kept = self._store.get("secret", full) or {"users": {}, "values": []}
        if ask.method == "GET":
            return Reply(200, {"items": [{"name": name} for name in kept["users"]]} if kept["users"] else {})
        name, there = str((ask.body or {}).get("name") or ask.query.get("name")), kept["users"]
        if ask.method == "DELETE":
            there.pop(name, None)
        elif (ask.method == "PUT") != (name in there):
            raise Refused(
                404 if ask.method == "PUT" else 409, f"the user {name} is {'not there' if ask.method == 'PUT' else 'there'}"
            )
        else:
            there[name] = ask.body["password"]
            kept["values"].append(ask.body["password"])
        self._store.put("secret", full, kept)
        return Reply(200, {"kind": "sql#operation", "status": "DONE"})

    def _add_version(self, full: str, body: Any) -> Reply:
        if self.find(full) is None:
            raise Refused(404, f"Secret [{_relative(full)}] not found.")
        kept = self._store.get("secret", full) or {"values": []}
        values = [*kept["values"], base64.b64decode(body["payload"]["data"]).decode()]
        self._store.put("secret", full, {"values": values})
        return Reply(200, {"name": f"{_relative(full)}/versions/{len(values)}", "state": "ENABLED"})

    # --- rules ----------------------------------------------------------------------------------------

    def _fault(self, full: str) -> None:
        fault = self._faults.of_resource(full)
        if fault is not None:
            raise Refused(
                int(fault.get("status", 409)), fault.get("message", "it shall fail"), reason=fault.get("code", "")
            )

    def _check(self, kind: Kind, full: str, body: Body) -> None:
        name = _short(full)
        if re.fullmatch(kind.name_rule, name) is None:
            raise Refused(400, f"Invalid resource name given (name={name}).")
        place = re.search(r"/(?:locations|regions)/([^/]+)/", full)
        where = str(body.get("location") or body.get("locationId") or (place[1] if place else "")).lower()
        if where and where not in (*REGIONS, "global"):
            raise Refused(400, f"'{where}' is not a valid location.")
        for path, service in kind.refers.items():
            said = _get(body, path)
            if said is not None and self.find(f"//{service}/{_plain(said)}") is None:
                raise Refused(404, f"Resource not found (resource={_plain(said).rpartition('/')[2]}).")
        seconds = body.get("ackDeadlineSeconds")
        if seconds is not None and not 10 <= seconds <= 600:
            raise Refused(400, f"Invalid ack deadline given: (ack_deadline_seconds={seconds}).")

        if body.get("loadBalancingScheme") == "INTERNAL_MANAGED" and "subnetwork" in body:
            self._check_proxies(_plain(body["subnetwork"]))

    def _check_secrets(self, body: Body) -> None:
        """A function starts with versions of secrets that are there and that its account may read."""
        service = body.get("serviceConfig") or {}
        for one in service.get("secretEnvironmentVariables") or ():
            full = f"//secretmanager.googleapis.com/projects/{one['projectId']}/secrets/{one['secret']}"
            kept, access = self._store.get("secret", full) or {"values": []}, self.find(f"{full}:getIamPolicy") or {}
            if self.find(full) is None or not 0 < int(one["version"]) <= len(kept["values"]):
                raise Refused(400, f"Secret version {one['secret']}/versions/{one['version']} was not found")
            if access.get("member") != f"serviceAccount:{service.get('serviceAccountEmail')}":
                said = f"Permission denied on secret {one['secret']} for {service.get('serviceAccountEmail')}"
                raise Refused(400, f"{said}: grant the role Secret Manager Secret Accessor")

    def _check_unused(self, full: str) -> None:
        link = f"/{_relative(full)}"
        for other, body in self.all():
            if any(str(body.get(path, "")).endswith(link) for path in _USES):
                word = full.rpartition("/")[0].rpartition("/")[2].rstrip("s")
                said = f"The {word} resource '{_relative(full)}' is already being used by '{_relative(other)}'"
                raise Refused(400, said, reason="RESOURCE_IN_USE_BY_ANOTHER_RESOURCE")

    def _check_proxies(self, subnetwork: str) -> None:
        """Proxies of Google's need addresses of their own in the network."""
        there = self.find(f"//compute.googleapis.com/{subnetwork}") or {}
        purposes = [b.get("purpose") for _, b in self.all() if b.get("network") == there.get("network", "")]
        if "REGIONAL_MANAGED_PROXY" not in purposes:
            said = "An active proxy-only subnetwork is required in the same region and VPC as the forwarding rule."
            raise Refused(400, said)

    def _put(self, full: str, body: Body | None, project: str, kind: Kind) -> None:
        kept = self._store.get("resource", full)
        before = kept["body"] if kept is not None else None
        self._store.put("resource", full, {
            "full": full if kept is None else kept["full"], "body": body, "before": before, "changed": self._clock.now(), "project": project, "type": kind.type,
        })  # fmt: skip


def _item(host: str, path: str) -> tuple[Kind | None, str]:
    for kind in KINDS.values():
        if kind.host == host and path.startswith(kind.before):
            relative = path.removeprefix(kind.before)
            if kind.pattern.fullmatch(relative):
                return kind, relative
    return None, ""


def _project(relative: str) -> str:
    return relative.split("/")[1] if relative.startswith("projects/") else ""


def _relative(full: str) -> str:
    return full.removeprefix("//").partition("/")[2]


def _short(full: str) -> str:
    return full.rpartition("/")[2]


def _plain(value: Any) -> str:
    said = str(value)
    return said[said.index("projects/") :] if "projects/" in said else said


def _get(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _merged(base: Body, over: Mapping[str, Any]) -> Body:
    found = dict(base)
    for name, value in over.items():
        there = found.get(name)
        plain = name in ("labels", "annotations") or not isinstance(value, Mapping) or not isinstance(there, Mapping)
        found[name] = value if plain else _merged(dict(there), value)
    return found


def stamp() -> str:
    """As Google writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
