"""Clients: threads that do the plan's commands over the public client library, and write down what each call came to.

A call whose outcome nobody knows is made again with the same request id until it is known, as a careful client does.
"""

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import yaml
from botocore.exceptions import BotoCoreError, ClientError
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client import DeployForge
from deployforge_client.errors import (
    BadRequest,
    DeployForgeError,
    NotFound,
    PermissionDenied,
    Refused,
)
from deployforge_local.cloud import Cloud

from tests.chaos.history import OK, REFUSED, UNKNOWN, ClientCall
from tests.chaos.plan import NAMESPACE, Command
from tests.chaos.recording import Recorder

REGION: Final = "eu-west-1"
_CALL_AGAIN_SECONDS: Final = 90.0
"""A call that has no clear outcome after this long is left unknown."""
_AWAIT_SECONDS: Final = 25.0
"""So long a decision waits for what it is about."""
#: Said without anything having been done or put on record: to be called again like a call that was lost.
_LATER: Final = ("too much at once", "try again")
_DEFINITE: Final = (Refused, BadRequest, NotFound, PermissionDenied)


class Clients:
    """What clients do with one command; used by many threads."""

    def __init__(self, open_client: Callable[[str], DeployForge], cloud: Cloud, recorder: Recorder) -> None:
        self._open = open_client
        self._cloud, self._recorder = cloud, recorder
        self._local = threading.local()

    def do(self, command: Command) -> None:
        """Carry a command out, whatever it comes to."""
        match command.kind:
            case "submit" | "change":
                self._submit(command, manifest(command, approvals=1))
            case "repeat":
                self._submit(command, manifest(command, approvals=1))
            case "wrong":
                self._submit(command, manifest(command, approvals=1).replace(b"visibilityTimeout", b"visibilityTimeut"))
            case "apply":
                self._submit(command, manifest(command, approvals=0))
            case "reject":
                self._after(command, cp.REQUEST_STATE_AWAITING_APPROVAL)
                self._call("Deployments.Reject", "bob", command, lambda c: c.reject(command.request_id, "not now"))
            case "cancel":
                self._call("Deployments.Cancel", "alice", command, lambda c: c.cancel(command.request_id, "not any more"))
            case "approve":
                if request := self._after(command, cp.REQUEST_STATE_AWAITING_APPROVAL):
                    digest = request.plan.plan_digest
                    self._call("Deployments.Approve", "bob", command, lambda c: c.approve(command.request_id, digest))
            case "scan":
                self._call("Drift.Scan", "admin", command, lambda c: c.scan(_reference(command)), request_id="")
            case "drift" | "delete":
                self._behind_the_back(command)

    # --- calls ------------------------------------------------------------------------------------------

    def _submit(self, command: Command, text: bytes) -> None:
        def call(client: DeployForge) -> Any:
            return client.submit(text, file="chaos.yaml", request_id=command.request_id)

        self._call("Deployments.Submit", "alice", command, call)

    def _call(
        self,
        method: str,
        actor: str,
        command: Command,
        call: Callable[[DeployForge], Any],
        request_id: str | None = None,
    ) -> None:
        deadline, pause = time.monotonic() + _CALL_AGAIN_SECONDS, 0.1
        while True:
            began = time.time()
            outcome, answer = _outcome(call, self._client(actor))
            self._recorder.add(
                ClientCall(
                    str(uuid.uuid4()), method, actor, command.request_id if request_id is None else request_id,
                    _reference(command), outcome, began, time.time(), answer,
                )
            )  # fmt: skip
            if outcome != UNKNOWN or time.monotonic() > deadline:
                return
            time.sleep(pause)
            pause = min(2.0, pause * 2)

    def _after(self, command: Command, state: int) -> cp.DeploymentRequest | None:
        """The request as soon as it is in `state`; None when it is not in time."""
        deadline = time.monotonic() + _AWAIT_SECONDS
        while time.monotonic() < deadline:
            try:
                request = self._client("bob").get(command.request_id)
                if request.state == state:
                    return request
                if request.state not in (cp.REQUEST_STATE_PLANNING, cp.REQUEST_STATE_UNSPECIFIED):
                    return None
            except DeployForgeError:
                # Not there (yet), or nobody answers: both may pass.
                pass
            time.sleep(0.25)
        return None

    def _client(self, actor: str) -> DeployForge:
        clients: dict[str, DeployForge] = self._local.__dict__.setdefault("clients", {})
        if actor not in clients:
            clients[actor] = self._open(actor)
        return clients[actor]

    # --- behind the back --------------------------------------------------------------------------------

    def _behind_the_back(self, command: Command) -> None:
        """Change or delete a queue of an applied deployment in the cloud itself."""
        try:
            state = self._client("alice").state(_reference(command))
        except DeployForgeError:
            # Not applied yet, or nobody answers: then this drift does not happen.
            return
        url = next((r.physical_id for r in state.resources if r.name == "one"), "")
        if not url:
            return
        began = time.time()
        try:
            if command.kind == "delete":
                self._cloud.delete_queue(REGION, url)
            else:
                self._cloud.set_visibility_timeout(REGION, url, command.variant)
            outcome = OK
        except ClientError:
            outcome = REFUSED
        except BotoCoreError:
            outcome = UNKNOWN
        method = "Cloud.Delete" if command.kind == "delete" else "Cloud.Change"
        self._recorder.add(
            ClientCall(str(uuid.uuid4()), method, "somebody", "", _reference(command), outcome, began, time.time(), url)
        )


def _outcome(call: Callable[[DeployForge], Any], client: DeployForge) -> tuple[str, str]:
    try:
        call(client)
    except _DEFINITE as refused:
        if isinstance(refused, Refused) and any(later in refused.hint for later in _LATER):
            return UNKNOWN, f"{type(refused).__name__}: {refused}"
        return REFUSED, f"{type(refused).__name__}: {refused}"
    except DeployForgeError as unclear:
        return UNKNOWN, f"{type(unclear).__name__}: {unclear}"
    return OK, ""


def _reference(command: Command) -> str:
    return f"{NAMESPACE}/{command.deployment}"


def manifest(command: Command, *, approvals: int) -> bytes:
    """A small manifest: one queue that waits for people, or two queues and a topic that are applied at once."""
    resources: Sequence[dict[str, Any]] = [
        {"name": "one", "type": "Queue", "provider": "aws", "properties": {"visibilityTimeout": f"{command.variant}s"}}
    ]
    if command.kind == "apply":
        resources = [
            *resources,
            {"name": "two", "type": "Queue", "provider": "aws", "properties": {"delay": "3s"}},
            {"name": "news", "type": "Topic", "provider": "aws", "properties": {"displayName": command.deployment}},
        ]
    healing = {
        "mode": "auto", "maxSeverity": "critical", "ladder": ["correct", "rollback", "recreate", "alert"],
        "limits": {"maxResources": 5, "maxPercent": 0, "perHour": 60, "flap": {"count": 20, "within": "10m"}},
    }  # fmt: skip
    document = {
        "apiVersion": "deployforge.io/v1",
        "kind": "Deployment",
        "metadata": {"name": command.deployment, "namespace": NAMESPACE},
        "spec": {
            "providers": {
                "aws": {"type": "aws", "region": REGION, "account": "000000000000", "credentialRef": "aws-local"}
            },
            "resources": resources,
            "drift": {"every": "10s"},
            "healing": healing if command.healing else {"mode": "off"},
            "approval": {"required": approvals},
        },
    }
    return yaml.safe_dump(document, sort_keys=False).encode()
