"""Who is at the door: API tokens, what they allow, and the record of everyone who was turned away.

A token is `dft_<id>_<secret>` with a secret of 256 random bits. Only the SHA-256 of the whole text is kept: a slow
password hash would add nothing, because nobody can guess such a secret however fast the guesses are.
"""

import hashlib
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from deployforge_chassis.facts import Effects
from deployforge_chassis.principal import Principal
from deployforge_documents.problems import nearest

from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.ports import Meter, Tokens
from deployforge_control_plane.application.views import AuditRecord, TokenView
from deployforge_control_plane.domain.access import EVERYWHERE, ROLES, Permission, may, reaches
from deployforge_control_plane.domain.refusals import BadRequest, Refusal

ALLOWED, DENIED, REFUSED = "allowed", "denied", "refused"
NOBODY: Final = "anonymous"

_SUBJECT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,127}\Z")
_NAMESPACE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_HASH: Final = re.compile(r"[0-9a-f]{64}\Z")
_LONGEST_TOKEN: Final = 512


class Unauthenticated(Exception):
    """No token, or one that is unknown or revoked. The same words for all: they help nobody who guesses."""

    def __init__(self) -> None:
        super().__init__("no valid API token")


class NotPermitted(Exception):
    """The roles or namespaces of the principal do not allow it."""

    def __init__(self, principal: Principal, permission: Permission, namespace: str) -> None:
        where = f" in namespace {namespace!r}" if namespace else ""
        super().__init__(f"{principal.subject} may not {permission}{where}")


class TokenNotFound(Refusal):
    """There is no such token."""

    def __init__(self, token_id: str) -> None:
        super().__init__(f"there is no token {token_id!r}")


@dataclass(frozen=True)
class Bootstrap:
    """A token that exists from the first start; `token_hash` is the SHA-256 of its text in hexadecimal."""

    subject: str
    roles: tuple[str, ...]
    namespaces: tuple[str, ...]
    token_hash: str


class Access:
    """Authenticates, authorises, and manages tokens."""

    def __init__(self, app: ControlPlane, tokens: Tokens, meter: Meter) -> None:
        self._app, self._tokens, self._meter = app, tokens, meter

    # --- the door ---------------------------------------------------------------------------------------------

    def authenticate(self, token: str | None, action: str) -> Principal:
        """Whose token it is. Raises Unauthenticated, recorded."""
        known = bool(token) and len(token or "") <= _LONGEST_TOKEN
        principal = self._tokens.of_hash(token_hash(token or "")) if known else None
        if principal is None:
            self._turn_away(AuditRecord(NOBODY, action, DENIED, detail="no valid API token"))
            raise Unauthenticated
        return principal

    def authorise(self, principal: Principal, permission: Permission, record: AuditRecord) -> None:
        """Let the principal do this in the record's namespace; an empty one means wherever it may.

        Raises NotPermitted, recorded.
        """
        namespace = record.namespace
        if may(principal.roles, permission) and (not namespace or reaches(principal.namespaces, namespace)):
            return
        refusal = NotPermitted(principal, permission, namespace)
        self._turn_away(replace(record, outcome=DENIED, detail=str(refusal)))
        raise refusal

    def refused(self, record: AuditRecord, why: str) -> None:
        """Record a call that was let in and then refused by a rule."""
        self._turn_away(replace(record, outcome=REFUSED, detail=why))

    def _turn_away(self, record: AuditRecord) -> None:
        self._meter.turned_away(record.outcome)
        self._app.note(record)

    # --- tokens -----------------------------------------------------------------------------------------------

    def create(
        self, by: Principal, subject: str, roles: Sequence[str], namespaces: Sequence[str], record: AuditRecord
    ) -> tuple[str, str]:
        """A new token: its id and its text. Nobody can grant what lies beyond their own namespaces."""
        _check(subject, roles, namespaces)
        if any(not reaches(by.namespaces, namespace) for namespace in namespaces):
            raise BadRequest("a token cannot reach further than its creator")
        token_id = secrets.token_hex(6)
        text = f"dft_{token_id}_{secrets.token_urlsafe(32)}"
        token = TokenView(token_id, subject, tuple(roles), tuple(namespaces), self._app.clock.now(), False)
        audited = self._app.stores.audit.append(
            replace(record, at=token.created_at, detail=f"{token_id} for {subject}: {', '.join(roles)}")
        )
        self._app.commit(Effects(writes=(self._tokens.add(token, token_hash(text)), audited)))
        return token_id, text

    def revoke(self, by: Principal, token_id: str, record: AuditRecord) -> None:
        """The token is refused from now on. Raises TokenNotFound, also for one beyond the caller's namespaces."""
        token = self._tokens.find(token_id)
        if token is None or not _within(by, token):
            raise TokenNotFound(token_id)
        now = self._app.clock.now()
        audited = self._app.stores.audit.append(replace(record, at=now, detail=f"{token_id} of {token.subject}"))
        self._app.commit(Effects(writes=(self._tokens.revoke(token_id, now), audited)))

    def list(self, by: Principal) -> Sequence[TokenView]:
        """The tokens within the caller's namespaces."""
        return [token for token in self._tokens.all() if _within(by, token)]

    def bootstrap(self, entries: Sequence[Bootstrap]) -> None:
        """Make sure that these tokens exist; a revoked one stays revoked. Raises BadRequest for a bad entry."""
        for entry in entries:
            _check(entry.subject, entry.roles, entry.namespaces)
            if not _HASH.match(entry.token_hash):
                raise BadRequest(f"the token_hash of {entry.subject} is no SHA-256 in hexadecimal")
            token_id = f"boot-{entry.token_hash[:12]}"
            if self._tokens.find(token_id) is not None:
                continue
            now = self._app.clock.now()
            token = TokenView(token_id, entry.subject, entry.roles, entry.namespaces, now, False)
            record = AuditRecord("bootstrap", "Access.Bootstrap", ALLOWED, detail=f"{token_id} for {entry.subject}")
            audited = self._app.stores.audit.append(replace(record, at=now))
            self._app.commit(Effects(writes=(self._tokens.add(token, entry.token_hash), audited)))


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def _within(by: Principal, token: TokenView) -> bool:
    return all(reaches(by.namespaces, namespace) for namespace in token.namespaces)


def _check(subject: str, roles: Sequence[str], namespaces: Sequence[str]) -> None:
    if not _SUBJECT.match(subject):
        raise BadRequest("a subject has 1 to 128 letters, digits and . _ @ + -")
    if not roles or not namespaces:
        raise BadRequest("a token needs at least one role and one namespace")
    if unknown := [role for role in roles if role not in ROLES]:
        hint = nearest(unknown[0], ROLES)
        raise BadRequest(f"unknown role {unknown[0]!r}; {hint or 'there are ' + ', '.join(ROLES)}")
    if wrong := [name for name in namespaces if name != EVERYWHERE and not _NAMESPACE.match(name)]:
        raise BadRequest(f"{wrong[0]!r} is no namespace")
