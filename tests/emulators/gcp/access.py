"""Who may do what: service accounts with roles on projects, keys for them, and the bearer tokens they get.

A role is `owner` (changes everything), `viewer` (reads everything); `impersonate` names whom an account may impersonate.
"""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import jwt

from tests.emulators.gcp.replies import Refused
from tests.emulators.messages import Ask, Reply
from tests.emulators.store import Clock, Store

PLATFORM: Final = "https://www.googleapis.com/auth/cloud-platform"
_IAM: Final = "https://www.googleapis.com/auth/iam"
_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_AUDIENCE: Final = "https://oauth2.googleapis.com/token"
_HOUR: Final = 3600
_UNTIMED: Final[Any] = {"verify_exp": False, "verify_iat": False, "verify_nbf": False}


class Access:
    """Issues tokens and judges them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def register(self, account: Mapping[str, Any]) -> None:
        """`{email, publicKey, roles: {project: role}, impersonate: [email], lacks: [permission], token}`; `token` never ends."""
        self._store.put("account", account["email"], dict(account))
        if account.get("token"):
            self._issue(account["email"], [PLATFORM], float("1e12"), str(account["token"]))

    def token(self, form: Mapping[str, str]) -> Reply:
        """`POST /token`, for an assertion that an account's key has signed. Source: RFC 7523."""
        if form.get("grant_type") != _JWT:
            return Reply(400, {"error": "unsupported_grant_type", "error_description": "Invalid grant_type"})
        try:
            claims = jwt.decode(form.get("assertion", ""), options={"verify_signature": False})
            account = self._store.get("account", str(claims.get("iss")))
            if account is None or not account.get("publicKey"):
                return Reply(400, {"error": "invalid_grant", "error_description": "Invalid grant: account not found"})
            jwt.decode(form["assertion"], account["publicKey"], ["RS256"], audience=_AUDIENCE, options=_UNTIMED)
        except jwt.InvalidTokenError:
            return Reply(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        token = self._issue(account["email"], str(claims.get("scope", "")).split(), self._clock.now() + _HOUR)
        return Reply(200, {"access_token": token, "token_type": "Bearer", "expires_in": _HOUR - 1})

    def impersonate(self, ask: Ask, target: str) -> Reply:
        """`generateAccessToken`."""
        claims = self._claims(ask)
        caller = self._store.get("account", claims["email"]) or {}
        if not {PLATFORM, _IAM} & set(claims["scopes"]) or target not in caller.get("impersonate", ()):
            said = "Permission 'iam.serviceAccounts.getAccessToken' denied on resource (or it may not exist)."
            raise Refused(403, said, reason="IAM_PERMISSION_DENIED")
        if self._store.get("account", target) is None:
            raise Refused(404, f"Not found; Gaia id not found for email {target}")
        seconds = float(str((ask.body or {}).get("lifetime", "3600s")).removesuffix("s"))
        if not 0 < seconds <= _HOUR:
            raise Refused(400, "The lifetime must be between 1 and 3600 seconds")
        until = self._clock.now() + seconds
        token = self._issue(target, list((ask.body or {}).get("scope") or ()), until)
        when = datetime.fromtimestamp(until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Reply(200, {"accessToken": token, "expireTime": when})

    def judge(self, ask: Ask, project: str, permission: str, *, changes: bool) -> None:
        """Let pass, or raise Refused as Google would."""
        claims = self._claims(ask)
        if PLATFORM not in claims["scopes"]:
            said = "Request had insufficient authentication scopes."
            raise Refused(403, said, reason="ACCESS_TOKEN_SCOPE_INSUFFICIENT")
        self.allow(claims["email"], project, permission, changes=changes)

    def allow(self, email: str, project: str, permission: str, *, changes: bool) -> None:
        """Let an account pass, or raise Refused."""
        role = ((self._store.get("account", email) or {}).get("roles") or {}).get(project)
        if role is None or (changes and role != "owner"):
            said = f"Permission '{permission}' denied for {email} on resource 'projects/{project}' (or it may not exist)."
            raise Refused(403, said, reason="IAM_PERMISSION_DENIED")

    def held(self, ask: Ask, project: str, permissions: list[str]) -> list[str]:
        """Which of some permissions the caller has: a viewer those that read, less what its account `lacks`."""
        account = self._store.get("account", self._claims(ask)["email"]) or {}
        role = (account.get("roles") or {}).get(project)
        lacks = account.get("lacks") or ()
        reads = [p for p in permissions if p.rpartition(".")[2].startswith(("get", "list", "search"))]
        return [p for p in {"owner": permissions, "viewer": reads}.get(str(role), []) if p not in lacks]

    def _claims(self, ask: Ask) -> dict[str, Any]:
        kind, _, token = ask.headers.get("authorization", "").partition(" ")
        found = self._store.get("token", token) if kind.lower() == "bearer" and token else None
        if found is None:
            said = "Request had invalid authentication credentials. Expected OAuth 2 access token."
            raise Refused(401, said, reason="ACCESS_TOKEN_TYPE_UNSUPPORTED" if token else "CREDENTIALS_MISSING")
        if found["until"] <= self._clock.now():
            raise Refused(401, "Request had expired authentication credentials.", reason="ACCESS_TOKEN_EXPIRED")
        return found

    def _issue(self, email: str, scopes: list[str], until: float, token: str = "") -> str:
        token = token or f"ya29.{uuid.uuid4().hex}"
        self._store.put("token", token, {"email": email, "scopes": scopes, "until": until})
        return token
