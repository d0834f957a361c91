"""`DeployForge`: everything a person or a program can ask of a control plane.

Answers are the messages of the public contract (`deployforge.*_pb2`), which are typed.
"""

import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from pathlib import Path
from types import TracebackType

from deployforge.common.v1 import common_pb2, parking_pb2, parking_pb2_grpc
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.control_plane.v1 import deployments_pb2_grpc as cp_grpc
from deployforge.control_plane.v1 import keys_pb2, keys_pb2_grpc
from deployforge.drift_detector.v1 import drift_pb2, drift_pb2_grpc
from deployforge.healer.v1 import healing_pb2, healing_pb2_grpc
from deployforge.mcal.v1 import clouds_pb2, clouds_pb2_grpc
from deployforge.orchestrator.v1 import plans_pb2, plans_pb2_grpc
from deployforge.state_manager.v1 import state_pb2, state_pb2_grpc

from deployforge_client.connection import Caller, open_channel
from deployforge_client.contexts import Context
from deployforge_client.errors import BadRequest, Unreachable

#: Largest manifest that the control plane reads, in bytes; refused here before it is sent.
MANIFEST_LIMIT_BYTES = 8 * 1024 * 1024

#: How long a watch asks again for a control plane that went away, and how often.
RECONNECT_SECONDS = 60.0
RECONNECT_PAUSE_SECONDS = 0.5
#: A history that is not moved within this time has failed.
FILE_SECONDS = 600.0

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

Ref = common_pb2.DeploymentRef


def reference(text: str) -> Ref:
    """`namespace/name` as a reference. Raises BadRequest for anything else."""
    namespace, slash, name = text.partition("/")
    if not slash or not namespace or not name:
        raise BadRequest(f"{text!r} does not name a deployment", hint="write NAMESPACE/NAME, storefront/webshop")
    return Ref(namespace=namespace, name=name)


class DeployForge:
    """A connection to one control plane; use it as a context manager or call `close`."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._channel = open_channel(context)
        self._call = Caller(context.token)
        self._deployments = cp_grpc.DeploymentsStub(self._channel)
        self._audit = cp_grpc.AuditStub(self._channel)
        self._access = cp_grpc.AccessStub(self._channel)
        self._keys = keys_pb2_grpc.KeysStub(self._channel)
        self._plans = plans_pb2_grpc.PlansStub(self._channel)
        self._executions = plans_pb2_grpc.ExecutionsStub(self._channel)
        self._state = state_pb2_grpc.StateStub(self._channel)
        self._inventory = state_pb2_grpc.InventoryStub(self._channel)
        self._drift = drift_pb2_grpc.DriftStub(self._channel)
        self._healing = healing_pb2_grpc.HealingStub(self._channel)
        self._clouds = clouds_pb2_grpc.CloudsStub(self._channel)
        self._parking = parking_pb2_grpc.ParkingStub(self._channel)
        self._credentials = clouds_pb2_grpc.CredentialsStub(self._channel)

    def __enter__(self) -> "DeployForge":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the connection; running streams end with it."""
        self._channel.close()

    # --- deployments -----------------------------------------------------------------------------------

    def validate(self, manifest: bytes, file: str = "") -> cp.ValidateResponse:
        """The problems of a manifest, none when it is valid. Nothing is written."""
        return self._call.unary(
            self._deployments.Validate, cp.ValidateRequest(manifest=_within_limit(manifest, file), file=file)
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
                manifest=_within_limit(manifest, file),
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

    # --- plans and executions --------------------------------------------------------------------------

    def plan(self, plan_id: str) -> plans_pb2.Plan:
        """A plan with every change, attribute by attribute."""
        return self._call.unary(self._plans.Get, plans_pb2.PlansGetRequest(plan_id=plan_id)).plan

    def execution(self, execution_id: str) -> plans_pb2.Execution:
        """An execution with its steps."""
        return self._call.unary(self._executions.Get, plans_pb2.ExecutionsGetRequest(execution_id=execution_id)).execution

    # --- state -----------------------------------------------------------------------------------------

    def state(
        self, deployment: str, version: int = 0, *, as_of: datetime | None = None, known_at: datetime | None = None
    ) -> state_pb2.GetResponse:
        """The state of a deployment at a version (0: the newest), or as of a time, by what was known at a time."""
        at = point(version, as_of, known_at)
        request = state_pb2.GetRequest(deployment=reference(deployment), version=version)
        if at.HasField("as_of"):
            request.as_of.CopyFrom(at.as_of)
        if at.HasField("known_at"):
            request.known_at.CopyFrom(at.known_at)
        return self._call.unary(self._state.Get, request)

    def history(self, deployment: str, *, size: int = 100, cursor: str = "") -> state_pb2.HistoryResponse:
        """Versions, newest first, and where a rollback would go."""
        return self._call.unary(
            self._state.History,
            state_pb2.HistoryRequest(
                deployment=reference(deployment), page=common_pb2.PageRequest(size=size, cursor=cursor)
            ),
        )

    def resource_history(
        self, deployment: str, resource: str, *, size: int = 100, cursor: str = ""
    ) -> state_pb2.ResourceHistoryResponse:
        """What happened to one resource, newest first."""
        return self._call.unary(
            self._state.ResourceHistory,
            state_pb2.ResourceHistoryRequest(
                deployment=reference(deployment), resource=resource, page=common_pb2.PageRequest(size=size, cursor=cursor)
            ),
        )

    def diff(
        self, deployment: str, before: int | state_pb2.Point, after: int | state_pb2.Point = 0
    ) -> state_pb2.DiffResponse:
        """What changed from one point to another; a number is a version (0: the newest), see also `point`."""
        request = state_pb2.DiffRequest(deployment=reference(deployment))
        getattr(request, "from").CopyFrom(point(before) if isinstance(before, int) else before)
        request.to.CopyFrom(point(after) if isinstance(after, int) else after)
        return self._call.unary(self._state.Diff, request)

    def graph(self, deployment: str) -> state_pb2.GraphResponse:
        """The dependency graph of the newest version."""
        return self._call.unary(self._state.Graph, state_pb2.GraphRequest(deployment=reference(deployment)))

    def inventory(
        self,
        deployment: Ref | None = None,
        *,
        size: int = 100,
        cursor: str = "",
        sort: str = "",
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        **filters: str,
    ) -> state_pb2.InventoryListResponse:
        """Resources of all deployments that the caller may read, and what is nobody's, sorted by urn (default), changed
        or type. Filters: type, provider, location, drift, criticality, state, tag.

        Goes on until the page is full or there is no more: single answers may be shorter.
        """
        request = state_pb2.InventoryListRequest(deployment=deployment, sort=sort)
        for name, value in filters.items():
            setattr(request, name, value)
        at = point(0, as_of, known_at)
        for name in ("as_of", "known_at"):
            if at.HasField(name):
                getattr(request, name).CopyFrom(getattr(at, name))
        found = state_pb2.InventoryListResponse(next_cursor=cursor)
        while True:
            request.page.CopyFrom(common_pb2.PageRequest(size=size - len(found.items), cursor=found.next_cursor))
            answer = self._call.unary(self._inventory.List, request)
            found.items.extend(answer.items)
            found.next_cursor = answer.next_cursor
            if not found.next_cursor or len(found.items) >= size:
                return found

    def inventory_counts(self, deployment: Ref | None = None, **filters: str) -> state_pb2.InventoryCountResponse:
        """How many resources there are of each value of each facet; filters as for `inventory`."""
        return self._call.unary(self._inventory.Count, state_pb2.InventoryCountRequest(deployment=deployment, **filters))

    def watch_state(
        self, *, deployment: str = "", namespace: str = "", cursor: str = "", from_start: bool = False
    ) -> Iterator[state_pb2.WatchResponse]:
        """New versions, passed reports and drift, as they become known: each once, in order, from `cursor` on.

        A control plane that goes away is asked again for `RECONNECT_SECONDS`, from the last cursor.
        """
        where = reference(deployment) if deployment else Ref(namespace=namespace)
        gone_since: float | None = None
        while True:
            request = state_pb2.WatchRequest(deployment=where, cursor=cursor, from_start=from_start and not cursor)
            try:
                for told in self._call.stream(self._state.Watch, request):
                    gone_since, cursor = None, told.cursor
                    yield told
                return
            except Unreachable:
                gone_since = gone_since or time.monotonic()
                if time.monotonic() - gone_since > RECONNECT_SECONDS:
                    raise
                time.sleep(RECONNECT_PAUSE_SECONDS)

    def export_state(self, deployment: str) -> Iterator[bytes]:
        """The file with the whole history of a deployment, in parts."""
        request = state_pb2.ExportRequest(deployment=reference(deployment))
        for part in self._call.stream(self._state.Export, request, FILE_SECONDS):
            yield part.data

    def import_state(self, parts: Iterable[bytes], signer: str = "") -> state_pb2.ImportResponse:
        """Take over a history, all of it or nothing; `signer` is the fingerprint of who must have signed it."""
        first = iter((state_pb2.ImportRequest(signer=signer),))
        requests = chain(first, (state_pb2.ImportRequest(data=part) for part in parts))
        return self._call.unary(self._state.Import, requests, FILE_SECONDS)

    def rebuild_state(self) -> str:
        """Ask for the state manager's read models to be derived again from its log; the id of the rebuild."""
        return self._call.unary(self._state.Rebuild, state_pb2.RebuildRequest()).rebuild_id

    def rebuild_status(self) -> state_pb2.RebuildStatusResponse:
        """How far the newest rebuild is."""
        return self._call.unary(self._state.RebuildStatus, state_pb2.RebuildStatusRequest())

    # --- drift and healing -----------------------------------------------------------------------------

    def drifts(
        self, deployment: Ref | None = None, *, open_only: bool = False, size: int = 100, cursor: str = ""
    ) -> drift_pb2.ListResponse:
        """Drift records, newest first."""
        return self._call.unary(
            self._drift.List,
            drift_pb2.ListRequest(
                deployment=deployment,
                open_only=open_only,
                page=common_pb2.PageRequest(size=size, cursor=cursor),
            ),
        )

    def drift(self, drift_id: str) -> drift_pb2.DriftRecord:
        """One drift with its attributes and its impact."""
        return self._call.unary(self._drift.Get, drift_pb2.GetRequest(drift_id=drift_id)).record

    def scan(self, deployment: str) -> Sequence[str]:
        """Ask for a scan now; returns the ids of the scans."""
        return self._call.unary(self._drift.Scan, drift_pb2.ScanRequest(deployment=reference(deployment))).scan_ids

    def coverage(self, deployment: str) -> drift_pb2.CoverageResponse:
        """What the last scans checked, and what they could not."""
        return self._call.unary(self._drift.Coverage, drift_pb2.CoverageRequest(deployment=reference(deployment)))

    def incidents(
        self, deployment: Ref | None = None, *, open_only: bool = False, size: int = 100, cursor: str = ""
    ) -> healing_pb2.ListIncidentsResponse:
        """Incidents, newest first."""
        return self._call.unary(
            self._healing.ListIncidents,
            healing_pb2.ListIncidentsRequest(
                deployment=deployment,
                open_only=open_only,
                page=common_pb2.PageRequest(size=size, cursor=cursor),
            ),
        )

    def explain(self, incident_id: str) -> healing_pb2.ExplainResponse:
        """Every decision about an incident, with its reasons."""
        return self._call.unary(self._healing.Explain, healing_pb2.ExplainRequest(incident_id=incident_id))

    def pause_healing(self, deployment: str, reason: str = "") -> None:
        """Start no remedy for the deployment until it is resumed."""
        self._call.unary(self._healing.Pause, healing_pb2.PauseRequest(deployment=reference(deployment), reason=reason))

    def resume_healing(self, deployment: str) -> None:
        """Let remedies start again."""
        self._call.unary(self._healing.Resume, healing_pb2.ResumeRequest(deployment=reference(deployment)))

    # --- events ----------------------------------------------------------------------------------------

    def parked(self, *, service: str = "", topic: str = "", size: int = 100) -> parking_pb2.ParkingListResponse:
        """Events that could not be applied, of one service or of all, and how each service's parking stands."""
        return self._call.unary(self._parking.List, parking_pb2.ParkingListRequest(service=service, topic=topic, size=size))

    def replay(self, *, service: str = "", key: str = "") -> parking_pb2.ParkingReplayResponse:
        """Apply parked events again, of one service or of all, of one key or of all."""
        return self._call.unary(self._parking.Replay, parking_pb2.ParkingReplayRequest(service=service, key=key))

    # --- audit, access, clouds -------------------------------------------------------------------------

    def audit(
        self, deployment: Ref | None = None, *, actor: str = "", size: int = 100, cursor: str = ""
    ) -> cp.AuditListResponse:
        """Audit records, newest first."""
        return self._call.unary(
            self._audit.List,
            cp.AuditListRequest(deployment=deployment, actor=actor, page=common_pb2.PageRequest(size=size, cursor=cursor)),
        )

    def whoami(self) -> cp.WhoAmIResponse:
        """Who the token belongs to."""
        return self._call.unary(self._access.WhoAmI, cp.WhoAmIRequest())

    def create_token(self, subject: str, roles: Sequence[str], namespaces: Sequence[str]) -> cp.CreateTokenResponse:
        """A new token; its text is in this answer and nowhere else."""
        return self._call.unary(
            self._access.CreateToken,
            cp.CreateTokenRequest(subject=subject, roles=roles, namespaces=namespaces),
        )

    def revoke_token(self, token_id: str) -> None:
        """The token is refused from now on."""
        self._call.unary(self._access.RevokeToken, cp.RevokeTokenRequest(token_id=token_id))

    def tokens(self) -> cp.ListTokensResponse:
        """All tokens, without their text."""
        return self._call.unary(self._access.ListTokens, cp.ListTokensRequest())

    def keys(self) -> keys_pb2.KeysStatusResponse:
        """The encryption keys of every service."""
        return self._call.unary(self._keys.Status, keys_pb2.KeysStatusRequest())

    def rotate_keys(
        self, *, reencrypt: bool = False, services: Sequence[str] = ()
    ) -> Iterator[keys_pb2.KeysRotateResponse]:
        """Rotate the keys of all or of the named services; the last answer of each says `done`, or why not.

        Closing the iterator ends it after the current batch; calling again goes on from there.
        """
        request = keys_pb2.KeysRotateRequest(reencrypt=reencrypt, services=services)
        yield from self._call.stream(self._keys.Rotate, request)

    def types(self) -> clouds_pb2.ListTypesResponse:
        """What can be declared, and which provider supports what."""
        return self._call.unary(self._clouds.ListTypes, clouds_pb2.ListTypesRequest())

    def put_credential(self, name: str, type: str, secret_json: bytes) -> None:
        """Store a root credential; it can never be read back."""
        self._call.unary(self._credentials.Put, clouds_pb2.PutRequest(name=name, type=type, secret_json=secret_json))

    def credentials(self) -> clouds_pb2.ListResponse:
        """Names and kinds of the stored root credentials."""
        return self._call.unary(self._credentials.List, clouds_pb2.ListRequest())


def point(version: int = 0, as_of: datetime | None = None, known_at: datetime | None = None) -> state_pb2.Point:
    """A version (0: the newest), or a place on the two time axes."""
    found = state_pb2.Point(version=version)
    if as_of is not None:
        found.as_of.FromDatetime(as_of)
    if known_at is not None:
        found.known_at.FromDatetime(known_at)
    return found


def read_manifest(path: Path) -> bytes:
    """The bytes of a manifest file. Raises BadRequest when it cannot be read or is too large."""
    try:
        size = path.stat().st_size
        if size > MANIFEST_LIMIT_BYTES:
            raise BadRequest(_too_large(str(path), size), hint="split the deployment")
        return path.read_bytes()
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}", hint="give the path of a manifest") from error


def _within_limit(manifest: bytes, file: str) -> bytes:
    if len(manifest) > MANIFEST_LIMIT_BYTES:
        raise BadRequest(_too_large(file or "manifest", len(manifest)), hint="split the deployment")
    return manifest


def _too_large(what: str, size_bytes: int) -> str:
    return f"{what}:1:1: {size_bytes:,} bytes, expected at most {MANIFEST_LIMIT_BYTES:,}"
