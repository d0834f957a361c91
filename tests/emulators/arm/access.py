"""Who may do what: principals with role assignments, and the bearer tokens that are issued to them.

A token carries its principal. It may be narrowed further when it is asked for, by `authorization_details` (RFC 9396):
`[{"type": "azure_role", "scope": "/subscriptions/S/resourceGroups/G", "role": "Contributor"}]`, with `actions` beside the
role where a reader may see more; the answer repeats what was granted, as the RFC wants. Microsoft's own endpoint ignores that parameter.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

import jwt

from tests.emulators.arm.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store, iso

AUDIENCE: Final = "https://management.azure.com"
LIFE_SECONDS: Final = 3599
#: Built-in roles by their ids, which are the same in every tenant. Source: Microsoft Learn, "Azure built-in roles".
ROLES: Final[Mapping[str, str]] = {
    "8e3af657-a8ff-443c-a75c-2fe8c4bcb635": "Owner",
    "b24988ac-6180-42a0-ab88-20f7382dd24c": "Contributor",
    "acdd72a7-3385-48ef-bd42-f606fba81ae7": "Reader",
}
#: What Azure lists of them. Source: the same page.
ACTIONS: Final[Mapping[str, dict[str, list[str]]]] = {
    "Owner": {"actions": ["*"], "notActions": []},
    "Contributor": {
        "actions": ["*"],
        "notActions": [
            "Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write", "Microsoft.Authorization/elevateAccess/Action",
            "Microsoft.Blueprint/blueprintAssignments/write", "Microsoft.Blueprint/blueprintAssignments/delete",
            "Microsoft.Compute/galleries/share/action",
        ],
    },
    "Reader": {"actions": ["*/read"], "notActions": []},
}  # fmt: skip
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
        claims = self._claims(ask)
        if anywhere:
            return
        given, limits = self._given(claims), claims["limits"]
        if not _covers(given, scope, changes) or (limits and not _covers(limits, scope, changes)):
            raise _refused(claims, ask.method.lower(), scope)

    def judge_action(self, ask: Ask, scope: str, action: str) -> None:
        """Let an action pass that shows what a GET does not: Reader does not have it, a token may ask for it by name."""
        claims = self._claims(ask)
        named = [one for one in claims["limits"] if action in one.get("actions", ())]
        narrowed = claims["limits"] and not _covers(claims["limits"], scope, True) and not _roles(named, scope)
        if narrowed or not _covers(self._given(claims), scope, True):
            raise _refused(claims, action, scope)

    def permissions(self, ask: Ask, scope: str) -> list[dict[str, list[str]]]:
        """What whoever asks may do there: the built-in roles' actions, those of both where a token is narrowed to less."""
        claims = self._claims(ask)
        held = _roles(self._given(claims), scope)
        if claims["limits"] and "Reader" in _roles(claims["limits"], scope):
            held = ["Reader"] if held else []
        return [ACTIONS[role] for role in held]

    def _claims(self, ask: Ask) -> dict[str, Any]:
        """Of a valid token; raises Refused."""
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
        return dict(claims)

    def _given(self, claims: Mapping[str, Any]) -> list[dict[str, str]]:
        principal = self._store.get("principal", claims["appid"]) or {"assignments": []}
        return [*principal["assignments"], *self._assigned(claims["oid"])]

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


def _refused(claims: Mapping[str, Any], action: str, scope: str) -> Refused:
    said = (
        f"The client '{claims['appid']}' with object id '{claims['oid']}' does not have authorization to perform "
        f"action '{action}' over scope '{scope}' or the scope is invalid."
    )
    return Refused(403, "AuthorizationFailed", said)


def _covers(assignments: Any, scope: str, changes: bool) -> bool:
    return any(role in _CHANGES or not changes for role in _roles(assignments, scope))


def _roles(assignments: Any, scope: str) -> list[str]:
    """Those that hold at the scope."""
    low, found = scope.lower().rstrip("/"), list[str]()
    for one in assignments:
        above = str(one.get("scope", "")).lower().rstrip("/")
        if low == above or low.startswith(f"{above}/"):
            found.append(str(one.get("role")))
    return found


def _oauth(status: int, error: str, said: str) -> Reply:
    return Reply(status, {"error": error, "error_description": said})
