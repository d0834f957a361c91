"""The desired state of everything, read from its compacted topic into memory.

Every process reads all partitions from the beginning, under a consumer group of its own, and says that it is ready
only when it has reached what was the end when it began: judging against half of it would call things unknown.
"""

import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import structlog
from deployforge_chassis.bus import Bus, Consumer, Place, Start
from deployforge_chassis.facts import Message
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.registry import RegistryUnavailable
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire

from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.rules import IgnoreRule, SeverityRule

log = structlog.get_logger(__name__)

TOPIC: Final = "state-manager.desired"
_POLL_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 0.5
#: The last records of a compacted partition may be gone, so that its end is never read: then quiet counts as the end.
_QUIET_POLLS: Final = 10


class DesiredMap:
    """See ports.DesiredStates. Written by one thread, read by several."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_urn: dict[str, Desired] = {}
        self._of_deployment: dict[UUID, dict[str, Desired]] = {}

    def put(self, desired: Desired) -> bool:
        """Keep it unless a newer version is known; whether it was kept."""
        with self._lock:
            known = self._by_urn.get(desired.urn)
            if known is not None and known.version > desired.version:
                return False
            self._by_urn[desired.urn] = desired
            self._of_deployment.setdefault(desired.deployment_id, {})[desired.urn] = desired
            return True

    def drop(self, urn: str) -> bool:
        """It is not desired any more; whether it was."""
        with self._lock:
            known = self._by_urn.pop(urn, None)
            if known is None:
                return False
            of_deployment = self._of_deployment[known.deployment_id]
            del of_deployment[urn]
            if not of_deployment:
                del self._of_deployment[known.deployment_id]
            return True

    def get(self, urn: str) -> Desired | None:
        return self._by_urn.get(urn)

    def of_deployment(self, deployment_id: UUID) -> Sequence[Desired]:
        with self._lock:
            return list(self._of_deployment.get(deployment_id, {}).values())

    def named(self, namespace: str, name: str) -> Sequence[Desired]:
        with self._lock:
            return [one for one in self._by_urn.values() if (one.namespace, one.name) == (namespace, name)]

    def dependants(self, urn: str) -> Mapping[str, Sequence[str]]:
        known = self._by_urn.get(urn)
        found: dict[str, list[str]] = {}
        for one in self.of_deployment(known.deployment_id) if known else ():
            for needed in one.depends_on:
                found.setdefault(needed, []).append(one.urn)
        return found

    def shards(self) -> Mapping[str, Sequence[int]]:
        with self._lock:
            found: dict[str, list[int]] = {}
            for one in self._by_urn.values():
                found.setdefault(one.shard, []).append(one.every_seconds)
            return found

    def __len__(self) -> int:
        return len(self._by_urn)


class DesiredReader(ThreadPart):
    """Part: fills the map, then follows. `start` returns when the map is complete."""

    def __init__(
        self,
        bus: Bus,
        wire: Wire,
        states: DesiredMap,
        removed: Callable[[str], None],
        complete: Callable[[], None],
        *,
        load_seconds: float = 120.0,
    ) -> None:
        super().__init__("desired")
        self._bus, self._wire, self._states = bus, wire, states
        self._removed, self._complete = removed, complete
        self._load_seconds = load_seconds
        self._loaded = threading.Event()
        self._next: dict[Place, int] = {}

    def start(self) -> None:
        """See Part. Raises TimeoutError when the topic cannot be read to its end in time."""
        super().start()
        waited = 0.0
        while not self._loaded.wait(_POLL_SECONDS):
            waited += _POLL_SECONDS
            if (error := self.failed()) is not None:
                raise error
            if waited > self._load_seconds:
                raise TimeoutError(f"{TOPIC} could not be read to its end in {self._load_seconds:g} s")

    def run(self) -> None:
        """Load, then follow until stopped."""
        group = f"{self._wire.service}-desired-{uuid.uuid4()}"
        consumer = self._bus.consumer(group, [full_name(TOPIC)], self._assigned, lambda places: None)
        try:
            self._load(consumer)
            log.info("desired state loaded", resources=len(self._states))
            self._complete()
            self._loaded.set()
            while not self.stopping.is_set():
                for message in consumer.poll(_POLL_SECONDS):
                    if self._apply(message):
                        self._removed(message.key.decode())
        finally:
            consumer.close()

    def _assigned(self, places: Sequence[Place]) -> Mapping[Place, int | Start]:
        for place in places:
            self._next.setdefault(place, 0)
        return dict.fromkeys(places, Start.BEGINNING)

    def _load(self, consumer: Consumer) -> None:
        partitions = self._wire.topics.partitions(TOPIC)
        ends: Mapping[Place, int] | None = None
        quiet = 0
        while not self.stopping.is_set():
            messages = consumer.poll(_POLL_SECONDS)
            for message in messages:
                self._apply(message)
                self._next[message.topic, message.partition] = message.offset + 1
            if len(self._next) < partitions:
                continue
            if ends is None:
                ends = consumer.ends(list(self._next))
            quiet = 0 if messages else quiet + 1
            if quiet > _QUIET_POLLS or all(self._next[place] >= end for place, end in ends.items()):
                return

    def _apply(self, message: Message) -> bool:
        """Take a message in; whether it took a resource away."""
        if message.value is None:
            return self._states.drop(message.key.decode())
        while not self.stopping.is_set():
            try:
                _, value = self._wire.codec.decode(message.value)
            except RegistryUnavailable as outage:
                log.warning("waiting", reason=str(outage))
                self.stopping.wait(_RETRY_SECONDS)
                continue
            except Exception as error:
                log.error("desired state unreadable", key=message.key.decode(errors="replace"), exc_info=error)
                return False
            try:
                self._states.put(desired(value))
            except (ValueError, KeyError, TypeError) as error:
                log.error("desired state unreadable", key=message.key.decode(errors="replace"), exc_info=error)
            return False
        return False


def desired(value: Mapping[str, Any]) -> Desired:
    """A DesiredState record as the domain sees it. Raises ValueError, KeyError or TypeError when it makes no sense."""
    return Desired(
        urn=value["urn"],
        deployment_id=UUID(value["deployment_id"]),
        namespace=value["namespace"],
        name=value["name"],
        version=value["version"],
        desired_version=value["desired_version"],
        shard=value["scan_shard"],
        every_seconds=value["scan_every_seconds"],
        resource=value["resource"],
        type=value["type"],
        physical_id=value["physical_id"],
        criticality=value["criticality"],
        generation=value["generation"],
        properties=_object(value["properties_json"]),
        set_paths=frozenset(value["set_paths"]),
        depends_on=tuple(value["depends_on"]),
        ignore=tuple(map(_ignore_rule, json.loads(value["ignore_json"]))),
        severity=tuple(map(_severity_rule, json.loads(value["severity_json"]))),
    )


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the desired properties are no object")
    return value


def _ignore_rule(rule: Mapping[str, Any]) -> IgnoreRule:
    until = rule.get("until")
    return IgnoreRule(
        rule.get("resource") or "*", rule["path"], rule.get("reason") or "", _moment(until) if until else None
    )


def _moment(text: str) -> datetime:
    """A date or a time; without a zone it is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else datetime.fromisoformat(f"{at.isoformat()}+00:00")


def _severity_rule(rule: Mapping[str, Any]) -> SeverityRule:
    return SeverityRule(rule.get("resource") or "*", rule["path"], Severity(str(rule["level"]).upper()))
