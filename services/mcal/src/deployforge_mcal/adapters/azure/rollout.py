"""One incremental deployment: begun, watched, found again after a crash.

Its name follows from the operation's token, so that a resumed operation finds its own. What was there before is noted in a
parameter of the deployment itself: the second attempt reads there what the first one found, and does not take for
old what the first one made.
"""

import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from azure.mgmt.resource.deployments.models import Deployment, DeploymentWhatIf

from deployforge_mcal.adapters.azure.errors import blamed, code_of, failure_of, is_missing, meaning
from deployforge_mcal.adapters.azure.planning import NOTE, Plan
from deployforge_mcal.adapters.azure.session import AzureSession, Body
from deployforge_mcal.adapters.bodies import digest
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.operation import Failure

_OVER: Final = frozenset({"Succeeded", "Failed", "Canceled"})
#: A token lives an hour; what takes longer is found again by the next attempt.
_PATIENCE_SECONDS: Final = 3000.0
_FIRST_POLL_SECONDS, _LAST_POLL_SECONDS = 0.2, 5.0
_NAME: Final = 64


def deployment_name(unit_name: str, token: str, suffix: str = "") -> str:
    """At most 64 characters; the unit can be read from it, the operation is its end."""
    end = f"-{digest(token, length=12)}{suffix}"
    return f"{prefix(unit_name)}{end}"


def prefix(unit_name: str) -> str:
    """How the names of all deployments of a unit begin."""
    return unit_name if len(unit_name) <= 44 else f"{unit_name[:35]}-{digest(unit_name)}"


class Rollout:
    """A deployment by name."""

    def __init__(self, session: AzureSession, name: str, tick: Tick) -> None:
        self._session, self.name, self._tick = session, name, tick
        self._group = session.place.group

    def found(self) -> Body | None:
        """The deployment as it is, or None when it was never begun."""
        try:
            return dict(self._session.deployments.deployments.get(self._group, self.name).as_dict())
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def note(self) -> dict[str, Any]:
        """What was noted when it was begun."""
        deployment = self.found() or {}
        given = deployment.get("properties", {}).get("parameters") or {}
        noted = (given.get(NOTE) or {}).get("value")
        return dict(noted) if isinstance(noted, Mapping) else {}

    def begin(self, plan: Plan, note: Mapping[str, Any]) -> None:
        """Start it; one of this name that runs already is ours."""
        body = _body(plan, note, self._session)
        try:
            begin = self._session.deployments.deployments.begin_create_or_update
            begin(self._group, self.name, Deployment(body), polling=False)
        except Exception as error:
            if code_of(error) != "DeploymentActive":
                raise

    def wait(self, plan: Plan) -> Failure | None:
        """Until it is over; why it failed, if it did. Raises ProviderFailure when that takes too long."""
        told: dict[str, str] = {}
        deadline, pause = time.monotonic() + _PATIENCE_SECONDS, _FIRST_POLL_SECONDS
        while True:
            deployment = self.found()
            self._progress(plan, told)
            properties = (deployment or {}).get("properties") or {}
            state = str(properties.get("provisioningState", ""))
            if deployment is None or state in _OVER:
                break
            if time.monotonic() > deadline:
                said = f"deployment {self.name} is {state} after {_PATIENCE_SECONDS:.0f} s"
                raise ProviderFailure(
                    Failure("TIMEOUT", said, "run the operation again: it goes on where it is", None, True)
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LAST_POLL_SECONDS)
        if deployment is None:
            return Failure("NOT_FOUND", f"deployment {self.name} was removed while it ran", "run it again", retryable=True)
        return None if state == "Succeeded" else _failure(plan, properties.get("error") or {}, state)

    def _progress(self, plan: Plan, told: dict[str, str]) -> None:
        try:
            operations = list(self._session.deployments.deployment_operations.list(self._group, self.name))
        except Exception as error:
            # Progress is for people; the deployment's own state says how it ends.
            if not failure_of(error).failure.retryable and not is_missing(error):
                raise
            return
        for one in operations:
            p = one.properties
            if p is None or p.target_resource is None:
                continue
            target = p.target_resource.id
            if target and told.get(target) != p.provisioning_state:
                told[target] = str(p.provisioning_state)
                self._tick(plan.urn_of(target), told[target].upper(), None)

    def what_if(self, plan: Plan) -> Iterable[Body]:
        """Azure's own changes, one per native resource. Raises ProviderFailure."""
        body = _body(plan, {}, self._session)
        body["properties"]["whatIfSettings"] = {"resultFormat": "FullResourcePayloads"}
        result = self._session.deployments.deployments.begin_what_if(
            self._group, self.name, DeploymentWhatIf(body)
        ).result()
        said = result.as_dict()
        if said.get("status") != "Succeeded":
            error = said.get("error") or {}
            raise ProviderFailure(meaning(str(error.get("code", "")), str(error.get("message", "")), restored=True))
        return said.get("properties", {}).get("changes") or said.get("changes") or []


def _body(plan: Plan, note: Mapping[str, Any], session: AzureSession) -> Body:
    return {
        "properties": {
            "mode": "Incremental", "template": plan.template(), "parameters": plan.parameters(note, session.secrets),
        }
    }  # fmt: skip


def _failure(plan: Plan, error: Mapping[str, Any], state: str) -> Failure:
    every = [one for one in blamed(error) if one[0]]
    for code, message, target in every:
        urn = plan.urn_of(target) if target else None
        if urn is not None:
            return meaning(code, message, urn)
    code, message, _ = every[0] if every else ("DeploymentFailed", f"the deployment is {state}", "")
    return meaning(code, message)
