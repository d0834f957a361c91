"""Encryption at rest: AES-256-GCM under one data key per owner, bound to the place where it is stored.

Source of the construction: NIST SP 800-38D (GCM); a data key seals far fewer than 2^32 values, so random 96-bit
nonces are safe. The data key is itself wrapped by a KeyProvider and bound to service and owner.
"""

import os
import secrets
import threading
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyProvider

_NONCE_BYTES = 12
_KEY_ID_BYTES = 16

#: Owner of what belongs to no deployment.
NOBODY = UUID(int=0)


class Tampered(Exception):
    """A sealed value is not what was stored, or not where it was stored."""

    def __init__(self, place: str) -> None:
        super().__init__(f"sealed data is damaged or was moved: {place}")
        self.place = place


class Shredded(Exception):
    """The data key is gone, and with it everything it sealed."""

    def __init__(self, owner: UUID) -> None:
        super().__init__(f"the data key of {owner} does not exist (any more)")
        self.owner = owner


class Sealer:
    """Seals values under the data key of their owner (a deployment). Threads may share it."""

    SCHEMA = (
        "CREATE TABLE IF NOT EXISTS data_keys ("
        "owner uuid PRIMARY KEY, wrapped bytea NOT NULL, created_at timestamptz NOT NULL DEFAULT now())",
    )

    def __init__(self, database: Database, provider: KeyProvider, *, service: str) -> None:
        self._database = database
        self._provider = provider
        self.service = service
        self._keys: dict[UUID, AESGCM] = {}
        self._lock = threading.Lock()

    def seal(self, owner: UUID, plaintext: bytes, place: str) -> bytes:
        """Layout: owner (16 bytes), nonce (12), ciphertext and tag. Opens only with the same `place`."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._key(owner, create=True).encrypt(nonce, plaintext, self._aad(owner, place))
        return owner.bytes + nonce + sealed

    def open(self, sealed: bytes, place: str) -> bytes:
        """The plaintext. Raises Tampered, or Shredded when the data key is gone."""
        owner = UUID(bytes=bytes(sealed[:_KEY_ID_BYTES]))
        nonce = sealed[_KEY_ID_BYTES : _KEY_ID_BYTES + _NONCE_BYTES]
        try:
            return self._key(owner, create=False).decrypt(
                nonce, sealed[_KEY_ID_BYTES + _NONCE_BYTES :], self._aad(owner, place)
            )
        except (InvalidTag, ValueError):
            raise Tampered(place) from None

    def _aad(self, owner: UUID, place: str) -> bytes:
        return f"{self.service}|{place}|{owner}".encode()

    def _key(self, owner: UUID, *, create: bool) -> AESGCM:
        if key := self._keys.get(owner):
            return key
        with self._lock:
            if key := self._keys.get(owner):
                return key
            key = AESGCM(self._load(owner, create=create))
            self._keys[owner] = key
            return key

    def _load(self, owner: UUID, *, create: bool) -> bytes:
        aad = f"{self.service}|data-key|{owner}".encode()
        found = self._database.one("SELECT wrapped FROM data_keys WHERE owner = %s", (owner,))
        if found is None and create:
            # Committed at once and apart from what it will seal: an unused key does no harm, a lost one would.
            fresh = self._provider.wrap(secrets.token_bytes(32), aad)
            self._database.query(
                "INSERT INTO data_keys (owner, wrapped) VALUES (%s, %s) ON CONFLICT DO NOTHING", (owner, fresh)
            )
            found = self._database.one("SELECT wrapped FROM data_keys WHERE owner = %s", (owner,))
        if found is None:
            raise Shredded(owner)
        return self._provider.unwrap(bytes(found["wrapped"]), aad)


class SealedMapper(Mapper[UUID]):
    """Domain event ↔ stored event: typed JSON by pydantic, sealed, bound to stream, version and topic.

    The causality that was current when the event was saved is sealed beside its state.
    """

    def __init__(self, sealer: Sealer) -> None:
        super().__init__(JSONTranscoder())
        self._sealer = sealer

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Seal an event under the data key of its `deployment_id`."""
        topic = get_topic(type(domain_event))
        state = dict(vars(domain_event))
        originator_id, version = state.pop("originator_id"), state.pop("originator_version")
        cause = causality.current()
        body = to_json(
            {
                "class_version": getattr(type(domain_event), "class_version", 1),
                "cause": cause and [cause.correlation_id, cause.causation_id, cause.traceparent, cause.actor],
                "state": state,
            },
            bytes_mode="base64",
        )
        sealed = self._sealer.seal(domain_event.deployment_id, body, _place(originator_id, version, topic))
        return StoredEvent(originator_id, version, topic, sealed)

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event again, upcast to its newest version. Raises Tampered naming stream and version."""
        return self.open(stored_event)[0]

    def open(self, stored: StoredEvent) -> tuple[Any, Causality]:
        """An event with the causality under which it was saved."""
        place = _place(stored.originator_id, stored.originator_version, stored.topic)
        body = from_json(self._sealer.open(stored.state, place))
        cls: Any = resolve_topic(stored.topic)
        state = body["state"]
        for version in range(body["class_version"], getattr(cls, "class_version", 1)):
            getattr(cls, f"upcast_v{version}_v{version + 1}")(state)
        state["originator_id"], state["originator_version"] = stored.originator_id, stored.originator_version
        event = _adapter(cls).validate_python(state)
        return event, Causality(*(body["cause"] or ["", "", "", ""]))


def _place(originator_id: object, version: int, topic: str) -> str:
    return f"{originator_id}|{version}|{topic}"


@lru_cache(maxsize=512)
def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(cls)
