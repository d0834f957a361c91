"""Deployments: proto → command → proto."""

from collections.abc import Iterator
from typing import Final

import grpc
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge.control_plane.v1 import deployments_pb2_grpc
from deployforge_chassis.call import caller
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.principal import Principal

from deployforge_control_plane.application.access import (
    ALLOWED,
    NotPermitted,
    TokenNotFound,
    Unauthenticated,
)
from deployforge_control_plane.application.checking import Checking
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.shredding import Shredder
from deployforge_control_plane.application.views import AuditRecord, RequestView
from deployforge_control_plane.application.watching import Watching
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.manifest.schema_text import schema_text
from deployforge_control_plane.domain.refusals import (
    AuthorMayNotApprove,
    BadRequest,
    DeploymentNotFound,
    NotKnownHere,
    Refusal,
    RequestIdTaken,
    RequestNotFound,
)
from deployforge_control_plane.domain.values import Action, Origin, Wish
from deployforge_control_plane.entrypoints import wire
from deployforge_control_plane.entrypoints.admission import Admission, visible

STATUS_OF: Final = {
    InvalidManifest: grpc.StatusCode.INVALID_ARGUMENT,
    BadRequest: grpc.StatusCode.INVALID_ARGUMENT,
    RequestNotFound: grpc.StatusCode.NOT_FOUND,
    NotKnownHere: grpc.StatusCode.NOT_FOUND,
    DeploymentNotFound: grpc.StatusCode.NOT_FOUND,
    TokenNotFound: grpc.StatusCode.NOT_FOUND,
    RequestIdTaken: grpc.StatusCode.ALREADY_EXISTS,
    AuthorMayNotApprove: grpc.StatusCode.PERMISSION_DENIED,
    Refusal: grpc.StatusCode.FAILED_PRECONDITION,
    NotPermitted: grpc.StatusCode.PERMISSION_DENIED,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    VersionConflict: grpc.StatusCode.ABORTED,
}
"""Refusals to statuses; the nearest class above counts."""

_SERVICE: Final = "/deployforge.control_plane.v1.Deployments/"
_USER_ACTIONS: Final = {
    pb.ACTION_APPLY: Action.APPLY,
    pb.ACTION_DESTROY: Action.DESTROY,
    pb.ACTION_ROLLBACK: Action.ROLLBACK,
}


class DeploymentsApi(deployments_pb2_grpc.DeploymentsServicer):
    """See the contract for what each method promises."""

    def __init__(self, app: ControlPlane, checking: Checking, admission: Admission, watching: Watching) -> None:
        self._app, self._checking, self._admission, self._watching = app, checking, admission, watching
        self._shredder = Shredder(app)

    def Validate(self, request: pb.ValidateRequest, context: grpc.ServicerContext) -> pb.ValidateResponse:
        self._admission.admit(f"{_SERVICE}Validate", context)
        try:
            manifest = self._checking.read(request.manifest, request.file)
        except InvalidManifest as invalid:
            return pb.ValidateResponse(problems=[wire.problem(found) for found in invalid.problems])
        named = wire.ref(manifest.namespace, manifest.name)
        return pb.ValidateResponse(deployment=named, resources=len(manifest.resources))

    def Submit(self, request: pb.SubmitRequest, context: grpc.ServicerContext) -> pb.SubmitResponse:
        method = f"{_SERVICE}Submit"
        principal = self._admission.admit(method, context, request_id=request.request_id)
        record = self._admission.record(principal, method, request_id=request.request_id)
        with self._admission.audited(method, record):
            try:
                view = self._submit(request, principal, method)
            except InvalidManifest as invalid:
                context.set_trailing_metadata(wire.problems_metadata(invalid.problems))
                raise
        return pb.SubmitResponse(
            request_id=str(view.request_id),
            deployment_id=str(view.deployment_id),
            deployment=wire.ref(view.namespace, view.name),
        )

    def _submit(self, request: pb.SubmitRequest, principal: Principal, method: str) -> RequestView:
        action = _USER_ACTIONS.get(request.action)
        if action is None:
            raise BadRequest("the action must be APPLY, DESTROY or ROLLBACK")
        request_id = wire.uuid(request.request_id)
        wish = Wish(
            action=action,
            origin=Origin.USER,
            author=principal.subject,
            plan_only=request.plan_only,
            targets=tuple(request.targets),
            to_version=request.to_version or None,
            file=request.file,
        )
        if action is Action.APPLY:
            manifest = self._checking.read(request.manifest, request.file)
            self._admission.authorise(principal, method, manifest.namespace, manifest.name, str(request_id))
            return self._app.submit_manifest(request_id, manifest, wish, self._admission.record(principal, method))
        namespace, name = wire.named(request.deployment)
        self._admission.authorise(principal, method, namespace, name, str(request_id))
        return self._app.submit(request_id, namespace, name, wish, self._admission.record(principal, method))

    def Propose(self, request: pb.ProposeRequest, context: grpc.ServicerContext) -> pb.ProposeResponse:
        # The healer's certificate is its permission; see RULES.
        method, who = f"{_SERVICE}Propose", caller(context)
        where = request.deployment
        record = AuditRecord(who, "Deployments.Propose", ALLOWED, where.namespace, where.name, request.request_id)
        with self._admission.audited(method, record):
            namespace, name = wire.named(request.deployment)
            view = self._app.propose(wire.uuid(request.request_id), namespace, name, wire.remedy(request, who), record)
        return pb.ProposeResponse(request_id=str(view.request_id))

    def Execute(self, request: pb.ExecuteRequest, context: grpc.ServicerContext) -> pb.ExecuteResponse:
        method = f"{_SERVICE}Execute"
        principal, record = self._about(method, request.request_id, context)
        with self._admission.audited(method, record):
            self._app.execute(wire.uuid(request.request_id), request.plan_digest, principal.subject, record)
        return pb.ExecuteResponse()

    def Get(self, request: pb.GetRequest, context: grpc.ServicerContext) -> pb.GetResponse:
        self._about(f"{_SERVICE}Get", request.request_id, context)
        return pb.GetResponse(request=wire.request(self._app.find(wire.uuid(request.request_id))))

    def List(self, request: pb.ListRequest, context: grpc.ServicerContext) -> pb.ListResponse:
        where = request.deployment
        principal = self._admission.admit(f"{_SERVICE}List", context, where.namespace, where.name)
        page = self._app.stores.requests.page(
            visible(principal, where.namespace, where.name),
            wire.known_state(request.state),
            request.latest_only,
            wire.page_size(request.page),
            request.page.cursor,
        )
        return pb.ListResponse(requests=[wire.request(row) for row in page.rows], next_cursor=page.next_cursor)

    def Watch(self, request: pb.WatchRequest, context: grpc.ServicerContext) -> Iterator[pb.WatchResponse]:
        method, where = f"{_SERVICE}Watch", request.deployment
        if request.request_id:
            principal, _ = self._about(method, request.request_id, context)
        else:
            principal = self._admission.admit(method, context, where.namespace, where.name)
        if request.until_done and not request.request_id:
            raise BadRequest("until_done needs a request_id")
        request_id = str(wire.uuid(request.request_id)) if request.request_id else ""
        scope = visible(principal, where.namespace, where.name, request_id)
        alive = context.is_active
        for entry in self._watching.watch(scope, request.after, request.until_done, alive):
            yield wire.watched(entry)

    def Approve(self, request: pb.ApproveRequest, context: grpc.ServicerContext) -> pb.ApproveResponse:
        method = f"{_SERVICE}Approve"
        principal, record = self._about(method, request.request_id, context, request.comment)
        with self._admission.audited(method, record):
            view = self._app.approve(
                wire.uuid(request.request_id), request.plan_digest, principal.subject, request.comment, record
            )
        return pb.ApproveResponse(request=wire.request(view))

    def Reject(self, request: pb.RejectRequest, context: grpc.ServicerContext) -> pb.RejectResponse:
        method = f"{_SERVICE}Reject"
        principal, record = self._about(method, request.request_id, context, request.reason)
        with self._admission.audited(method, record):
            view = self._app.reject(wire.uuid(request.request_id), principal.subject, request.reason, record)
        return pb.RejectResponse(request=wire.request(view))

    def Cancel(self, request: pb.CancelRequest, context: grpc.ServicerContext) -> pb.CancelResponse:
        method = f"{_SERVICE}Cancel"
        principal, record = self._about(method, request.request_id, context, request.reason)
        with self._admission.audited(method, record):
            view = self._app.cancel(wire.uuid(request.request_id), principal.subject, request.reason, record)
        return pb.CancelResponse(request=wire.request(view))

    def GetManifest(self, request: pb.GetManifestRequest, context: grpc.ServicerContext) -> pb.GetManifestResponse:
        self._about(f"{_SERVICE}GetManifest", request.request_id, context)
        digest, text = self._app.manifest(wire.uuid(request.request_id))
        return pb.GetManifestResponse(manifest=text, digest=digest)

    def Shred(self, request: pb.ShredRequest, context: grpc.ServicerContext) -> pb.ShredResponse:
        method, where = f"{_SERVICE}Shred", (request.deployment.namespace, request.deployment.name)
        principal = self._admission.admit(method, context, *where)
        record = self._admission.record(principal, method, *where, request.request_id)
        with self._admission.audited(method, record):
            of = self._shredder.shred(wire.uuid(request.request_id), *where, request.force, record)
        return pb.ShredResponse(deployment_id=str(of))

    def GetManifestSchema(
        self, request: pb.GetManifestSchemaRequest, context: grpc.ServicerContext
    ) -> pb.GetManifestSchemaResponse:
        self._admission.admit(f"{_SERVICE}GetManifestSchema", context)
        return pb.GetManifestSchemaResponse(schema_json=schema_text())

    def _about(
        self, method: str, request_id: str, context: grpc.ServicerContext, detail: str = ""
    ) -> tuple[Principal, AuditRecord]:
        """Admit a call about an existing request, in that request's namespace."""
        principal = self._admission.admit(method, context, request_id=request_id)
        with self._admission.audited(method, self._admission.record(principal, method, request_id=request_id)):
            found = self._app.find(wire.uuid(request_id))
        self._admission.authorise(principal, method, found.namespace, found.name, request_id)
        record = AuditRecord(
            principal.subject,
            self._admission.record(principal, method).action,
            ALLOWED,
            found.namespace,
            found.name,
            request_id,
            detail,
        )
        return principal, record
