"""Domain events at rest: sealed by the Sealer, bound to stream, version and topic."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from uuid import UUID

from eventsourcing.persistence import JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import get_topic, resolve_topic
from pydantic import TypeAdapter
from pydantic_core import from_json, to_json

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.sealer import NOBODY, Sealer, Shredded, Tampered

__all__ = ["NOBODY", "NewerEvent", "SealedMapper", "Sealer", "Shredded", "Tampered"]


class NewerEvent(Exception):
    """An event was stored by newer code than this; older code must not guess what it means."""

    def __init__(self, stream: object, version: int, topic: str, stored: int, known: int) -> None:
        super().__init__(
            f"event {version} of stream {stream} was stored as {topic} with class_version {stored}, this code knows "
            f"up to {known}: run the release that stored it, or a newer one"
        )
        self.stream, self.version, self.stored, self.known = stream, version, stored, known


class SealedMapper(Mapper[UUID]):
    """Domain event ↔ stored event: typed JSON by pydantic, sealed, bound to stream, version and topic.

    The causality that was current when the event was saved is sealed beside its state.
    """

    def __init__(self, sealer: Sealer) -> None:
        super().__init__(JSONTranscoder())
        self.sealer = sealer

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Seal an event that follows nothing; see `seal`."""
        return self.seal(domain_event, b"")[0]

    def seal(self, domain_event: Any, follows: bytes, cause: Causality | None = None) -> tuple[StoredEvent, bytes]:
        """Seal an event under the data key of its `deployment_id`; also the body that was sealed.

        `follows` is the digest of the stream before it; it is sealed in, see `streams`. No `cause` means the current one.
        """
        topic = get_topic(type(domain_event))
        originator_id, version = domain_event.originator_id, domain_event.originator_version
        body = plain_body(domain_event, follows, cause)
        sealed = self.sealer.seal(domain_event.deployment_id, body, place_of_event(originator_id, version, topic))
        return StoredEvent(originator_id, version, topic, sealed), body

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """The event again, upcast to its newest version. Raises Tampered or NewerEvent naming stream and version."""
        return self.open(stored_event)[0]

    def open(self, stored: StoredEvent) -> tuple[Any, Causality]:
        """An event with the causality under which it was saved."""
        return self.read(stored, self.body(stored))

    def body(self, stored: StoredEvent) -> bytes:
        """What was sealed. Raises Tampered naming stream and version, or Shredded."""
        return self.sealer.open(stored.state, place_of_event(stored.originator_id, stored.originator_version, stored.topic))

    @staticmethod
    def follows(body: bytes) -> bytes:
        """The digest of the stream before the event that a body tells of."""
        return bytes.fromhex(from_json(body)["follows"])

    def read(self, stored: StoredEvent, opened: bytes) -> tuple[Any, Causality]:
        """The event that a body tells of, and its causality."""
        body = from_json(opened)
        event = event_of(body, stored.originator_id, stored.originator_version, stored.topic)
        return event, Causality(*(body["cause"] or ["", "", "", ""]))

    def plain(self, stored: StoredEvent) -> tuple[Any, dict[str, Any]]:
        """The class of an event and its state as it is stored (JSON's own types), upcast. Raises as `open` does.

        Cheaper by a third than the event itself, for whoever reads the whole log.
        """
        return _upcast(from_json(self.body(stored)), stored.originator_id, stored.originator_version, stored.topic)


def plain_body(domain_event: Any, follows: bytes = b"", cause: Causality | None = None) -> bytes:
    """What is sealed of an event, as JSON: its class_version and state, its cause (that of this moment, unless another is
    given), and the digest of the stream before it.
    """
    cause = cause or causality.current()
    place = ("originator_id", "originator_version")
    return to_json(
        {
            "class_version": getattr(type(domain_event), "class_version", 1),
            "cause": cause and [cause.correlation_id, cause.causation_id, cause.traceparent, cause.actor],
            "follows": follows.hex(),
            "state": {name: value for name, value in vars(domain_event).items() if name not in place},
        },
        bytes_mode="base64",
    )


def event_of(body: Mapping[str, Any], stream: UUID | str, version: int, topic: str) -> Any:
    """The event that `plain_body` was made of, upcast one class_version at a time. Raises NewerEvent."""
    cls, state = _upcast(body, stream, version, topic)
    return _adapter(cls).validate_python({**state, "originator_id": stream, "originator_version": version})


def _upcast(body: Mapping[str, Any], stream: UUID | str, version: int, topic: str) -> tuple[Any, dict[str, Any]]:
    cls: Any = resolve_topic(topic)
    stored, known = body["class_version"], getattr(cls, "class_version", 1)
    if stored > known:
        raise NewerEvent(stream, version, topic, stored, known)
    state = dict(body["state"])
    for step in range(stored, known):
        getattr(cls, f"upcast_v{step}_v{step + 1}")(state)
    return cls, state


def place_of_event(originator_id: object, version: int, topic: str) -> str:
    """What an event's seal is bound to."""
    return f"{originator_id}|{version}|{topic}"


@lru_cache(maxsize=512)
def _adapter(cls: type[Any]) -> TypeAdapter[Any]:
    return TypeAdapter(cls)
