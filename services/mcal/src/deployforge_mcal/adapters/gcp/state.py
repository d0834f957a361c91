"""Letting go of resources without deleting them: Terraform's state of a deployment is locked, exported, written anew
without them and imported. Source: Infrastructure Manager, "Manage the Terraform state file"."""

import json
import time
from collections.abc import Collection
from typing import Any, Final

import requests

from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

_SECONDS: Final = 120.0
_POLL_SECONDS: Final = 0.2
_TIMEOUT: Final = (3.05, 60)


def let_go(session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
    """Take addresses out of a deployment's state; those that are not in it are no error. Raises GoogleError or
    ProviderFailure; then the state is as it was."""
    document = exported(session, deployment)
    kept = [one for one in document.get("resources") or () if _address(one) not in addresses]
    if len(kept) == len(document.get("resources") or ()):
        return
    session.config("lock_deployment", name=deployment)
    try:
        lock = _locked(session, deployment)
        document = exported(session, deployment)
        kept = [one for one in document["resources"] if _address(one) not in addresses]
        changed = {**document, "serial": int(document["serial"]) + 1, "resources": kept}
        uri = session.config("import_statefile", parent=deployment, lock_id=int(lock))["signed_uri"]
        answer = requests.put(uri, data=json.dumps(changed).encode(), timeout=_TIMEOUT, allow_redirects=False)
        answer.raise_for_status()
    finally:
        session.config("unlock_deployment", name=deployment, lock_id=int(_locked(session, deployment)))
        _wait(session, deployment, "UNLOCKED")


def exported(session: GcpSession, deployment: str) -> dict[str, Any]:
    """Terraform's state of a deployment."""
    uri = session.config("export_deployment_statefile", parent=deployment)["signed_uri"]
    answer = requests.get(uri, timeout=_TIMEOUT, allow_redirects=False)
    answer.raise_for_status()
    return dict(answer.json())


def _address(one: dict[str, Any]) -> str:
    return f"{one['type']}.{one['name']}"


def _locked(session: GcpSession, deployment: str) -> str:
    _wait(session, deployment, "LOCKED")
    return str(session.config("export_lock_info", name=deployment)["lock_id"])


def _wait(session: GcpSession, deployment: str, state: str) -> None:
    deadline = time.monotonic() + _SECONDS
    while (found := str(session.config("get_deployment", name=deployment)["lock_state"])) != state:
        if time.monotonic() > deadline or found.endswith("_FAILED"):
            said = f"the lock of {deployment} is {found}, not {state}"
            raise ProviderFailure(Failure("UNIT_BUSY", said, "wait for the other change to end", None, True))
        time.sleep(_POLL_SECONDS)
