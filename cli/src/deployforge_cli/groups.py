"""Drifts of one cause as one line: what one person changed, or what changed alike within a minute."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from deployforge.drift_detector.v1 import drift_pb2
from deployforge_client import DeployForge
from deployforge_client.naming import Ref
from rich.markup import escape

from deployforge_cli.output import moment, named, severity, short, table

_SHOWN = 4
_DAYS = 366


@dataclass(frozen=True)
class Group:
    """Drifts of one deployment that have one cause, or a single one."""

    deployment: str
    what: str
    actor: str
    records: Sequence[drift_pb2.DriftRecord]

    def plain(self) -> dict[str, Any]:
        """For programs."""
        return {
            "deployment": self.deployment, "what": self.what, "actor": self.actor, "count": len(self.records),
            "drift_ids": [r.drift_id for r in self.records], "resources": [short(r.urn) for r in self.records],
        }  # fmt: skip


def every(client: DeployForge, deployment: Ref, *, open_only: bool) -> list[drift_pb2.DriftRecord]:
    """All records, page by page."""
    records: list[drift_pb2.DriftRecord] = []
    cursor = ""
    while True:
        page = client.drifts(deployment, open_only=open_only, size=500, cursor=cursor)
        records += page.records
        cursor = page.next_cursor
        if not cursor:
            return records


def grouped(client: DeployForge, records: Sequence[drift_pb2.DriftRecord]) -> list[Group]:
    """These by cause, the largest group first."""
    left = {record.drift_id: record for record in records}
    found: list[Group] = []
    for deployment in sorted({named(record.deployment) for record in records}):
        for one in client.noise(deployment, days=_DAYS).groups:
            of = [left.pop(id) for id in one.drift_ids if id in left]
            if of:
                found.append(Group(deployment, one.what, one.actor, of))
    alone = (Group(named(r.deployment), _what(r), r.anomaly.actor, [r]) for r in left.values())
    return sorted((*found, *alone), key=lambda group: -len(group.records))


def listed(groups: Sequence[Group]) -> None:
    """A line for each."""
    table(
        "drift by cause",
        ("deployment", "what", "by", "drifts", "worst", "resources", "first detected (UTC)"),
        _rows(groups),
        empty="none; reality is as declared",
    )


def _rows(groups: Sequence[Group]) -> Iterator[tuple[str, ...]]:
    for group in groups:
        first, worst = min(r.detected_at.ToNanoseconds() for r in group.records), max(r.severity for r in group.records)
        names = ", ".join(short(r.urn) for r in group.records[:_SHOWN])
        more = f" and {len(group.records) - _SHOWN} more" if len(group.records) > _SHOWN else ""
        at = next(r.detected_at for r in group.records if r.detected_at.ToNanoseconds() == first)
        yield (
            group.deployment, escape(group.what), escape(group.actor) or "-", str(len(group.records)), severity(worst),
            names + more, moment(at),
        )  # fmt: skip


def _what(record: drift_pb2.DriftRecord) -> str:
    return ", ".join(a.path for a in record.attributes) or record.kind
