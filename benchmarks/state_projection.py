"""The state manager's read models: how long a page of a large inventory takes, and how long a rebuild from the log.

Both generate their data, in a PostgreSQL of their own. `measure_inventory` counts one page of 100 rows as one unit of
work; its lower bound, in the same run, is the index scan of that page alone by plain psycopg. `measure_rebuild` counts
one stored event; its lower bound is reading the log and opening each event, without making a row of it.
"""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any
from uuid import UUID, uuid5

import psycopg
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from deployforge_state_manager.adapters.inventory import PostgresInventoryReader
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.rebuilding import Rebuild
from deployforge_state_manager.adapters.sightings import PostgresSightings
from deployforge_state_manager.adapters.staging import PostgresStaging
from deployforge_state_manager.application.ports import Filters
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.domain.deployment import Deployment, Verified
from deployforge_state_manager.domain.resource import At, Resource, ResourceState, Watching
from eventsourcing.persistence import StoredEvent
from support import databases

NAMESPACE = UUID(int=7)
START = datetime(2026, 1, 1, tzinfo=UTC)
RESOURCES_EACH = 20


@contextmanager
def _state_manager() -> Iterator[tuple[Database, Sealer]]:
    with databases("state", fsync=True) as (directory, (url,)):
        KeyFile.create(directory / "key")
        database = Database(url, pool_size=2)
        try:
            yield database, Sealer(database, KeyFile(directory / "key"), service="state-manager")
        finally:
            database.close()


def _verified(number: int, version: int) -> Verified:
    return Verified(
        namespace=f"ns{number % 50}", name=f"app{number}", request_id="r", execution_id=f"{number}-{version}", plan_id="p",
        plan_digest="sha256:ab", action="APPLY", author="alice", approvers=("bob",), manifest_digest="sha256:cd",
        desired_changed=True, units=(), healing_json="{}", healing_policy_digest="sha256:ef", drift_json="{}",
        policies_json="[]", outputs_json="{}", effective_at=START + timedelta(minutes=version),
    )  # fmt: skip


def _state(number: int, resource: int, version: int) -> ResourceState:
    name = f"queue{resource}"
    return ResourceState(
        urn=f"urn:df:ns{number % 50}:app{number}:{name}", resource=name, type=("Queue", "Topic", "Table")[resource % 3],
        native_type="AWS::SQS::Queue", provider="aws", provider_type="aws", account="123456789012",
        location=("eu-west-1", "us-east-1")[number % 2], credential_ref="aws", unit_id="aws/0.0",
        unit_name=f"df-{number}", physical_id=f"https://sqs/{number}/{name}",
        desired_json=f'{{"delay":{version},"tags":{{"env":"staging"}},"visibilityTimeout":30}}',
        actual_json=f'{{"delay":{version},"visibilityTimeout":30}}', attributes_json='{"arn":"arn:aws:sqs:x"}',
        spec_json='{"type":"Queue"}', depends_on=(), create_only_paths=("fifo", "name"), set_paths=(),
        criticality="normal", protect=False, retain_on_delete=False, generation=version,
    )  # fmt: skip


def _log(app: StateManager, events: int) -> int:
    """Deployments of 20 resources, three versions each, some drift; how many events that became."""
    number = written = 0
    while written < events:
        aggregates: list[Any] = []
        for _ in range(25):
            id = uuid5(NAMESPACE, str(number))
            deployment = Deployment(id)
            resources = [
                Resource(id, f"ns{number % 50}", f"app{number}", _state(number, r, 1).urn, "shard")
                for r in range(RESOURCES_EACH)
            ]
            for version in (1, 2, 3):
                at = At(version, version, START + timedelta(minutes=version))
                for r, resource in enumerate(resources):
                    resource.record(_state(number, r, version), Watching(), at)
                deployment.record(_verified(number, version), {x.urn: "d" for x in resources}, 0)
            resources[0].note_drift("drifted", START + timedelta(minutes=9))
            aggregates += [deployment, *resources]
            number += 1
        written += sum(len(a.pending_events) for a in aggregates)
        app.save(*aggregates)
    return written


_FILL = """
INSERT INTO inventory (urn, deployment_id, namespace, name, type, native_type, provider, provider_type, account, location,
    physical_id, criticality, owner, tags, drift, version, changed_at)
SELECT 'urn:df:ns' || n %% 50 || ':app' || n / 20 || ':r' || n, CASE n %% 20 WHEN 0 THEN NULL ELSE gen_random_uuid() END,
    CASE n %% 20 WHEN 0 THEN '' ELSE 'ns' || n %% 50 END, 'app' || n / 20, (ARRAY['Queue', 'Topic', 'Table', 'Network',
    'ObjectStore', 'Role'])[1 + n %% 6], 'AWS::X', (ARRAY['aws', 'azure', 'gcp'])[1 + n %% 3], 'aws', '123456789012',
    (ARRAY['eu-west-1', 'us-east-1', 'westeurope', 'asia-east1'])[1 + n %% 4], 'arn:aws:x:' || n,
    CASE n %% 25 WHEN 3 THEN 'high' ELSE 'normal' END, '', ARRAY['env=' || n %% 7, 'team=t' || n %% 5000],
    CASE n %% 100 WHEN 1 THEN 'drifted' WHEN 2 THEN 'missing' WHEN 3 THEN '' ELSE 'in-sync' END, 1,
    to_timestamp(1790000000 + n::bigint * 7919 %% 1000000)
FROM generate_series(1, %s) AS n
"""
_TAGS = "INSERT INTO inventory_tags SELECT unnest(ARRAY[t, split_part(t, '=', 1)]), urn FROM inventory, unnest(tags) t"
#: Query kind → filters, what the caller may read.
_QUERIES: dict[str, tuple[Filters, list[str] | None]] = {
    "everything": (Filters(), None),
    "namespace": (Filters(namespace="ns7"), None),
    "deployment": (Filters(namespace="ns7", name="app350"), None),
    "namespaces": (Filters(), ["ns7", "ns8", "ns9"]),
    "type": (Filters(type="Table"), None),
    "drifted": (Filters(drift="drifted"), None),
    "unmanaged": (Filters(state="unmanaged"), None),
    "missing, critical": (Filters(state="missing", criticality="high"), None),
    "type, location, namespace": (Filters(type="Queue", location="eu-west-1", namespace="ns7"), ["ns7"]),
    "tag": (Filters(tag="team=t77"), None),
    "common tag": (Filters(tag="env=3"), None),
    "nothing fits": (Filters(type="Table", provider="aws", location="nowhere"), None),
    "rare in combination": (Filters(provider="azure", drift="in-sync", criticality="high", tag="env=3"), None),
}


def measure_inventory(resources: int = 1_000_000, pages: int = 200) -> dict[str, Any]:
    """Milliseconds of a page, for every kind of query and sorting, and of its lower bound."""
    figures: dict[str, Any] = {}
    with _state_manager() as (database, sealer):
        PostgresProjection(database, sealer)
        database.migrate([_FILL % resources, _TAGS])
        # Not in a transaction.
        with database.own_connection() as connection:
            connection.execute("VACUUM ANALYZE")
            # What the filling has left to be written is not the reader's.
            connection.execute("CHECKPOINT")
            reader = PostgresInventoryReader(database)
            for (kind, (filters, reach)), sort in product(_QUERIES.items(), ("urn", "changed", "type")):
                figures[f"{kind} by {sort}"] = _pages(partial(_page, reader, filters, reach, sort), pages)
            figures["counts"] = _timed([partial(reader.count, Filters(), None)] * pages)
            bound = _timed([partial(_scan, connection, number) for number in range(200)])
    worst = max(figures, key=lambda kind: figures[kind]["p99"])
    return {
        "inventory_resources": resources,
        "inventory_page_p50_ms": round(statistics.median(f["p50"] for f in figures.values()), 2),
        "inventory_page_p99_ms": figures[worst]["p99"],
        "inventory_worst": worst,
        "inventory_bound_p50_ms": bound["p50"],
        "inventory_ratio": round(figures["everything by urn"]["p50"] / bound["p50"], 2),
        "inventory_kinds": figures,
    }


def _page(
    reader: PostgresInventoryReader, filters: Filters, reach: Sequence[str] | None, sort: str, cursor: str
) -> tuple[Any, str]:
    return reader.page(filters, reach, 100, cursor, sort)


def _pages(page: Callable[[str], tuple[Any, str]], count: int) -> dict[str, float]:
    """Page after page, from the start again where there are no more."""
    cursor = ""

    def next_page() -> None:
        nonlocal cursor
        cursor = page(cursor)[1]

    next_page()
    return _timed([next_page] * count)


def _timed(calls: Sequence[Callable[[], Any]]) -> dict[str, float]:
    took = []
    for call in calls:
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1e3)
    took.sort()
    return {"p50": round(statistics.median(took), 2), "p99": round(took[min(len(took) - 1, int(len(took) * 0.99))], 2)}


def _scan(connection: psycopg.Connection[Any], number: int) -> None:
    after = f"urn:df:ns{number % 50}:"
    connection.execute("SELECT * FROM inventory WHERE urn > %s ORDER BY urn LIMIT 101", (after,)).fetchall()


def measure_rebuild(events: int = 1_000_000) -> dict[str, float]:
    """Seconds and events a second of a rebuild, and of its lower bound."""
    with _state_manager() as (database, sealer):
        app = StateManager(
            database, sealer, PostgresStaging(database, sealer), PostgresSightings(database),
            PostgresProjection(database, sealer),
        )  # fmt: skip
        written = _log(app, events)
        began = time.perf_counter()
        _opened(app)
        bound = time.perf_counter() - began
        began = time.perf_counter()
        done = Rebuild(database, sealer).run(app)
        seconds = time.perf_counter() - began
    assert done == written, (done, written)
    return {
        "rebuild_events": written,
        "rebuild_seconds": round(seconds, 1),
        "rebuild_seconds_per_million": round(seconds / written * 1e6, 1),
        "rebuild_events_per_second": round(written / seconds),
        "rebuild_bound_events_per_second": round(written / bound),
        "rebuild_ratio": round(bound / seconds, 2),
    }


def _opened(app: StateManager) -> None:
    position = 0
    while page := app.recorder.select_notifications(position, 5_000, inclusive_of_start=False):
        position = page[-1].id
        for n in page:
            app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
