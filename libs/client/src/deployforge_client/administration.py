"""Who may do what, what was done, and with which keys and credentials."""

from collections.abc import Iterator, Sequence

from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge.control_plane.v1 import keys_pb2
from deployforge.mcal.v1 import clouds_pb2

from deployforge_client.naming import Ref
from deployforge_client.sealing import sealed_to
from deployforge_client.stubs import Stubs


class Administration(Stubs):
    """See DeployForge."""

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
        """Store a root credential; it can never be read back.

        It leaves this process sealed to the key of the service that uses it. Raises UntrustedKey, and whatever a call
        raises; nothing is sent then, or nothing is stored.
        """
        key = self._call.unary(self._credentials.PublicKey, clouds_pb2.PublicKeyRequest())
        sealed = sealed_to(key, self.context.tls_dir, name, type, secret_json)
        self._call.unary(self._credentials.Put, clouds_pb2.PutRequest(name=name, type=type, sealed=sealed))

    def credentials(self) -> clouds_pb2.ListResponse:
        """Names and kinds of the stored root credentials, and who uses them."""
        return self._call.unary(self._credentials.List, clouds_pb2.ListRequest())

    def remove_credential(self, name: str, *, force: bool = False) -> None:
        """Forget a root credential. Raises Refused while deployments use it, unless forced."""
        self._call.unary(self._credentials.Remove, clouds_pb2.RemoveRequest(name=name, force=force))

    def test_credential(self, name: str, *, account: str = "", location: str = "") -> clouds_pb2.TestResponse:
        """What its cloud says of a root credential: whom it takes it for, and what it may not do."""
        asked = clouds_pb2.TestRequest(name=name, account=account, location=location)
        return self._call.unary(self._credentials.Test, asked)
