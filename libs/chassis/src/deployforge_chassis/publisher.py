"""Telemetry: messages that may be lost or repeated (progress ticks, observations), straight to the bus."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from deployforge_chassis import causality
from deployforge_chassis.bus import Bus, ProduceFailed
from deployforge_chassis.causality import Causality
from deployforge_chassis.facts import Message, Record
from deployforge_chassis.wire import Wire

log = structlog.get_logger(__name__)


class TelemetryPublisher:
    """Sends records of topics of kind telemetry."""

    def __init__(self, bus: Bus, wire: Wire) -> None:
        self._bus, self._wire = bus, wire

    def send(self, topic: str, key: str, fact: str, value: Mapping[str, Any]) -> None:
        """Send one record and wait for its acknowledgement. Raises ProduceFailed."""
        self.send_all([Record(topic, key, fact, value)])

    def send_all(self, records: Sequence[Record]) -> None:
        """Send records in order and wait for their acknowledgements. Raises ProduceFailed."""
        self._bus.produce([self._message(record) for record in records])

    def try_send(self, topic: str, key: str, fact: str, value: Mapping[str, Any]) -> None:
        """As `send`, but a failure is only logged."""
        try:
            self.send(topic, key, fact, value)
        except ProduceFailed as error:
            log.warning("telemetry lost", topic=topic, fact=fact, error=str(error))

    def _message(self, record: Record) -> Message:
        return self._wire.message(
            record,
            self._wire.partition(record),
            era=0,
            notification_id=0,
            prev=0,
            cause=causality.current() or Causality("", ""),
            occurred_at=datetime.now(UTC),
        )
