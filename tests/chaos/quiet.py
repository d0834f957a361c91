"""When a run is over: everything has ended or waits for people, and nobody has anything left to read.

Looked up in the databases and not asked of the services, because a service that is wrong is wrong about itself too.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import psycopg
from deployforge_chassis.identity import CONTROL_PLANE, HEALER, SERVICES
from deployforge_chassis.wire import position_name
from deployforge_local import postgres
from deployforge_local.settings import LocalSettings
from psycopg.rows import dict_row

from tests.chaos.checker.vocabulary import ENDLESS, ENDLESS_AT_MOST, SUBSCRIPTIONS, TIMERS

HELD_SECONDS: Final = 15.0
"""So long it must stay quiet: longer than it takes until a scan has seen the last change."""
_LOOK_SECONDS: Final = 1.0

_ENDED: Final = (
    "SUCCEEDED", "FAILED", "ROLLED_BACK", "REJECTED", "CANCELLED", "STALE", "PLANNED", "AWAITING_APPROVAL",
)  # fmt: skip
_AT_REST: Final = ("closed", "escalated", "awaiting-approval")


def connect(settings: LocalSettings, service: str) -> "psycopg.Connection[dict[str, Any]]":
    """A service's database as the superuser, not through the links. Raises psycopg.Error."""
    url = postgres.url(settings, "postgres", service)
    return psycopg.connect(url, autocommit=True, row_factory=dict_row, connect_timeout=5)


def wait_until_quiet(
    settings: LocalSettings, deadline_seconds: float, say: Callable[[str], None]
) -> tuple[float, list[str]]:
    """When it became quiet and stayed so, and nothing; or 0 and what was not, when that takes too long."""
    deadline = time.monotonic() + deadline_seconds
    quiet_since: float | None = None
    busy: list[str] = []
    told = 0.0
    while quiet_since is not None or time.monotonic() < deadline:
        try:
            busy = list(unfinished(settings))
        except psycopg.Error as error:
            busy = [f"the database: {str(error).splitlines()[0]}"]
        if busy:
            quiet_since = None
        elif quiet_since is None:
            quiet_since = time.time()
        elif time.time() - quiet_since >= HELD_SECONDS:
            return quiet_since, []
        if busy and time.monotonic() - told > 10:
            told = time.monotonic()
            say(f"not quiet yet: {'; '.join(busy[:4])}{f' and {len(busy) - 4} more' if len(busy) > 4 else ''}")
        time.sleep(_LOOK_SECONDS)
    return 0.0, busy


def unfinished(settings: LocalSettings) -> Iterator[str]:
    """What has not ended, in words. Raises psycopg.Error."""
    published: dict[str, dict[tuple[str, int], int]] = {}
    positions: dict[str, dict[str, int]] = {}
    for service in SERVICES:
        with connect(settings, service) as connection:
            yield from _work(connection, service)
            yield from _relay(connection, service)
            rows = connection.execute("SELECT topic, partition, max(notification_id) AS id FROM published GROUP BY 1, 2")
            published[service] = {(row["topic"], row["partition"]): row["id"] for row in rows}
            stands = connection.execute("SELECT name, id FROM positions")
            positions[service] = {row["name"]: row["id"] for row in stands}
            if service == CONTROL_PLANE:
                yield from _counted(connection, "request", "requests", _ENDED)
            if service == HEALER:
                yield from _counted(connection, "incident", "incidents", _AT_REST)
    for consumer, topics in SUBSCRIPTIONS.items():
        for topic in topics:
            source = topic.partition(".")[0]
            for (name, partition), end in published[source].items():
                stands_at = positions[consumer].get(position_name(source, 1, topic, partition), 0)
                if name == topic and end - stands_at > (ENDLESS_AT_MOST if topic == ENDLESS else 0):
                    yield f"{consumer} at {stands_at} of {end} in {topic} {partition}"


def _counted(connection: Any, what: str, table: str, ended: tuple[str, ...]) -> Iterator[str]:
    sql = f"SELECT state, count(*) AS n FROM {table} WHERE state <> ALL(%s) GROUP BY state ORDER BY state"
    for row in connection.execute(sql, (list(ended),)):
        yield f"{row['n']} {what}{'s' if row['n'] > 1 else ''} {row['state']}"


def _work(connection: Any, service: str) -> Iterator[str]:
    if connection.execute("SELECT to_regclass('effects') AS there").fetchone()["there"] is None:
        return
    rows = connection.execute(
        "SELECT kind, count(*) AS n, max(attempt) AS attempt, max(last_error) AS error FROM effects "
        "WHERE status = 'waiting' AND kind <> 'scan' AND NOT (kind = ANY(%s) AND due_at > now()) GROUP BY kind",
        (sorted(TIMERS),),
    )
    for row in rows:
        error = f" ({(row['error'] or '').splitlines()[0][:120]})" if row["error"] else ""
        yield f"{service}: {row['n']} {row['kind']} waiting, attempt {row['attempt']}{error}"


def _relay(connection: Any, service: str) -> Iterator[str]:
    row = connection.execute(
        "SELECT position, (SELECT coalesce(max(notification_id), 0) FROM events) AS newest FROM relay"
    ).fetchone()
    if row is not None and row["newest"] - row["position"] > ENDLESS_AT_MOST * (service == ENDLESS.partition(".")[0]):
        yield f"{service}'s relay at {row['position']} of {row['newest']}"
