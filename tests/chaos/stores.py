"""What the six databases hold at the end, as records of the history."""

import dataclasses
import importlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from deployforge_chassis import topics
from deployforge_chassis.database import Database
from deployforge_chassis.identity import CONTROL_PLANE, SERVICES
from deployforge_chassis.keys import open_provider
from deployforge_chassis.relay import split
from deployforge_chassis.sealing import SealedMapper, Sealer
from deployforge_chassis.topics import short_name
from deployforge_local import postgres
from deployforge_local.processes import service_environment
from deployforge_local.settings import LocalSettings
from eventsourcing.persistence import StoredEvent as Row

from tests.chaos.history import AuditRecord, EffectRow, Parked, Position, Published, StoredEvent

_PAGE: Final = 1000
_LONGEST: Final = 300


@dataclass(frozen=True)
class Store:
    """One service's database, read as its owner."""

    settings: LocalSettings
    service: str

    @cached_property
    def database(self) -> Database:
        return Database(postgres.url(self.settings, postgres.owner(self.service)))

    @cached_property
    def sealer(self) -> Sealer:
        told = service_environment(self.settings, self.service)
        # Where a token is, its library learns from the environment alone.
        os.environ.update({name: value for name, value in told.items() if not name.startswith("DEPLOYFORGE_")})
        uri = told.get("DEPLOYFORGE_KEYS") or Path(told["DEPLOYFORGE_KEY_FILE"]).absolute().as_uri()
        return Sealer(self.database, open_provider(uri), service=self.service)

    @property
    def module(self) -> str:
        """Its package."""
        return f"deployforge_{self.service.replace('-', '_')}"

    def close(self) -> None:
        self.database.close()

    # --- records ----------------------------------------------------------------------------------------

    def events(self) -> Iterator[StoredEvent]:
        """The whole event store, opened, with what each event is published as."""
        mapper, wire = SealedMapper(self.sealer), topics.load()
        records = importlib.import_module(f"{self.module}.adapters.records").records
        position = 0
        while rows := self.database.query(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM events "
            "WHERE notification_id > %s ORDER BY notification_id LIMIT %s",
            (position, _PAGE),
        ):
            for row in rows:
                event, cause = mapper.open(
                    Row(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))
                )
                chained, upserts = split(records(event))
                said = chained or (upserts[0] if upserts else None)
                yield StoredEvent(
                    service=self.service,
                    id=row["notification_id"],
                    stream=str(row["originator_id"]),
                    version=row["originator_version"],
                    type=type(event).__qualname__,
                    deployment_id=str(event.deployment_id),
                    correlation_id=cause.correlation_id,
                    causation_id=cause.causation_id,
                    topic=short_name(chained.topic) if chained else "",
                    fact=said.fact if said else "",
                    key=said.key if said else "",
                    partition=wire[said.topic].partition_of(said.partition_key or said.key) if said else -1,
                    upsert=short_name(upserts[0].topic) if upserts else "",
                    data=plain(event),
                )
            position = rows[-1]["notification_id"]

    def published(self) -> Iterator[Published]:
        """What the relay has recorded."""
        for row in self.database.query("SELECT topic, partition, notification_id, epoch FROM published"):
            yield Published(self.service, short_name(row["topic"]), row["partition"], row["notification_id"], row["epoch"])

    def positions(self, seen_at: float, *, final: bool) -> Iterator[Position]:
        """Where it stands in the chains of others."""
        for row in self.database.query("SELECT name, id, message_offset FROM positions WHERE name LIKE '%%@%%'", ()):
            source, _, rest = row["name"].partition("@")
            era, topic, partition = rest.split("#")
            yield Position(
                self.service, source, int(era), topic, int(partition), row["id"], row["message_offset"], seen_at, final
            )

    def parked(self) -> Iterator[Parked]:
        """What it has set aside."""
        for row in self.database.query("SELECT topic, partition, key, headers, reason FROM parked ORDER BY id"):
            head = row["headers"] if isinstance(row["headers"], dict) else json.loads(row["headers"])
            yield Parked(
                self.service, short_name(row["topic"]), row["partition"], bytes(row["key"]).decode(errors="replace"),
                str(head.get("src", "")), int(head.get("era") or 0), int(head.get("id") or 0), row["reason"],
            )  # fmt: skip

    def effects(self) -> Iterator[EffectRow]:
        """Its queue of outside work; nothing for a service that has none."""
        there = self.database.one("SELECT to_regclass('effects') AS there")
        if there is None or there["there"] is None:
            return
        for row in self.database.query(
            "SELECT kind, id, status, attempt, fence, extract(epoch FROM due_at) AS due, "
            "extract(epoch FROM created_at) AS created, last_error FROM effects"
        ):
            yield EffectRow(
                self.service, row["kind"], row["id"], row["status"], row["attempt"], row["fence"], float(row["due"]),
                float(row["created"]), (row["last_error"] or "")[:_LONGEST],
            )  # fmt: skip

    def audit(self) -> Iterator[AuditRecord]:
        """The audit log, of the one service that keeps it."""
        if self.service != CONTROL_PLANE:
            return
        for row in self.database.query(
            "SELECT position, actor, action, outcome, request_id, detail, prev_hash, hash FROM audit ORDER BY position"
        ):
            yield AuditRecord(**row)


def stores(settings: LocalSettings) -> list[Store]:
    """All six."""
    return [Store(settings, service) for service in SERVICES]


def plain(event: Any) -> Mapping[str, Any]:
    """The single values of an event, also those one and two levels down; of two with one name the outer one."""
    found: dict[str, Any] = {}
    level = [vars(event)]
    for _ in range(3):
        below: list[Mapping[str, Any]] = []
        for values in level:
            for name, value in values.items():
                if dataclasses.is_dataclass(value) and not isinstance(value, type):
                    below.append({f.name: getattr(value, f.name) for f in dataclasses.fields(value)})
                elif (single := _single(value)) is not None:
                    found.setdefault(name, single)
        level = below
    return found


def _single(value: Any) -> str | int | float | bool | None:
    match value:
        case Enum():
            return str(value.value)
        case bool() | int() | float():
            return value
        case UUID() | datetime():
            return str(value)
        case str() if len(value) <= _LONGEST:
            return value
    return None
