"""Who may do what: principals with role assignments, and the bearer tokens that are issued to them.

A token carries its principal. It may be narrowed further when it is asked for, by `authorization_details` (RFC 9396):
`[{"type": "azure_role", "scope": "/subscriptions/S/resourceGroups/G", "role": "Contributor"}]`; the answer repeats what
was granted, as the RFC wants. Microsoft's own endpoint ignores that parameter.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

import jwt

from tests.emulators.arm.replies import Ask, Refused, Reply
from tests.emulators.arm.store import Clock, Store, iso

AUDIENCE: Final = "https://management.azure.com"
LIFE_SECONDS: Final = 3599
#: Built-in roles by their ids, which are the same in every tenant. Source: Microsoft Learn, "Azure built-in roles".
ROLES: Final[Mapping[str, str]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
}
_CHANGES: Final = frozenset({"Owner", "Contributor"})
_NAMESPACE: Final = uuid.UUID("6f1c9a34-52f6-5c3d-8f5e-0b6f3d1f9a10")


class Access:
    """Issues tokens and judges them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock
        if store.get("secret", "signing") is None:
            store.put("secret", "signing", {"key": uuid.uuid4().hex + uuid.uuid4().hex})

    def register(self, client_id: str, secret: str, assignments: Any) -> None:
        """A principal with role assignments `[{scope, role}]`."""
        self._store.put("principal", client_id, {"id": client_id, "secret": secret, "assignments": assignments})

    def token(self, tenant: str, form: Mapping[str, str]) -> Reply:
        """`POST /{tenant}/oauth2/v2.0/token`, client credentials only."""
        principal = self._store.get("principal", form.get("client_id", ""))
        if form.get("grant_type") != "client_credentials":
            return _oauth(400, "unsupported_grant_type", "AADSTS70003: the emulator issues client credentials only")
        if principal is None:
            return _oauth(400, "unauthorized_client", f"AADSTS700016: Application '{form.get('client_id')}' was not found")
        if form.get("client_secret") != principal["secret"]:
            return _oauth(401, "invalid_client", "AADSTS7000215: Invalid client secret provided")
        if form.get("scope") != f"{AUDIENCE}/.default":
            return _oauth(400, "invalid_scope", f"AADSTS70011: the scope must be {AUDIENCE}/.default")
        limits = json.loads(form.get("authorization_details") or "[]")
        now = int(self._clock.now())
        claims = {
            "aud": AUDIENCE, "iss": f"https://sts.windows.net/{tenant}/", "tid": tenant, "appid": principal["id"],
            "oid": str(uuid.uuid5(_NAMESPACE, principal["id"])), "iat": now, "nbf": now, "exp": now + LIFE_SECONDS,
            "limits": limits,
        }  # fmt: skip
        body: dict[str, Any] = {
            "token_type": "Bearer", "expires_in": LIFE_SECONDS, "ext_expires_in": LIFE_SECONDS,
            "access_token": jwt.encode(claims, self._key(), "HS256"),
        }  # fmt: skip
        if limits:
            body["authorization_details"] = limits
        return Reply(200, body)

    def judge(self, ask: Ask, scope: str, changes: bool, *, anywhere: bool = False) -> None:
        """Let pass, or raise Refused as Azure would. `anywhere`: any valid token will do."""
        kind, _, token = ask.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise Refused(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
        try:
            claims = jwt.decode(token, self._key(), ["HS256"], audience=AUDIENCE, options=_UNTIMED)
        except jwt.InvalidTokenError as bad:
            raise Refused(401, "InvalidAuthenticationToken", f"The access token is invalid: {bad}") from bad
        now = self._clock.now()
        if claims["exp"] <= now:
            said = f"The access token expiry UTC time '{iso(claims['exp'])}' is earlier than current UTC time '{iso(now)}'."
            raise Refused(401, "ExpiredAuthenticationToken", said)
        if anywhere:
            return
        principal = self._store.get("principal", claims["appid"]) or {"assignments": []}
        given = [*principal["assignments"], *self._assigned(claims["oid"])]
        limits = claims["limits"]
        if not _covers(given, scope, changes) or (limits and not _covers(limits, scope, changes)):
            said = (
                f"The client '{claims['appid']}' with object id '{claims['oid']}' does not have authorization to perform "
                f"action '{ask.method.lower()}' over scope '{scope}' or the scope is invalid."
            )
            raise Refused(403, "AuthorizationFailed", said)

    def judge_method(self, ask: Ask, scope: str) -> None:
        """The same, where the method says whether something is changed."""
        self.judge(ask, scope, ask.method not in ("GET", "HEAD"))

    def _assigned(self, oid: str) -> list[dict[str, str]]:
        found = []
        for key, body in self._store.below("resource"):
            if (
                "/providers/microsoft.authorization/roleassignments/" in key
                and body["properties"].get("principalId") == oid
            ):
                role = ROLES.get(body["properties"].get("roleDefinitionId", "").rpartition("/")[2], "")
                found.append({"scope": key.partition("/providers/microsoft.authorization/")[0], "role": role})
        return found

    def _key(self) -> str:
        return str((self._store.get("secret", "signing") or {})["key"])


_UNTIMED: Final[Any] = {"verify_exp": False, "verify_nbf": False, "verify_iat": False}


def _covers(assignments: Any, scope: str, changes: bool) -> bool:
    low = scope.lower().rstrip("/")
    for one in assignments:
        above = str(one.get("scope", "")).lower().rstrip("/")
        if (low == above or low.startswith(f"{above}/")) and (one.get("role") in _CHANGES or not changes):
            return True
    return False


def _oauth(status: int, error: str, said: str) -> Reply:
    return Reply(status, {"error": error, "error_description": said})
