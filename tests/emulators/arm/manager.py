"""Which request means what. Paths are matched as ARM matches them: without regard to case."""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.emulators.arm import graph
from tests.emulators.arm.access import Access
from tests.emulators.arm.deployment_api import DeploymentApi
from tests.emulators.arm.deployments import Deployments
from tests.emulators.arm.faults import Faults
from tests.emulators.arm.ids import ArmId, group_id
from tests.emulators.arm.later import Later, versioned
from tests.emulators.arm.providers import provider
from tests.emulators.arm.replies import Refused
from tests.emulators.arm.resources import KINDS, Resources, checked_version, kind_of
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

_GRAPH: Final = ("2021-03-01", "2022-10-01")
_PERMISSIONS: Final = ("2022-04-01",)
_S: Final = r"/subscriptions/(?P<subscription>[^/]+)"
_G: Final = rf"{_S}/resourcegroups/(?P<group>[^/]+)"
_D: Final = rf"{_G}/providers/microsoft\.resources/deployments/(?P<name>[^/]+)"

Handler = Callable[[Ask, Mapping[str, str]], Reply]


class Manager:
    """All of it together."""

    def __init__(self, store: Store, *, seconds: float, lag: float) -> None:
        self._store, self.clock = store, Clock(store)
        self.access = Access(store, self.clock)
        self.faults = Faults(store)
        self.later = Later(store, self.clock, seconds)
        self.resources = Resources(store, self.clock, self.later, lag)
        self.deployments = Deployments(store, self.clock, self.resources, self.faults, seconds)
        deployments = DeploymentApi(self.access, self.deployments, self.resources, self.later)
        routes: tuple[tuple[str, str, Handler], ...] = (
            ("POST", r"/(?P<tenant>[^/]+)/oauth2/v2\.0/token", self._token),
            ("POST", r"/_emulator/(?P<what>faults|clock|principals|secrets)", self._control),
            ("DELETE", r"/_emulator/(?P<what>faults)", self._control),
            ("GET", r"/_emulator/(?P<what>health)", self._control),
            ("POST", r"/providers/microsoft\.resourcegraph/resources", self._graph),
            (
                "GET",
                rf"{_S}/providers/microsoft\.resources/locations/[^/]+/(?P<what>operationstatuses|operationresults)/(?P<number>[^/]+)",
                self._progress,
            ),
            ("GET", rf"{_D}/operationstatuses/(?P<number>[^/]+)", deployments.status),
            ("POST", rf"{_D}/validate", deployments.validate),
            ("POST", rf"{_D}/whatif", deployments.what_if),
            ("POST", rf"{_D}/cancel", deployments.cancel),
            ("GET", rf"{_G}/deployments/(?P<name>[^/]+)/operations", deployments.operations),
            ("GET", rf"{_G}/providers/microsoft\.resources/deployments/?", deployments.every),
            ("*", _D, deployments.one),
            ("GET", rf"{_S}/providers", self._providers),
            ("GET", rf"{_S}/providers/(?P<namespace>[^/]+)", self._provider),
            ("GET", rf"{_S}/resourcegroups", self._list_groups),
            ("GET", rf"{_G}/resources", self._list),
            ("GET", rf"{_G}/providers/microsoft\.authorization/permissions", self._permissions),
            ("*", _G, self._group),
            ("*", r"(?P<id>/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/providers/.+)", self._resource),
        )
        self._routes = [(method, re.compile(pattern, re.IGNORECASE), handler) for method, pattern, handler in routes]

    def commit(self) -> None:
        """Keep what was changed."""
        self._store.commit()

    def undo(self) -> None:
        """Forget what was changed."""
        self._store.undo()

    def handle(self, ask: Ask) -> Reply:
        """Answer; raises Refused."""
        for method, pattern, handler in self._routes:
            found = pattern.fullmatch(ask.path)
            if found is not None and method in (ask.method, "*"):
                open_door = handler in (self._token, self._control)
                if not open_door:
                    self.resources.settle()
                    self.deployments.settle()
                    self.faults.of_request(ask)
                return handler(ask, found.groupdict())
        raise Refused(404, "InvalidResourceType", f"Nothing answers {ask.method} {ask.path}")

    # --- doors ------------------------------------------------------------------------------------------

    def _token(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        return self.access.token(at["tenant"], ask.body or {})

    def _control(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        body = ask.body or {}
        if at["what"] == "faults":
            self.faults.add(body) if ask.method == "POST" else self.faults.clear()
        elif at["what"] == "clock":
            self.clock.shift(float(body["seconds"]))
        elif at["what"] == "secrets":
            return Reply(200, self.resources.hidden(body["id"]))
        elif at["what"] == "principals":
            self.access.register(body["clientId"], body["clientSecret"], body["assignments"])
        return Reply(200, {"now": self.clock.now()})

    # --- groups -----------------------------------------------------------------------------------------

    def _list_groups(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        self.access.judge_method(ask, f"/subscriptions/{at['subscription']}")
        versioned(ask)
        return Reply(200, {"value": self.resources.groups(at["subscription"])})

    def _group(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        id = group_id(at["subscription"], at["group"])
        self.access.judge_method(ask, id)
        versioned(ask)
        if ask.method == "PUT":
            body, created = self.resources.put_group(at["subscription"], at["group"], ask.body)
            return Reply(201 if created else 200, body)
        try:
            body = self.resources.group(at["subscription"], at["group"])
        except Refused:
            if ask.method == "HEAD":
                return Reply(404, None, {"x-ms-failure-cause": "gateway"})
            raise
        if ask.method == "HEAD":
            return Reply(204)
        if ask.method == "PATCH":
            tags = (ask.body or {}).get("tags", body["tags"])
            return Reply(200, self.resources.put_group(at["subscription"], at["group"], {**body, "tags": tags})[0])
        if ask.method == "DELETE":
            return Reply(202, None, self.later.results(ask, at["subscription"], self.later.begin("drop-group", body["id"])))
        return Reply(200, body)

    def _permissions(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        versioned(ask, _PERMISSIONS)
        held = self.access.permissions(ask, group_id(at["subscription"], at["group"]))
        return Reply(200, {"value": held})

    # --- resources --------------------------------------------------------------------------------------

    def _resource(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        if ask.method == "GET" and len(at["id"].rpartition("/providers/")[2].split("/")) % 2 == 0:
            return self._children(ask, at["id"])
        if ask.method == "POST" and at["id"].lower().endswith("/list"):
            return self._told(ask, ArmId.parse(at["id"][: -len("/list")]))
        id = ArmId.parse(at["id"])
        self.access.judge_method(ask, str(id))
        if ask.method == "GET" and kind_of(id).listed:
            raise Refused(405, "MethodNotAllowed", f"{id.type} is shown by POST {id}/list")
        version = ask.query.get("api-version", "")
        slow = kind_of(id).slow
        if ask.method in ("GET", "HEAD"):
            try:
                body = self.resources.read(id)
            except Refused:
                if ask.method == "HEAD":
                    return Reply(404, None, {"x-ms-failure-cause": "gateway"})
                raise
            return Reply(204) if ask.method == "HEAD" else Reply(200, _shown(body))
        if ask.method == "PUT":
            body, created = self.resources.put(id, ask.body, version)
            if not slow:
                return Reply(201 if created else 200, _shown(body))
            body = self.resources.mark(id, "Creating" if created else "Updating")
            return Reply(
                201 if created else 200,
                _shown(body),
                self.later.status(ask, id.subscription, self.later.begin("ready", str(id))),
            )
        if ask.method == "PATCH":
            return Reply(200, _shown(self.resources.patched(id, ask.body, version)))
        if ask.method != "DELETE":
            raise Refused(405, "MethodNotAllowed", f"{ask.method} of {id.type} is not modelled by this emulator")
        if self.resources.find(str(id)) is None:
            return Reply(204)
        self.resources.may_delete(id)
        if not slow:
            self.resources.drop(str(id))
            return Reply(200)
        self.resources.mark(id, "Deleting")
        return Reply(202, None, self.later.results(ask, id.subscription, self.later.begin("drop", str(id), status=204)))

    def _told(self, ask: Ask, id: ArmId) -> Reply:
        self.access.judge_action(ask, str(id), f"{id.type}/list/action")
        checked_version(id, ask.query.get("api-version", ""))
        if not kind_of(id).listed:
            raise Refused(405, "MethodNotAllowed", f"POST list of {id.type} is not modelled by this emulator")
        body = _shown(self.resources.read(id))
        held = {name: value for name, value in body["properties"].items() if name != "provisioningState"}
        return Reply(200, {**body, "properties": held})

    def _children(self, ask: Ask, collection: str) -> Reply:
        parent = collection.rpartition("/")[0]
        id = ArmId.parse(f"{collection}/x")
        self.access.judge_method(ask, parent)
        checked_version(id, ask.query.get("api-version", ""))
        if id.parent is not None:
            self.resources.read(id.parent)
        mine = [b for b in self.resources.below(f"{collection}/") if b["type"].lower() == id.type.lower()]
        return Reply(200, {"value": [_shown(b) for b in mine]})

    def _list(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        group = self.resources.group(at["subscription"], at["group"])["id"]
        self.access.judge_method(ask, group)
        versioned(ask)
        wanted = ask.query.get("$filter", "")
        rule = re.fullmatch(r"tagName eq '([^']*)' and tagValue eq '([^']*)'", wanted)
        kind = re.fullmatch(r"resourceType eq '([^']*)'", wanted)
        if wanted and rule is None and kind is None:
            raise Refused(
                400, "InvalidFilterInQueryString", f"The emulator does not model the filter {ask.query['$filter']}"
            )
        found = [b for b in self.resources.below(f"{group}/providers/") if "location" in b or "tags" in b]
        if rule is not None:
            found = [b for b in found if b.get("tags", {}).get(rule[1]) == rule[2]]
        if kind is not None:
            found = [b for b in found if b["type"].lower() == kind[1].lower()]
        size, start = int(ask.query.get("$top", 1000)), int(ask.query.get("$skiptoken", 0))
        names = ("id", "name", "type", "location", "tags", "sku", "kind", "identity", "createdTime", "changedTime")
        answer: dict[str, Any] = {"value": [{n: b[n] for n in names if n in b} for b in found[start : start + size]]}
        if start + size < len(found):
            kept = "".join(f"&{k}={v}" for k, v in ask.query.items() if k not in ("$skiptoken", "api-version"))
            answer["nextLink"] = (
                f"{ask.host}{ask.path}?api-version={ask.query['api-version']}{kept}&$skiptoken={start + size}"
            )
        return Reply(200, answer)

    def _graph(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        versioned(ask, _GRAPH)
        self.access.judge(ask, "", changes=False, anywhere=True)

        def visible(id: str) -> bool:
            try:
                self.access.judge(ask, id, changes=False)
            except Refused:
                return False
            return True

        return graph.query(self._store, ask.body, visible)

    def _progress(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        # Whoever knows the number has started it; any valid token may ask.
        self.access.judge(ask, "", changes=False, anywhere=True)
        return self.later.progress(ask, at["what"].lower(), at["number"])

    # --- providers --------------------------------------------------------------------------------------

    def _providers(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        self.access.judge(ask, f"/subscriptions/{at['subscription']}", changes=False, anywhere=True)
        versioned(ask)
        namespaces = sorted({k.type.partition("/")[0] for k in KINDS.values()})
        return Reply(200, {"value": [provider(at["subscription"], n) for n in namespaces]})

    def _provider(self, ask: Ask, at: Mapping[str, str]) -> Reply:
        self.access.judge(ask, f"/subscriptions/{at['subscription']}", changes=False, anywhere=True)
        versioned(ask)
        known = {k.type.partition("/")[0].lower(): k.type.partition("/")[0] for k in KINDS.values()}
        if at["namespace"].lower() not in known:
            raise Refused(404, "InvalidResourceNamespace", f"The resource namespace '{at['namespace']}' is invalid.")
        return Reply(200, provider(at["subscription"], known[at["namespace"].lower()]))


def _shown(body: Mapping[str, Any]) -> dict[str, Any]:
    """A resource by itself; only lists tell when it was made."""
    return {name: value for name, value in body.items() if name not in ("createdTime", "changedTime")}
