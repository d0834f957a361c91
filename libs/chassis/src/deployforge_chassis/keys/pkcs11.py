"""Wrapping keys in an HSM, by PKCS#11: AES-256 keys that were made in the token and cannot leave it.

A data key is sealed in the token by AES-GCM, whose additional data binds it to its place; AES key wrapping (RFC 3394,
5649) has no additional data, so it could not. The versions of a key are objects of one label, whose ids are their
numbers. Below the minimum, CKA_DECRYPT is false: the token itself refuses, whoever asks.
"""

import os
from collections.abc import Callable
from typing import Any, ClassVar, TypeVar

import pkcs11
from pkcs11 import Attribute, GCMParams, KeyType, Mechanism, ObjectClass, Session

from deployforge_chassis.keys.pkcs11_module import Module
from deployforge_chassis.keys.pkcs11_uri import TokenKey
from deployforge_chassis.keys.port import (
    KeyUnavailable,
    UnknownVersion,
    VersionRefused,
    WrongKey,
    stamped,
    unstamped,
    version_of,
)

R = TypeVar("R")

_NONCE_BYTES = 12
_TAG_BYTES = 16
_ID_BYTES = 4
_KEY_BITS = 256


class Pkcs11Keys:
    """One wrapping key of one token. All use of a token by a process goes through one session."""

    scheme: ClassVar[str] = "pkcs11"

    def __init__(self, key: TokenKey) -> None:
        self._key = key
        self._module = Module.at(key.module)
        self._handles: dict[int, Any] = {}
        self._epoch = -1

    @classmethod
    def from_uri(cls, uri: str) -> "Pkcs11Keys":
        """See TokenKey. The token is reached when it is first used."""
        return cls(TokenKey.parse(uri))

    @classmethod
    def prepare(cls, uri: str) -> None:
        """See KeyProvider."""
        keys = cls.from_uri(uri)

        def first(session: Session) -> None:
            if not keys._all(session):
                keys._generate(session, 1)

        keys._use(first)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """See KeyProvider. Layout: version (4 bytes), nonce (12), ciphertext and tag."""

        def sealed(session: Session) -> bytes:
            version, key = max(self._existing(session).items())
            nonce = os.urandom(_NONCE_BYTES)
            return stamped(version, nonce + _seal(key, nonce, data_key, aad))

        return self._use(sealed)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """See KeyProvider."""
        version, sealed = version_of(wrapped), unstamped(wrapped)
        if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
            raise WrongKey
        return self._use(lambda session: self._opened(session, version, sealed, aad))

    def versions(self) -> tuple[int, ...]:
        """See KeyProvider."""
        return self._use(lambda session: tuple(sorted(self._existing(session))))

    def minimum_version(self) -> int:
        """See KeyProvider."""
        return self._use(self._minimum)

    def rotate(self) -> int:
        """See KeyProvider."""

        def rotated(session: Session) -> int:
            version = max(self._existing(session)) + 1
            self._generate(session, version)
            return version

        return self._use(rotated)

    def raise_minimum(self, version: int) -> None:
        """See KeyProvider."""

        def refuse_older(session: Session) -> None:
            keys = self._existing(session)
            if version not in keys:
                raise self._unknown(version)
            for number, key in keys.items():
                if number < version:
                    key[Attribute.DECRYPT] = False

        self._use(refuse_older)

    def _use(self, what: Callable[[Session], R]) -> R:
        return self._module.use(self._key, what)

    def _opened(self, session: Session, version: int, sealed: bytes, aad: bytes) -> bytes:
        key = self._version(session, version)
        if not key[Attribute.DECRYPT]:
            raise VersionRefused(version, self._minimum(session))
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            opened: bytes = key.decrypt(
                rest, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad, _TAG_BYTES * 8)
            )
            return opened
        except pkcs11.PKCS11Error:
            # Tokens tell a wrong tag and a failing device apart in different ways, some (SoftHSM) not at all.
            # The same key seals something: so the device is well, and it is what we gave it that is wrong.
            _seal(key, os.urandom(_NONCE_BYTES), b"probe", aad)
            raise WrongKey from None

    def _version(self, session: Session, version: int) -> Any:
        if self._epoch != self._module.epoch or version not in self._handles:
            self._handles, self._epoch = self._existing(session), self._module.epoch
        if version not in self._handles:
            raise self._unknown(version)
        return self._handles[version]

    def _minimum(self, session: Session) -> int:
        return min(version for version, key in self._existing(session).items() if key[Attribute.DECRYPT])

    def _existing(self, session: Session) -> dict[int, Any]:
        if not (keys := self._all(session)):
            raise KeyUnavailable(f"the token {self._key.token} has no key {self._key.label}; make the first one")
        return keys

    def _all(self, session: Session) -> dict[int, Any]:
        keys: dict[int, Any] = {}
        for key in session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: self._key.label}):
            version = int.from_bytes(key[Attribute.ID], "big")
            if version in keys:
                raise KeyUnavailable(f"the token {self._key.token} has two keys {self._key.label} of version {version}")
            if key[Attribute.EXTRACTABLE] or not key[Attribute.SENSITIVE]:
                raise KeyUnavailable(f"the key {self._key.label} of version {version} could leave its token")
            keys[version] = key
        return keys

    def _generate(self, session: Session, version: int) -> None:
        session.generate_key(
            KeyType.AES,
            _KEY_BITS,
            label=self._key.label,
            id=version.to_bytes(_ID_BYTES, "big"),
            store=True,
            capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
            template={Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False},
        )

    def _unknown(self, version: int) -> UnknownVersion:
        return UnknownVersion(f"the token {self._key.token}, label {self._key.label},", version)


def _seal(key: Any, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    sealed: bytes = key.encrypt(
        plaintext, mechanism=Mechanism.AES_GCM, mechanism_param=GCMParams(nonce, aad, _TAG_BYTES * 8)
    )
    return sealed
