"""The person or program on whose behalf a call is made.

control-plane authenticates and signs a principal for one callee; that callee verifies it with control-plane's
certificate. A principal lives for a minute and is of no use to any other service.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey

from deployforge_chassis.identity import CONTROL_PLANE, spiffe_id

METADATA_KEY: Final = "deployforge-principal"
LIFE_SECONDS: Final = 60
_REUSE_SECONDS: Final = 30
_CACHE_ENTRIES: Final = 1024
_ISSUER: Final = spiffe_id(CONTROL_PLANE)


class PrincipalRefused(Exception):
    """A principal token that is forged, expired, meant for another service, or malformed."""


@dataclass(frozen=True)
class Principal:
    """Who asks, in which roles, for which namespaces ("*" is all of them)."""

    subject: str
    roles: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()

    def may_see(self, namespace: str) -> bool:
        """Whether this namespace is within the principal's reach; says nothing of what may be done there."""
        return "*" in self.namespaces or namespace in self.namespaces


_acting: ContextVar[Principal | None] = ContextVar("deployforge_principal", default=None)


def current() -> Principal | None:
    """The principal that the running code acts for, if any."""
    return _acting.get()


@contextmanager
def acting_for(principal: Principal | None) -> Iterator[None]:
    """Within the block, outgoing calls of a channel with a signer carry `principal`."""
    token = _acting.set(principal)
    try:
        yield
    finally:
        _acting.reset(token)


class PrincipalSigner:
    """Signs principals with control-plane's key (PEM, PKCS8, EC P-256). Safe for threads."""

    def __init__(self, key: bytes, now: Callable[[], float] = time.time) -> None:
        self._key = key
        self._now = now
        self._lock = threading.Lock()
        self._signed: dict[tuple[Principal, str], tuple[float, str]] = {}

    @classmethod
    def from_dir(cls, tls_dir: Path) -> "PrincipalSigner":
        return cls((tls_dir / f"{CONTROL_PLANE}.key").read_bytes())

    def sign(self, principal: Principal, audience: str) -> str:
        """A token for the service `audience`, valid for between 30 and 60 seconds."""
        now = self._now()
        with self._lock:
            made_at, token = self._signed.get((principal, audience), (0.0, ""))
            if now - made_at < _REUSE_SECONDS:
                return token
        token = jwt.encode(
            {
                "iss": _ISSUER,
                "aud": spiffe_id(audience),
                "sub": principal.subject,
                "roles": list(principal.roles),
                "namespaces": list(principal.namespaces),
                "iat": int(now),
                "exp": int(now) + LIFE_SECONDS,
            },
            self._key,
            algorithm="ES256",
        )
        with self._lock:
            if len(self._signed) >= _CACHE_ENTRIES:
                self._signed.clear()
            self._signed[principal, audience] = (now, token)
        return token


class PrincipalVerifier:
    """Verifies tokens for the service `audience` with control-plane's certificate. Safe for threads."""

    def __init__(self, certificate: Path, audience: str) -> None:
        self._certificate = certificate
        self._audience = spiffe_id(audience)
        self._key: EllipticCurvePublicKey | None = None
        self._read_at_ns = 0
        self._lock = threading.Lock()
        self._verified: dict[str, tuple[float, Principal]] = {}

    @classmethod
    def from_dir(cls, tls_dir: Path, audience: str) -> "PrincipalVerifier":
        return cls(tls_dir / f"{CONTROL_PLANE}.pem", audience)

    def verify(self, token: str) -> Principal:
        """The principal in `token`, or PrincipalRefused with a reason that holds nothing of the token."""
        with self._lock:
            expires_at, principal = self._verified.get(token, (0.0, None))
        if principal is not None and time.time() < expires_at:
            return principal
        try:
            claims = self._claims(token)
            principal = Principal(
                subject=str(claims["sub"]),
                roles=tuple(str(role) for role in claims["roles"]),
                namespaces=tuple(str(namespace) for namespace in claims["namespaces"]),
            )
            self._remember(token, float(claims["exp"]), principal)
            return principal
        except (jwt.InvalidTokenError, KeyError, TypeError) as refusal:
            raise PrincipalRefused(f"principal refused: {type(refusal).__name__}") from refusal

    def _claims(self, token: str) -> dict[str, Any]:
        return jwt.decode(
            token,
            self._public_key(),
            algorithms=["ES256"],
            audience=self._audience,
            issuer=_ISSUER,
            leeway=5,
            options={"require": ["exp", "iat", "aud", "iss", "sub"]},
        )

    def _remember(self, token: str, expires_at: float, principal: Principal) -> None:
        # A signature costs ten times as much to check as everything else that guards a call.
        with self._lock:
            if len(self._verified) >= _CACHE_ENTRIES:
                self._verified.clear()
            self._verified[token] = (expires_at, principal)

    def _public_key(self) -> EllipticCurvePublicKey:
        # The certificate is renewed while services run; a changed file is read again.
        try:
            changed_at_ns = self._certificate.stat().st_mtime_ns
            if self._key is None or changed_at_ns != self._read_at_ns:
                key = x509.load_pem_x509_certificate(self._certificate.read_bytes()).public_key()
                if not isinstance(key, EllipticCurvePublicKey):
                    raise PrincipalRefused(f"{self._certificate.name} does not hold an EC key")
                self._key, self._read_at_ns = key, changed_at_ns
        except (OSError, ValueError) as unreadable:
            raise PrincipalRefused(f"{self._certificate.name} cannot be read") from unreadable
        return self._key
