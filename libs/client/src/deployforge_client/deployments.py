"""What a person asks of deployments, their plans and executions."""

import time
import uuid
from collections.abc import Iterator, Sequence

from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.orchestrator.v1 import plans_pb2

from deployforge_client.errors import BadRequest, Unreachable
from deployforge_client.manifests import within_limit
from deployforge_client.naming import Ref, reference
from deployforge_client.stubs import RECONNECT_PAUSE_SECONDS, RECONNECT_SECONDS, Stubs

#: States in which nothing more happens to a request.
TERMINAL = frozenset(
    {
        cp.REQUEST_STATE_SUCCEEDED,
        cp.REQUEST_STATE_FAILED,
        cp.REQUEST_STATE_ROLLED_BACK,
        cp.REQUEST_STATE_REJECTED,
        cp.REQUEST_STATE_CANCELLED,
        cp.REQUEST_STATE_STALE,
    }
)


class Deployments(Stubs):
    """See DeployForge."""

    def validate(self, manifest: bytes, file: str = "") -> cp.ValidateResponse:
        """The problems of a manifest, none when it is valid. Nothing is written."""
        return self._call.unary(
            self._deployments.Validate, cp.ValidateRequest(manifest=within_limit(manifest, file), file=file)
        )

    def submit(
        self,
        manifest: bytes,
        *,
        file: str = "",
        plan_only: bool = False,
        targets: Sequence[str] = (),
        request_id: str | None = None,
    ) -> cp.SubmitResponse:
        """Submit a manifest; the answer names the request to watch. Raises InvalidManifest."""
        return self._submit(
            cp.SubmitRequest(
                action=cp.ACTION_APPLY,
                manifest=within_limit(manifest, file),
                file=file,
                plan_only=plan_only,
                targets=targets,
            ),
            request_id,
        )

    def destroy(self, deployment: str, *, plan_only: bool = False, request_id: str | None = None) -> cp.SubmitResponse:
        """Ask for everything of a deployment to be deleted."""
        return self._submit(
            cp.SubmitRequest(action=cp.ACTION_DESTROY, deployment=reference(deployment), plan_only=plan_only),
            request_id,
        )

    def rollback(
        self, deployment: str, to_version: int, *, plan_only: bool = False, request_id: str | None = None
    ) -> cp.SubmitResponse:
        """Ask for the desired state of an earlier version."""
        return self._submit(
            cp.SubmitRequest(
                action=cp.ACTION_ROLLBACK,
                deployment=reference(deployment),
                to_version=to_version,
                plan_only=plan_only,
            ),
            request_id,
        )

    def _submit(self, request: cp.SubmitRequest, request_id: str | None) -> cp.SubmitResponse:
        request.request_id = request_id or str(uuid.uuid4())
        return self._call.unary(self._deployments.Submit, request)

    def execute(self, request_id: str, plan_digest: str) -> None:
        """Execute the plan of a plan-only request."""
        self._call.unary(self._deployments.Execute, cp.ExecuteRequest(request_id=request_id, plan_digest=plan_digest))

    def get(self, request_id: str) -> cp.DeploymentRequest:
        """One request as it is now."""
        return self._call.unary(self._deployments.Get, cp.GetRequest(request_id=request_id)).request

    def list(
        self,
        deployment: Ref | None = None,
        *,
        latest_only: bool = False,
        state: cp.RequestState = cp.REQUEST_STATE_UNSPECIFIED,
        size: int = 100,
        cursor: str = "",
    ) -> cp.ListResponse:
        """Requests, newest first; only those in `state`, where one is given."""
        return self._call.unary(
            self._deployments.List,
            cp.ListRequest(
                deployment=deployment,
                latest_only=latest_only,
                state=state,
                page=common_pb2.PageRequest(size=size, cursor=cursor),
            ),
        )

    def latest(self, deployment: str, state: cp.RequestState = cp.REQUEST_STATE_UNSPECIFIED) -> cp.DeploymentRequest:
        """The newest request of a deployment (in `state`, where one is given). Raises BadRequest when there is none."""
        found = self.list(reference(deployment), state=state, size=1).requests
        if not found:
            what = "waits for approval" if state == cp.REQUEST_STATE_AWAITING_APPROVAL else "was ever requested"
            raise BadRequest(f"nothing {what} for {deployment}", hint="deployforge list")
        return found[0]

    def watch(
        self,
        *,
        request_id: str = "",
        deployment: str = "",
        namespace: str = "",
        after: int = 0,
        until_done: bool = False,
        timeout_seconds: float | None = None,
    ) -> Iterator[cp.WatchResponse]:
        """What happens, as it happens, from position `after` on (-1: from now).

        A control plane that goes away is asked again for `RECONNECT_SECONDS`, from the last position, so that no
        event is missed or repeated. Raises TimedOut after `timeout_seconds`.
        """
        where = reference(deployment) if deployment else Ref(namespace=namespace)
        deadline = None if timeout_seconds is None else time.monotonic() + timeout_seconds
        gone_since: float | None = None
        while True:
            left = None if deadline is None else max(0.01, deadline - time.monotonic())
            request = cp.WatchRequest(request_id=request_id, deployment=where, after=after, until_done=until_done)
            try:
                for event in self._call.stream(self._deployments.Watch, request, left):
                    gone_since, after = None, event.position
                    yield event
                return
            except Unreachable:
                gone_since = gone_since or time.monotonic()
                if time.monotonic() - gone_since > RECONNECT_SECONDS:
                    raise
                time.sleep(RECONNECT_PAUSE_SECONDS)

    def approve(self, request_id: str, plan_digest: str, comment: str = "") -> cp.DeploymentRequest:
        """Approve exactly this plan. Raises PermissionDenied for its author, Refused if decided or stale."""
        return self._call.unary(
            self._deployments.Approve,
            cp.ApproveRequest(request_id=request_id, plan_digest=plan_digest, comment=comment),
        ).request

    def reject(self, request_id: str, reason: str) -> cp.DeploymentRequest:
        """Refuse the plan, for good."""
        return self._call.unary(self._deployments.Reject, cp.RejectRequest(request_id=request_id, reason=reason)).request

    def cancel(self, request_id: str, reason: str = "") -> cp.DeploymentRequest:
        """Start no new step; running ones end."""
        return self._call.unary(self._deployments.Cancel, cp.CancelRequest(request_id=request_id, reason=reason)).request

    def shred(self, deployment: str, *, force: bool = False, request_id: str = "") -> str:
        """Have everything that is kept of `namespace/name` made unreadable, for ever; the deployment's id."""
        request = cp.ShredRequest(request_id=request_id or str(uuid.uuid4()), deployment=reference(deployment), force=force)
        return self._call.unary(self._deployments.Shred, request).deployment_id

    def manifest(self, request_id: str) -> bytes:
        """The manifest of a request, canonical JSON."""
        return self._call.unary(self._deployments.GetManifest, cp.GetManifestRequest(request_id=request_id)).manifest

    def manifest_schema(self) -> str:
        """The JSON Schema of a manifest."""
        return self._call.unary(self._deployments.GetManifestSchema, cp.GetManifestSchemaRequest()).schema_json

    def plan(self, plan_id: str) -> plans_pb2.Plan:
        """A plan with every change, attribute by attribute."""
        return self._call.unary(self._plans.Get, plans_pb2.PlansGetRequest(plan_id=plan_id)).plan

    def execution(self, execution_id: str) -> plans_pb2.Execution:
        """An execution with its steps."""
        return self._call.unary(self._executions.Get, plans_pb2.ExecutionsGetRequest(execution_id=execution_id)).execution
