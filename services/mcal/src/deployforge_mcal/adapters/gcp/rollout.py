"""One change of an Infrastructure Manager deployment: begun, watched, found again after a crash.

A unit is one deployment; its name follows from the unit's, its blueprint is an object in the project's bucket. Which
operation has last changed it stands in a label of it, and what was there before in an object beside the blueprint: the
second attempt reads there what the first one found, and does not take for old what the first one made.
"""

import io
import json
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

import requests

from deployforge_mcal.adapters.bodies import Body, digest
from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.errors import GoogleError, is_missing, of_terraform
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.operation import Failure

OPERATION_LABEL: Final = "deployforge-operation"
_ENDED: Final = frozenset({"ACTIVE", "FAILED", "SUSPENDED", "DELETED"})
#: A token lives ten minutes; what takes longer is found again by the next attempt.
_PATIENCE_SECONDS: Final = 540.0
_FIRST_POLL_SECONDS, _LAST_POLL_SECONDS = 0.1, 5.0
_MANAGED: Final = "CLOUD_BUILD_PERMISSION_DENIED"


def deployment_id(unit_name: str) -> str:
    """At most 63 characters."""
    return unit_name if len(unit_name) <= 63 else f"{unit_name[:50].rstrip('-')}-{digest(unit_name)}"


class Rollout:
    """One unit's deployment, changed by one operation; `step` tells apart what one operation does one after another."""

    def __init__(self, session: GcpSession, unit_name: str, token: str, tick: Tick, step: str = "") -> None:
        self._session, self._tick = session, tick
        self.id = deployment_id(unit_name)
        self.name = f"{session.place.parent}/deployments/{self.id}"
        self._unit, self._token = unit_name, f"{token}{step}"
        self._operation = digest(self._token, length=16)
        self._folder = f"{self.id}/{self._operation}"

    # --- what is there --------------------------------------------------------------------------------

    def found(self) -> Body | None:
        """The deployment as it is, or None."""
        try:
            return dict(self._session.config("get_deployment", name=self.name))
        except GoogleError as error:
            if is_missing(error):
                return None
            raise

    def mine(self) -> bool:
        """Whether this operation has begun to change the deployment."""
        return (
            self.note() is not None and ((self.found() or {}).get("labels") or {}).get(OPERATION_LABEL) == self._operation
        )

    def note(self) -> dict[str, Any] | None:
        """What was noted when it was begun."""
        content = self._session.download(f"{self._folder}/note.json")
        return None if content is None else dict(json.loads(content))

    # --- changing -------------------------------------------------------------------------------------

    def begin(self, plan: Plan, note: Mapping[str, Any], **how: Any) -> None:
        """Start it; `how` is for `Plan.blueprint`. Raises GoogleError."""
        session = self._session
        session.upload(f"{self._folder}/note.json", json.dumps(note).encode())
        source = session.upload(f"{self._folder}/blueprint.zip", _zipped(plan.blueprint(**how)))
        labels = {planning.UNIT_LABEL: planning.label(self._unit), OPERATION_LABEL: self._operation}
        body = {
            "name": self.name, "labels": labels, "service_account": session.actuator,
            "terraform_blueprint": {"gcs_source": source},
        }  # fmt: skip
        request = str(uuid5(NAMESPACE_URL, f"deployforge:{self._token}"))
        if self.found() is None:
            asked = {"parent": session.place.parent, "deployment_id": self.id, "deployment": body, "request_id": request}
            session.config("create_deployment", **asked)
        else:
            session.config("update_deployment", deployment=body, request_id=request)

    def wait(self, plan: Plan) -> Failure | None:
        """Until it is over; why it failed, if it did. Raises ProviderFailure when that takes too long."""
        told: dict[str, str] = {}

        def over() -> Body | None:
            found = self.found()
            if found is None:
                return {"state": "DELETED"}
            self._progress(plan, str(found.get("latest_revision") or ""), told)
            return found if found["state"] in _ENDED else None

        found = until(over, self.name)
        if found["state"] == "ACTIVE":
            return None
        if found["state"] == "DELETED":
            return Failure(
                "NOT_FOUND", f"deployment {self.id} was removed while it changed", "run it again", retryable=True
            )
        return self._failure(plan, found)

    def remove(self, plan: Plan | None) -> Failure | None:
        """End the deployment with everything that is in it; why that failed, if it did. One that is not there is a
        success."""
        try:
            self._session.config("delete_deployment", name=self.name, force=True, delete_policy="DELETE")
        except GoogleError as error:
            if not is_missing(error):
                raise
            return None

        def over() -> Body | None:
            found = self.found()
            return {} if found is None else found if found["state"] in ("FAILED", "DELETED") else None

        found = until(over, self.name)
        if found.get("state") == "FAILED":
            return self._failure(plan, found)
        return None

    def forget(self) -> None:
        """The unit is gone: so are its blueprints."""
        for name in self._session.objects(f"{self.id}/"):
            self._session.remove(name)

    def _progress(self, plan: Plan, revision: str, told: dict[str, str]) -> None:
        if not revision:
            return
        try:
            listed = self._session.config("list_resources", parent=revision)
        except (GoogleError, requests.RequestException):
            return  # Progress is for people; the deployment's own state says how it ends.
        for one in listed:
            address, state = str(one["terraform_info"]["address"]), str(one["state"])
            if told.get(address) != state:
                told[address] = state
                self._tick(plan.urn_of(address), state, None)

    def _failure(self, plan: Plan | None, found: Body) -> Failure:
        errors = list(found.get("tf_errors") or ())
        code, said = str(found.get("error_code") or ""), str(found.get("state_detail") or "")
        if revision := str(found.get("latest_revision") or ""):
            told = dict(self._session.config("get_revision", name=revision))
            errors = errors or list(told.get("tf_errors") or ())
            code, said = str(told.get("error_code") or code), str(told.get("state_detail") or said)
        for error in errors:
            urn = plan.urn_of(str(error.get("resource_address") or "")) if plan is not None else None
            return of_terraform(error, urn)
        if code == _MANAGED:
            hint = "give the account that Infrastructure Manager works as the role roles/config.agent"
            return Failure("ACCESS_DENIED", said or f"{code}", hint)
        return Failure(code or "FAILED", said or f"the deployment is {found['state']}")


# --- previews ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Previewed:
    """What Infrastructure Manager says of a blueprint, one entry per resource of Terraform's."""

    changes: Sequence[Body]
    """What deploying it would do."""
    drifts: Sequence[Body]
    """What is not as it was last deployed."""

    @staticmethod
    def paths(change: Body) -> str:
        """The arguments that a change is about."""
        return ", ".join(str(one["path"]) for one in change.get("property_changes") or ())


def previewed(session: GcpSession, unit_name: str, token: str, plan: Plan, **how: Any) -> Previewed:
    """Infrastructure Manager's own opinion of a unit; `how` is for `Plan.blueprint`. Raises ProviderFailure."""
    there = Rollout(session, unit_name, token, lambda *_: None)
    name = f"df-{digest(token, length=16)}"
    full = f"{session.place.parent}/previews/{name}"
    source = session.upload(f"{there.id}/{name}.zip", _zipped(plan.blueprint(**how)))
    body: Body = {
        "name": full, "service_account": session.actuator, "terraform_blueprint": {"gcs_source": source},
        "preview_mode": "DEFAULT",
    }  # fmt: skip
    if there.found() is not None:
        body["deployment"] = there.name
    try:
        session.config("create_preview", parent=session.place.parent, preview_id=name, preview=body)
        found = until(lambda: _preview(session, full), full)
        if found["state"] != "SUCCEEDED":
            raise ProviderFailure(_preview_failure(plan, found))
        changes, drifts = (list(session.config(f"list_resource_{what}", parent=full)) for what in ("changes", "drifts"))
        return Previewed(changes, drifts)
    finally:
        session.config("delete_preview", name=full)
        session.remove(f"{there.id}/{name}.zip")


def _preview(session: GcpSession, full: str) -> Body | None:
    found = dict(session.config("get_preview", name=full))
    return found if found["state"] in ("SUCCEEDED", "FAILED", "STALE") else None


def _preview_failure(plan: Plan, found: Body) -> Failure:
    for error in found.get("tf_errors") or ():
        return of_terraform(error, plan.urn_of(str(error.get("resource_address") or "")))
    said = str((found.get("error_status") or {}).get("message") or f"the preview is {found['state']}")
    return Failure(str(found.get("error_code") or "FAILED"), said)


def until(ask: Callable[[], Body | None], name: str) -> Body:
    """Ask until there is an answer. Raises ProviderFailure when that takes too long."""
    deadline, pause = time.monotonic() + _PATIENCE_SECONDS, _FIRST_POLL_SECONDS
    while (found := ask()) is None:
        if time.monotonic() > deadline:
            said = f"{name} is not done after {_PATIENCE_SECONDS:.0f} s"
            raise ProviderFailure(Failure("TIMEOUT", said, "run the operation again: it goes on where it is", None, True))
        time.sleep(pause)
        pause = min(pause * 1.5, _LAST_POLL_SECONDS)
    return found


def _zipped(document: bytes) -> bytes:
    """The same bytes for the same document."""
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("main.tf.json", (1980, 1, 1, 0, 0, 0)), document)
    return kept.getvalue()
