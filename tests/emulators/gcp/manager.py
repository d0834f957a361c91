"""Who answers what. A service's host is the first part of the path: `/pubsub.googleapis.com/v1/projects/…`."""

import json
import re
from collections.abc import Callable
from typing import Any, Final

from tests.emulators.faults import Faults
from tests.emulators.gcp import assets, legacy
from tests.emulators.gcp.access import Access
from tests.emulators.gcp.deployments import Deployments
from tests.emulators.gcp.legacy import Legacy
from tests.emulators.gcp.objects import Objects
from tests.emulators.gcp.opentofu import OpenTofu
from tests.emulators.gcp.replies import Refused
from tests.emulators.gcp.services import Services
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

_DEPLOYMENT: Final = r"v1/(?P<name>projects/[^/]+/locations/[^/]+/deployments/[^/:]+)"
_PREVIEW: Final = r"v1/(?P<name>projects/[^/]+/locations/[^/]+/previews/[^/:]+)"
_PARENT: Final = r"v1/(?P<parent>projects/[^/]+/locations/[^/]+)"
_SA: Final = re.compile(r"v1/projects/-/serviceAccounts/(?P<account>[^/:]+):generateAccessToken")
_IAM: Final = re.compile(r"v3/projects/(?P<project>[^/:]+):testIamPermissions")
_POLICIES: Final = {"1": "DELETE", "2": "ABANDON"}


class Manager:
    """The emulator, free of the web server. One request at a time."""

    def __init__(self, store: Store, *, seconds: float, lag: float, tofu: OpenTofu | None = None) -> None:
        self._store, self._lag = store, lag
        self.clock, self.faults = Clock(store), Faults(store)
        self.access, self.objects = Access(store, self.clock), Objects(store)
        self.services = Services(store, self.clock, self.faults)
        self.deployments = Deployments(
            store, self.clock, self.services, self.objects, self.access, self.faults, seconds, tofu
        )  # fmt: skip
        self.legacy = Legacy(store, self.clock, self.services, self.access, self.faults, seconds)
        self.commit, self.undo = store.commit, store.undo

    def handle(self, ask: Ask) -> Reply:
        """One call. Raises Refused."""
        if ask.path.startswith("/_emulator/"):
            return self._control(ask, ask.path.rpartition("/")[2])
        host, _, path = ask.path.lstrip("/").partition("/")
        if host == "oauth2.googleapis.com" and path == "token":
            return self.access.token(ask.body or {})
        if host == "storage.googleapis.com" and path.startswith("_state/"):
            return self._state(ask, path)
        self.deployments.settle()
        self.legacy.settle()
        self._fault(ask)
        if host == "iamcredentials.googleapis.com" and (one := _SA.fullmatch(path)) is not None:
            return self.access.impersonate(ask, one["account"])
        if host == "cloudresourcemanager.googleapis.com" and (asked := _IAM.fullmatch(path)) is not None:
            held = self.access.held(ask, asked["project"], list(ask.body.get("permissions") or ()))
            return Reply(200, {"permissions": held} if held else {})
        if host == "config.googleapis.com":
            return self._config(ask, path)
        if host == legacy.HOST:
            return self.legacy.handle(ask, path)
        if host == "cloudasset.googleapis.com":
            return self._assets(ask, path)
        if host == "storage.googleapis.com" and self.objects.is_object(path):
            self.access.judge(ask, self.objects.project(path), "storage.objects.get", changes=ask.method != "GET")
            return self.objects.handle(ask, path)
        project = self._project(ask, host, path)
        self.access.judge(
            ask, project, f"{host.partition('.')[0]}.resources.{ask.method.lower()}", changes=ask.method != "GET"
        )
        return self.services.handle(ask, host, path)

    def _project(self, ask: Ask, host: str, path: str) -> str:
        if (named := re.search(r"(?:^|/)projects/([^/]+)/", path)) is not None:
            return named[1]
        bucket = f"//storage.googleapis.com/{path.rpartition('/')[2]}"
        project = self.services.project(bucket) or ask.query.get("project", "")
        if not project:
            raise Refused(404, "The specified bucket does not exist.")
        return project

    def _fault(self, ask: Ask) -> None:
        fault = self.faults.of_request(ask)
        if fault is None:
            return
        if fault["kind"] == "throttle":
            seconds = str(fault.get("retryAfter", 1))
            raise Refused(
                429,
                "Quota exceeded for quota metric 'Requests per minute'",
                reason="RATE_LIMIT_EXCEEDED",
                retry_after=seconds,
            )
        raise Refused(int(fault.get("status", 409)), fault.get("message", "a conflict"), reason=fault.get("code", ""))

    # --- Infrastructure Manager -----------------------------------------------------------------------

    def _config(self, ask: Ask, path: str) -> Reply:
        project = (re.match(r"v1/projects/([^/]+)/", path) or ("", ""))[1]
        changes = ask.method != "GET" and not path.endswith(":exportState")
        self.access.judge(
            ask, project, f"config.{path.split('/')[-1].partition(':')[2] or ask.method.lower()}", changes=changes
        )
        for method, pattern, answer in self._routes():
            found = re.fullmatch(pattern, path)
            if found is not None and method == ask.method:
                return Reply(200, answer(ask, found.groupdict()))
        raise Refused(404, f"Nothing answers {ask.method} {path}")

    def _routes(self) -> list[tuple[str, str, Callable[[Ask, dict[str, str]], Any]]]:
        d = self.deployments
        return [
            ("POST", f"{_PARENT}/deployments", lambda a, g: d.begin(
                f"{g['parent']}/deployments/{a.query['deploymentid']}", a.body, new=True, request=a.query.get("requestid", ""))),
            ("GET", f"{_PARENT}/deployments", lambda a, g: _list("deployments", d.listed("deployment", f"{g['parent']}/deployments"))),
            ("PATCH", _DEPLOYMENT, lambda a, g: d.begin(g["name"], a.body, new=False, request=a.query.get("requestid", ""))),
            ("GET", _DEPLOYMENT, lambda a, g: d.get(g["name"])),
            ("DELETE", _DEPLOYMENT, lambda a, g: d.end(
                g["name"], force=a.query.get("force") == "true", policy=_POLICIES.get(a.query.get("deletepolicy", ""), a.query.get("deletepolicy", "")))),
            ("GET", f"{_DEPLOYMENT}/revisions", lambda a, g: _list("revisions", d.listed("revision", f"{g['name']}/revisions"))),
            ("GET", f"{_DEPLOYMENT}/revisions/(?P<r>[^/:]+)", lambda a, g: d.found("revision", f"{g['name']}/revisions/{g['r']}")),
            ("GET", f"{_DEPLOYMENT}/revisions/(?P<r>[^/:]+)/resources", lambda a, g: _list(
                "resources", d.listed("resource-of", f"{g['name']}/revisions/{g['r']}/resources"))),
            ("POST", f"{_DEPLOYMENT}:lock", lambda a, g: d.lock(g["name"])),
            ("POST", f"{_DEPLOYMENT}:unlock", lambda a, g: d.unlock(g["name"], str(a.body["lockId"]))),
            ("GET", f"{_DEPLOYMENT}:exportLock", lambda a, g: d.lock_info(g["name"])),
            ("POST", f"{_DEPLOYMENT}:exportState", lambda a, g: self._signed(a, g["name"], "")),
            ("POST", f"{_DEPLOYMENT}:importState", lambda a, g: self._signed(a, g["name"], str(a.body["lockId"]))),
            ("POST", f"{_PARENT}/previews", lambda a, g: d.preview(f"{g['parent']}/previews/{a.query['previewid']}", a.body)),
            ("GET", _PREVIEW, lambda a, g: d.found("preview", g["name"])),
            ("DELETE", _PREVIEW, lambda a, g: d.drop_preview(g["name"])),
            ("GET", f"{_PREVIEW}/resourceChanges", lambda a, g: _list("resourceChanges", d.listed("change", f"{g['name']}/resourceChanges"))),
            ("GET", f"{_PREVIEW}/resourceDrifts", lambda a, g: _list("resourceDrifts", d.listed("drift", f"{g['name']}/resourceDrifts"))),
            ("GET", r"v1/(?P<name>projects/[^/]+/locations/[^/]+/operations/[^/:]+)", lambda a, g: d.found("operation", g["name"])),
        ]  # fmt: skip

    def _signed(self, ask: Ask, name: str, lock: str) -> Any:
        self.deployments.get(name)
        if lock:
            self.deployments.holds(name, lock)
        return {"signedUri": self.objects.signed(ask.host, name, lock)}

    def _state(self, ask: Ask, path: str) -> Reply:
        deployment, lock = self.objects.signed_for(path)
        if ask.method == "GET":
            return Reply(200, self.deployments.state_file(deployment))
        self.deployments.put_state(deployment, lock, json.loads(ask.body))
        return Reply(200)

    # --- Cloud Asset Inventory ------------------------------------------------------------------------

    def _assets(self, ask: Ask, path: str) -> Reply:
        found = re.fullmatch(r"v1/projects/([^/]+)(/assets|:searchAllResources)", path)
        if found is None:
            raise Refused(404, f"Nothing answers {ask.method} {path}")
        self.access.judge(ask, found[1], "cloudasset.assets.listResource", changes=False)
        rows = self.services.indexed(found[1], set(ask.query.get("assettypes", "").split(",")) - {""}, self._lag)
        return assets.listed(ask, found[1], rows) if found[2] == "/assets" else assets.searched(ask, found[1], rows)

    # --- controls -------------------------------------------------------------------------------------

    def _control(self, ask: Ask, what: str) -> Reply:
        body = ask.body or {}
        if what == "faults" and ask.method == "DELETE":
            self.faults.clear()
        elif what == "faults" and not self.faults.add(body):
            raise Refused(400, "a fault is throttle, refuse, resource or slow")
        elif what == "clock":
            self.clock.shift(float(body["seconds"]))
        elif what == "secrets":
            return Reply(200, self.services.secret(body["full"]))
        elif what == "accounts":
            self.access.register(body)
        elif what == "buckets":
            self.objects.add_bucket(body["name"], body["project"])
        elif what == "resources":
            return Reply(200, sorted(f for f, _ in self.services.all() if self.services.project(f) == body["project"]))
        return Reply(200, {"now": self.clock.now()})


def _list(name: str, found: list[Any]) -> dict[str, Any]:
    return {name: found} if found else {}
