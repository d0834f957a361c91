"""Access and Audit: proto → command → proto."""

from typing import Final

import grpc
from deployforge.control_plane.v1 import deployments_pb2 as pb
from deployforge.control_plane.v1 import deployments_pb2_grpc

from deployforge_control_plane.application.access import Access
from deployforge_control_plane.application.ports import AuditLog
from deployforge_control_plane.entrypoints import wire
from deployforge_control_plane.entrypoints.admission import Admission, visible

_ACCESS: Final = "/deployforge.control_plane.v1.Access/"
_AUDIT: Final = "/deployforge.control_plane.v1.Audit/"


class AccessApi(deployments_pb2_grpc.AccessServicer):
    """See the contract for what each method promises."""

    def __init__(self, access: Access, admission: Admission) -> None:
        self._access, self._admission = access, admission

    def WhoAmI(self, request: pb.WhoAmIRequest, context: grpc.ServicerContext) -> pb.WhoAmIResponse:
        me = self._admission.admit(f"{_ACCESS}WhoAmI", context)
        return pb.WhoAmIResponse(subject=me.subject, roles=me.roles, namespaces=me.namespaces)

    def CreateToken(self, request: pb.CreateTokenRequest, context: grpc.ServicerContext) -> pb.CreateTokenResponse:
        method = f"{_ACCESS}CreateToken"
        me = self._admission.admit(method, context)
        record = self._admission.record(me, method)
        with self._admission.audited(method, record):
            token_id, text = self._access.create(me, request.subject, request.roles, request.namespaces, record)
        return pb.CreateTokenResponse(token_id=token_id, token=text)

    def RevokeToken(self, request: pb.RevokeTokenRequest, context: grpc.ServicerContext) -> pb.RevokeTokenResponse:
        method = f"{_ACCESS}RevokeToken"
        me = self._admission.admit(method, context)
        record = self._admission.record(me, method)
        with self._admission.audited(method, record):
            self._access.revoke(me, request.token_id, record)
        return pb.RevokeTokenResponse()

    def ListTokens(self, request: pb.ListTokensRequest, context: grpc.ServicerContext) -> pb.ListTokensResponse:
        me = self._admission.admit(f"{_ACCESS}ListTokens", context)
        return pb.ListTokensResponse(tokens=[wire.token(token) for token in self._access.list(me)])


class AuditApi(deployments_pb2_grpc.AuditServicer):
    """See the contract for what each method promises."""

    def __init__(self, log: AuditLog, admission: Admission) -> None:
        self._log, self._admission = log, admission

    def List(self, request: pb.AuditListRequest, context: grpc.ServicerContext) -> pb.AuditListResponse:
        where = request.deployment
        me = self._admission.admit(f"{_AUDIT}List", context, where.namespace, where.name)
        scope = visible(me, where.namespace, where.name)
        page = self._log.page(scope, request.actor, wire.page_size(request.page), request.page.cursor)
        return pb.AuditListResponse(
            records=[wire.audit_record(record) for record in page.rows], next_cursor=page.next_cursor
        )
