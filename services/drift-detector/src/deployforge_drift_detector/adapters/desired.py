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
from deployforge_chassis import canonical
from deployforge_chassis.bus import Bus, Consumer, Place, Start
from deployforge_chassis.facts import Message
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.registry import RegistryUnavailable
from deployforge_chassis.topics import full_name
from deployforge_chassis.wire import Wire

from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.severity_policy import NO_POLICY, SeverityPolicy
from deployforge_drift_detector.domain.condition import Condition, How
from deployforge_drift_detector.domain.desired import Desired, Reference
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.rules import IgnoreRule, SeverityRule

log = structlog.get_logger(__name__)

TOPIC: Final = "state-manager.desired"
_POLL_SECONDS: Final = 0.2
_RETRY_SECONDS: Final = 0.5
#: The last records of a compacted partition may be gone, so that its end is never read: then quiet counts as the end.
_QUIET_POLLS: Final = 10


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
        policy: SeverityPolicy = NO_POLICY,
        load_seconds: float = 120.0,
    ) -> None:
        super().__init__("desired")
        self._bus, self._wire, self._states = bus, wire, states
        self._removed, self._complete = removed, complete
        self._load_seconds, self._policy = load_seconds, policy
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
            return self._states.drop(message.key.decode(errors="replace"))
        while not self.stopping.is_set():
            try:
                _, value = self._wire.codec.decode(message.value)
                self._states.put(desired(value, self._policy))
            except RegistryUnavailable as outage:
                log.warning("waiting", reason=str(outage))
                self.stopping.wait(_RETRY_SECONDS)
                continue
            except Exception as error:
                # The topic is read from its beginning at every start: one bad record must not keep all others away.
                log.error("desired state unreadable", key=message.key.decode(errors="replace"), exc_info=error)
            return False
        return False


def desired(value: Mapping[str, Any], policy: SeverityPolicy = NO_POLICY) -> Desired:
    """A DesiredState record as the domain sees it. Raises what its parts raise when it makes no sense."""
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
        policy=policy.concerning(value["namespace"], value["name"], value["type"], value["resource"]),
        references=tuple(Reference(**one) for one in value["references"]),
        outputs=tuple(value["outputs"]),
    )


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("the desired properties are no object")
    return value


def _ignore_rule(rule: Mapping[str, Any]) -> IgnoreRule:
    until = rule.get("until")
    return IgnoreRule(
        rule.get("resource") or "*", rule["path"], rule.get("reason") or "", _moment(until) if until else None,
        _condition(rule.get("when") or {}),
    )  # fmt: skip


def _condition(when: Mapping[str, Any]) -> Condition:
    how, values = when.get("found"), when.get("oneOf")
    return Condition(
        How(how) if how else None, when.get("atLeast"), when.get("atMost"),
        tuple(map(canonical.dumps, values)) if values is not None else None,
    )  # fmt: skip


def _moment(text: str) -> datetime:
    """A date or a time; without a zone it is UTC."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else datetime.fromisoformat(f"{at.isoformat()}+00:00")


def _severity_rule(rule: Mapping[str, Any]) -> SeverityRule:
    return SeverityRule(rule.get("resource") or "*", rule["path"], Severity(str(rule["level"]).upper()))
