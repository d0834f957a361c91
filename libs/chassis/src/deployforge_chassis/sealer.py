"""Encryption at rest: AES-256-GCM under one data key per owner, bound to the place where it is stored.

Source of the construction: NIST SP 800-38D (GCM); a data key seals far fewer than 2^32 values, so random 96-bit
nonces are safe. The data key is itself wrapped by a KeyProvider and bound to service, owner and generation.

Layout of what is sealed: format (1 byte, 1), id of the data key (owner 16, generation 4), nonce (12), ciphertext and
tag. Bound with it (the AAD): service, place, id of the data key.
"""

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deployforge_chassis import data_keys
from deployforge_chassis.data_keys import ID_BYTES, DataKey, DataKeys, KeyId, KeyState
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Sealed, Write
from deployforge_chassis.keys.port import KeyProvider, VersionRefused, WrongKey, version_of
from deployforge_chassis.sealed_columns import SealedColumn

#: Owner of what belongs to no deployment.
NOBODY = UUID(int=0)

POLL_SECONDS: Final = 2.0
"""A key that another process shredded or replaced is used here for at most so long."""

KEPT_SECONDS: Final = 300.0
"""An unwrapped data key is kept in memory for at most so long; then the provider must unwrap it again."""

_FORMAT: Final = b"\x01"
_NONCE_BYTES: Final = 12
_HEADER_BYTES: Final = len(_FORMAT) + ID_BYTES
_KEPT_AT_MOST: Final = 50_000
_LOCKS: Final = 16


class Tampered(Exception):
    """A sealed value is not what was stored, or not where it was stored."""

    def __init__(self, place: str) -> None:
        super().__init__(f"sealed data is damaged or was moved: {place}")
        self.place = place


class Shredded(Exception):
    """The data key is gone, and with it everything it sealed."""

    def __init__(self, owner: UUID) -> None:
        super().__init__(f"the data key of {owner} was shredded: what it sealed cannot be read any more")
        self.owner = owner


class KeysMoved(Exception):
    """Re-encryption began between sealing and saving: seal again."""


class _Key(NamedTuple):
    """An unwrapped data key; in memory only."""

    cipher: AESGCM
    header: bytes
    bound: bytes
    """The end of the AAD: the key's id."""
    until: float


class Sealer:
    """Seals values under the data key of their owner (a deployment). Threads may share it.

    Raises KeyUnavailable when a data key is not in memory and the provider cannot unwrap it: nothing is written then.
    """

    SCHEMA = data_keys.SCHEMA

    def __init__(
        self, database: Database, provider: KeyProvider, *, service: str, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.service = service
        self._database = database
        self._rows = DataKeys(database)
        self.provider = provider
        self._now = now
        self._sealing: dict[UUID, _Key] = {}
        self._opening: dict[bytes, _Key] = {}
        self.columns: list[SealedColumn] = []
        """Where this service keeps what it has sealed."""
        self._state: KeyState | None = None
        self._seen_at = float("-inf")
        self._lock = threading.Lock()
        # Loads of one key wait for each other, those of different keys seldom do.
        self._loading = tuple(threading.Lock() for _ in range(_LOCKS))

    def seal(self, owner: UUID, plaintext: bytes, place: str) -> Sealed:
        """The layout above. Opens only with the same `place`. Raises Shredded for an owner whose keys are gone."""
        now = self._now()
        if now - self._seen_at > POLL_SECONDS:
            self.notice()
        key = self._sealing.get(owner)
        if key is None or key.until < now:
            try:
                key = self._loaded(owner, self._sealing, owner, self._newest)
            except (WrongKey, VersionRefused) as refused:
                raise Tampered(f"data key of {owner}") from refused
        nonce = os.urandom(_NONCE_BYTES)
        return Sealed(key.header + nonce + key.cipher.encrypt(nonce, plaintext, self._aad(place, key)))

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plaintext. Raises Tampered, or Shredded when the data key is gone."""
        now = self._now()
        if now - self._seen_at > POLL_SECONDS:
            self.notice()
        header = sealed[:_HEADER_BYTES]
        key = self._opening.get(header)
        if key is None or key.until < now:
            if len(header) < _HEADER_BYTES or not header.startswith(_FORMAT):
                raise Tampered(place)
            try:
                id = KeyId.read(header[len(_FORMAT) :])
                key = self._loaded(id.owner, self._opening, header, lambda _: self._named(id, place))
            except (WrongKey, VersionRefused) as refused:
                raise Tampered(place) from refused
        try:
            nonce, rest = sealed[_HEADER_BYTES : _HEADER_BYTES + _NONCE_BYTES], sealed[_HEADER_BYTES + _NONCE_BYTES :]
            return key.cipher.decrypt(nonce, rest, self._aad(place, key))
        except (InvalidTag, ValueError):
            raise Tampered(place) from None

    def reseal(self, sealed: bytes, place: str) -> Sealed | None:
        """The same plaintext under the key that seals now; None when that one has sealed it already."""
        if self.is_current(sealed):
            return None
        return self.seal(KeyId.read(sealed[len(_FORMAT) : _HEADER_BYTES]).owner, self.open(sealed, place), place)

    def is_current(self, sealed: bytes) -> bool:
        """Whether a key of the generation in force has sealed it."""
        state = self._state or self.notice()
        return int.from_bytes(sealed[_HEADER_BYTES - 4 : _HEADER_BYTES], "big") == state.generation

    def declare(self, *columns: SealedColumn) -> None:
        """Say where sealed values are kept: re-encryption goes there. Saying it again changes nothing."""
        known = {column.name for column in self.columns}
        self.columns += [column for column in columns if column.name not in known]

    def shred(self, owner: UUID) -> Write:
        """The write that makes everything unreadable that the owner's keys sealed, here and after restarts.

        This process should then `forget`; others notice within POLL_SECONDS.
        """
        return self._rows.shred(owner)

    def forget(self) -> None:
        """Drop the keys in memory; they are loaded again when they are needed."""
        with self._lock:
            self._sealing.clear()
            self._opening.clear()

    def notice(self, cursor: Any = None) -> KeyState:
        """Look whether another process has changed keys, and drop those in memory if so."""
        with self._database.apart():
            seen_at, state = self._now(), self._rows.state(cursor)
        if state != self._state:
            with self._lock:
                self._state = state
                self._sealing.clear()
                self._opening.clear()
        self._seen_at = seen_at
        return state

    def admit(self, sealed: Iterable[bytes], cursor: Any) -> None:
        """Refuse (KeysMoved) to commit what a key has sealed that is being replaced; `cursor` is in the transaction.

        Whoever re-encrypts waits twice POLL_SECONDS after it has raised the generation: from then on nothing that an
        older key sealed gets past here, and what got past earlier holds the insert lock until it is committed.
        """
        if self._now() - self._seen_at > 2 * POLL_SECONDS:
            self.notice(cursor)
        if not all(self.is_current(value) for value in sealed):
            raise KeysMoved("data keys were replaced meanwhile; decide and seal again")

    def _aad(self, place: str, key: _Key) -> bytes:
        return f"{self.service}|{place}|".encode() + key.bound

    def _loaded(self, owner: UUID, kept: dict[Any, _Key], name: Any, load: Callable[[UUID], _Key]) -> _Key:
        with self._loading[hash(owner) % _LOCKS]:
            if (key := kept.get(name)) and key.until >= self._now():
                return key
            state = self._state or self.notice()
            # A key that is remembered here must exist, whatever becomes of the unit of work that asks for it.
            with self._database.apart():
                key = load(owner)
            with self._lock:
                # What was read before somebody else's change was noticed is good for this one use.
                if self._state == state:
                    if len(self._opening) >= _KEPT_AT_MOST:
                        self._sealing.clear()
                        self._opening.clear()
                    # What was loaded to seal opens as well.
                    kept[name] = self._opening[key.header] = key
            return key

    def _newest(self, owner: UUID) -> _Key:
        while True:
            state = self._rows.state()
            found = self._rows.newest(owner)
            if found is not None and (found.wrapped is None or found.id.generation >= state.generation):
                return self._unwrapped(found)
            # Committed at once and apart from what it will seal: an unused key does no harm, a lost one would.
            # Refused when the wrapping key, the generation or the owner has changed since: then all is read again.
            self.add(KeyId(owner, state.generation), secrets.token_bytes(32))

    def add(self, id: KeyId, data_key: bytes) -> None:
        """Wrap and store a new data key, unless there is one or it is out of date."""
        wrapped = self.provider.wrap(data_key, self.key_aad(id))
        self._rows.add(id, wrapped, version_of(wrapped))

    def _named(self, id: KeyId, place: str) -> _Key:
        found = self._rows.find(id)
        if found is None:
            raise Tampered(place)
        return self._unwrapped(found)

    def _unwrapped(self, row: DataKey) -> _Key:
        if row.wrapped is None:
            raise Shredded(row.id.owner)
        try:
            plain = self.provider.unwrap(row.wrapped, self.key_aad(row.id))
        except VersionRefused:
            # Read just before it was wrapped anew? Then it is there by now; otherwise an old one was put back.
            again = self._rows.find(row.id)
            if again is None or again.wrapped == row.wrapped:
                raise
            return self._unwrapped(again)
        return _Key(AESGCM(plain), _FORMAT + bytes(row.id), str(row.id).encode(), self._now() + KEPT_SECONDS)

    def key_aad(self, id: KeyId) -> bytes:
        """What a data key is bound to when it is wrapped."""
        return f"{self.service}|data-key|{id}".encode()
