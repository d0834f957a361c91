"""A model of the system that makes histories: six event stores, their topics, their consumers and one cloud.

It is no test of the product. It makes what a correct product would leave behind, in any order of delivery that one
is allowed (per partition), with repeated messages, new leaders, retried steps, crashes of callers and faults; so the
checker is tried on many good histories, and on bad ones that differ from a good one in a single place.
"""

import hashlib
import random
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from deployforge_chassis.topics import load

from tests.chaos.checker.vocabulary import STACK, SUBSCRIPTIONS, WATERMARK
from tests.chaos.history import (
    OK,
    REFUSED,
    UNKNOWN,
    AuditRecord,
    ClientCall,
    CloudCall,
    CloudResource,
    EffectRow,
    Fault,
    Parked,
    Position,
    ProjectionDigest,
    Published,
    Run,
    StoredEvent,
    TopicMessage,
)

TOPICS = load()
DEPLOYMENTS, EXECUTIONS, OPERATIONS = "control-plane.deployments", "orchestrator.executions", "orchestrator.operations"
OUTCOMES, STATES, DESIRED = "mcal.operations", "state-manager.states", "state-manager.desired"
DRIFT, SCANS, INCIDENTS = "drift-detector.drift", "drift-detector.scans", "healer.incidents"
QUEUE, REGION = "AWS::SQS::Queue", "eu-west-1"


@dataclass
class Store:
    """One service's event store with its relay."""

    service: str
    events: list[StoredEvent] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    published: int = 0
    epoch: int = 1


class World:
    """Everything that a run leaves behind, as it grows. `rng` decides whatever is not decided by the rules."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.seed = seed
        self.now = 1_000.0
        self.stores = {service: Store(service) for service in SUBSCRIPTIONS}
        self.rows: list[Published] = []
        self.topics: dict[tuple[str, int], list[TopicMessage]] = defaultdict(list)
        self.last: dict[tuple[str, int], int] = defaultdict(int)
        self.read: dict[tuple[str, str, int], int] = defaultdict(int)
        """(consumer, topic, partition) → index of the next message."""
        self.stands: dict[tuple[str, str, int], int] = defaultdict(int)
        self.work: list[Callable[[], None]] = []
        self.calls: list[ClientCall] = []
        self.audit: list[AuditRecord] = []
        self.ledger: list[CloudCall] = []
        self.resources: dict[str, CloudResource] = {}
        self.positions: list[Position] = []
        self.parked: list[Parked] = []
        self.effects: list[EffectRow] = []

    def id(self) -> str:
        """A new id."""
        return str(UUID(int=self.rng.getrandbits(128), version=4))

    def emit(
        self, service: str, stream: str, type: str, data: dict[str, Any], *, deployment: str = "", cause: str = "",
        fact: tuple[str, str, str] | None = None, upsert: tuple[str, str, str] | None = None,
    ) -> StoredEvent:  # fmt: skip
        """Save an event; `fact` is (topic, fact, key), `upsert` (topic, key, partition key)."""
        store = self.stores[service]
        store.versions[stream] += 1
        topic, said, key = fact or ("", "", "")
        partition = TOPICS[topic].partition_of(key) if topic else -1
        if upsert:
            key, partition = upsert[1], TOPICS[DESIRED].partition_of(upsert[2])
        event = StoredEvent(
            service, len(store.events) + 1, stream, store.versions[stream], type, deployment_id=deployment,
            causation_id=cause, topic=topic, fact=said, key=key, partition=partition,
            upsert=upsert[0] if upsert else "", data=data,
        )  # fmt: skip
        store.events.append(event)
        return event

    def relay(self, store: Store) -> None:
        """Publish everything; now and then a new leader repeats what the one before had sent."""
        if self.rng.random() < 0.05:
            store.epoch += 1
            self._send(store.events[max(0, store.published - self.rng.randrange(4)) : store.published], again=True)
        fresh = store.events[store.published :]
        self.rows += [Published(store.service, e.topic, e.partition, e.id, store.epoch) for e in fresh if e.topic]
        self._send(fresh)
        store.published = len(store.events)
        if self.rng.random() < 0.1:
            self._say_how_far(store)

    def _say_how_far(self, store: Store) -> None:
        for (topic, partition), last in self.last.items():
            if TOPICS[topic].owner == store.service and last:
                log = self.topics[topic, partition]
                log.append(TopicMessage(topic, partition, len(log), "", WATERMARK, store.service, 1, last, last, ""))

    def _send(self, events: Iterable[StoredEvent], *, again: bool = False) -> None:
        for event in events:
            topic = event.topic or event.upsert
            if not topic:
                continue
            log = self.topics[topic, event.partition]
            chained = bool(event.topic)
            prev = self.last[topic, event.partition] if chained else 0
            if again and chained:
                prev = next(m.prev for m in log if m.id == event.id)
            elif chained:
                self.last[topic, event.partition] = event.id
            digest = hashlib.sha256(f"{event.service}{event.id}".encode()).hexdigest()
            log.append(
                TopicMessage(
                    topic, event.partition, len(log), event.key, event.fact or "DesiredState", event.service, 1, event.id,
                    prev, digest, chained,
                )
            )  # fmt: skip

    def audited(self, actor: str, action: str, request: str, outcome: str = "allowed", detail: str = "") -> None:
        """Append to the audit log."""
        position, prev = len(self.audit) + 1, self.audit[-1].hash if self.audit else "0" * 64
        hash = hashlib.sha256(f"{prev}{position}{action}{request}".encode()).hexdigest()
        self.audit.append(AuditRecord(position, actor, action, outcome, request, detail, prev, hash))

    def called(self, method: str, actor: str, request: str, outcome: str, answer: str = "") -> None:
        """Note what a client was told."""
        self.now += 0.1
        id = f"c{len(self.calls) + 1}"
        self.calls.append(ClientCall(id, method, actor, request, "chaos/d", outcome, self.now, self.now + 0.05, answer))

    def change(self, action: str, token: str, stack: str, resource: str, type: str, id: str) -> None:
        """The cloud changes something."""
        self.ledger.append(CloudCall(len(self.ledger) + 1, action, token, REGION, stack, resource, type, id, self.now))
        if action == "create":
            self.resources[id] = CloudResource(REGION, type, id, stack)
        elif action == "delete":
            self.resources.pop(id, None)

    def history(self) -> list[Any]:
        """Everything, as a harness would have recorded it."""
        return [
            Run(self.seed, 1_000.0, self.now - 60.0, self.now, self.now + 5),
            *self.calls, *(e for s in self.stores.values() for e in s.events), *self.rows,
            *(m for log in self.topics.values() for m in log), *self.positions, *self.parked, *self.effects, *self.audit,
            *self.ledger, *self.resources.values(),
            ProjectionDigest("state-manager", "inventory", "sha256:1", "sha256:1", 3),
            *(Fault(n, kind, "mcal", 1_000.0 + n, 1_001.0 + n, "pid 4711 ended") for n, kind in enumerate(("kill", "stop"), 1)),
        ]  # fmt: skip

    def look(self, *, final: bool = False) -> None:
        """Write down where every consumer stands."""
        for (consumer, topic, partition), id in self.stands.items():
            source, offset = TOPICS[topic].owner, self.read[consumer, topic, partition] - 1
            self.positions.append(Position(consumer, source, 1, topic, partition, id, offset, self.now, final))


def without(records: list[Any], record: Any) -> list[Any]:
    """The records but one."""
    return [r for r in records if r is not record]


def instead(records: list[Any], record: Any, **changes: Any) -> list[Any]:
    """The records with one changed."""
    return [replace(r, **changes) if r is record else r for r in records]


__all__ = ["OK", "REFUSED", "STACK", "UNKNOWN", "World", "instead", "without"]
