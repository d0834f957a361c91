"""Stands at the beginning of every call of a person: token, permission, namespace, and the audit of refusals."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import grpc
from deployforge_chassis.principal import Principal

from deployforge_control_plane.application.access import ALLOWED, Access
from deployforge_control_plane.application.views import AuditRecord, Scope
from deployforge_control_plane.domain.access import EVERYWHERE, Permission
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.refusals import Refusal
from deployforge_control_plane.entrypoints.methods import MUTATING, action

_BEARER = "bearer "


class Admission:
    """`permissions` says what each method needs; None is any valid token."""

    def __init__(self, access: Access, permissions: Mapping[str, Permission | None]) -> None:
        self._access, self._permissions = access, permissions

    def authenticate(self, method: str, context: grpc.ServicerContext) -> Principal:
        """Whose token the call carries. Raises Unauthenticated."""
        return self._access.authenticate(_token(context), action(method))

    def authorise(
        self, principal: Principal, method: str, namespace: str = "", name: str = "", request_id: str = ""
    ) -> None:
        """Whether the principal may call the method for that namespace (empty: at all). Raises NotPermitted."""
        permission = self._permissions[method]
        if permission is None:
            return
        self._access.authorise(principal, permission, self.record(principal, method, namespace, name, request_id))

    def admit(
        self, method: str, context: grpc.ServicerContext, namespace: str = "", name: str = "", request_id: str = ""
    ) -> Principal:
        """Both, one after the other; `request_id` is what a denial is recorded for."""
        principal = self.authenticate(method, context)
        self.authorise(principal, method, namespace, name, request_id)
        return principal

    @staticmethod
    def record(principal: Principal, method: str, namespace: str = "", name: str = "", request_id: str = "") -> AuditRecord:
        """The record of a call that is about to be carried out."""
        return AuditRecord(principal.subject, action(method), ALLOWED, namespace, name, request_id)

    @contextmanager
    def audited(self, method: str, record: AuditRecord) -> Iterator[None]:
        """Within the block, a refusal of a mutating call is recorded before it goes on to the caller."""
        try:
            yield
        except (Refusal, InvalidManifest) as refusal:
            if method in MUTATING:
                self._access.refused(record, str(refusal))
            raise


def visible(principal: Principal, namespace: str = "", name: str = "", request_id: str = "") -> Scope:
    """What of it the principal may see."""
    everywhere = EVERYWHERE in principal.namespaces
    return Scope(None if everywhere else principal.namespaces, namespace, name, request_id)


def _token(context: grpc.ServicerContext) -> str | None:
    for key, value in context.invocation_metadata():
        if key == "authorization" and isinstance(value, str) and value[: len(_BEARER)].lower() == _BEARER:
            return value[len(_BEARER) :].strip()
    return None
