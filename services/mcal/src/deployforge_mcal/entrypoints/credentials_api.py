"""Credentials: proto → method → proto. Nothing that is sent back or raised here holds anything of a credential."""

from typing import Final

import grpc
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge.mcal.v1 import clouds_pb2_grpc

from deployforge_mcal.application.credentials import BadCredential, CredentialInUse, Credentials
from deployforge_mcal.application.stores import NotForUs
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.operation import Failure

STATUS_OF: Final = {
    BadCredential: grpc.StatusCode.INVALID_ARGUMENT,
    NotForUs: grpc.StatusCode.INVALID_ARGUMENT,
    CredentialInUse: grpc.StatusCode.FAILED_PRECONDITION,
}
"""Refusals to statuses."""

_CREDENTIALS: Final = "/deployforge.mcal.v1.Credentials/"

_METHODS: Final = ("PublicKey", "Put", "List", "Remove", "Test")

RULES: Final = {f"{_CREDENTIALS}{name}": frozenset({"control-plane"}) for name in _METHODS}
"""Who may call what."""


class CredentialsApi(clouds_pb2_grpc.CredentialsServicer):
    """See the contract."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials

    def PublicKey(self, request: pb.PublicKeyRequest, context: grpc.ServicerContext) -> pb.PublicKeyResponse:
        key = self._credentials.key()
        return pb.PublicKeyResponse(public_key=key.public, signature=key.signature, certificates=key.certificates)

    def Put(self, request: pb.PutRequest, context: grpc.ServicerContext) -> pb.PutResponse:
        if not request.sealed:
            raise BadCredential("a credential is sent sealed, see PublicKey")
        self._credentials.put(request.name, request.type, request.sealed)
        return pb.PutResponse()

    def List(self, request: pb.ListRequest, context: grpc.ServicerContext) -> pb.ListResponse:
        listed = [
            pb.StoredCredential(
                name=one.stored.name, type=one.stored.type, changed_at=one.stored.changed_at, used_by=one.used_by
            )
            for one in self._credentials.listed()
        ]
        return pb.ListResponse(credentials=listed)

    def Remove(self, request: pb.RemoveRequest, context: grpc.ServicerContext) -> pb.RemoveResponse:
        self._credentials.remove(request.name, force=request.force)
        return pb.RemoveResponse()

    def Test(self, request: pb.TestRequest, context: grpc.ServicerContext) -> pb.TestResponse:
        type, found = self._credentials.examined(request.name, request.account, request.location)
        match found:
            case Failure():
                return pb.TestResponse(type=type, code=found.code, message=found.message, hint=found.hint or "")
            case Examined():
                lacking = [
                    pb.LackingPermission(permission=one.permission, where=one.where, needed_by=one.needed_by)
                    for one in found.lacking
                ]
                return pb.TestResponse(
                    type=type, identity=found.identity, checked=found.checked, lacking=lacking, notes=found.notes
                )
