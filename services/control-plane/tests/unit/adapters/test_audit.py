"""A chain that shows every change."""

import psycopg
import pytest
from deployforge_chassis.testing import attack
from deployforge_control_plane.adapters.audit import AuditTable
from deployforge_control_plane.application.views import AuditRecord, Scope
from deployforge_control_plane.domain.refusals import BadCursor

from ...conftest import System


@pytest.fixture
def log(system: System) -> AuditTable:
    for number in range(5):
        namespace = "front" if number % 2 else "back"
        system.app.note(AuditRecord(f"p{number}", "Deployments.Submit", "allowed", namespace, "shop", detail="ü\0'%s"))
    return AuditTable(system.database)


def test_an_untouched_chain_is_whole(log: AuditTable) -> None:
    assert log.verify() is None


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
def test_records_cannot_be_changed_or_deleted(
    log: AuditTable, system: System, embedded_postgres: str, statement: str
) -> None:
    with pytest.raises(Exception, match="permission denied"):
        system.database.query(statement)
    with psycopg.connect(embedded_postgres) as owner, pytest.raises(psycopg.Error, match="append-only"):
        owner.execute(statement.encode())


@pytest.mark.parametrize(
    ("statement", "position", "reason"),
    [
        ("UPDATE audit SET record = replace(record, 'p2', 'px') WHERE position = 3", 3, "hash"),
        ("UPDATE audit SET actor = 'px' WHERE position = 3", 3, "columns"),
        ("DELETE FROM audit WHERE position = 2", 2, "missing"),
        ("UPDATE audit SET hash = repeat('0', 64) WHERE position = 4", 4, "hash"),
        ("UPDATE audit SET position = position + 10 WHERE position = 2", 2, "missing"),
    ],
)
def test_whoever_gets_past_that_is_found(
    log: AuditTable, embedded_postgres: str, statement: str, position: int, reason: str
) -> None:
    attack(embedded_postgres, statement)
    broken = log.verify()
    assert broken is not None
    assert (broken.position, reason in broken.reason) == (position, True)


def test_records_are_listed_newest_first_page_by_page(log: AuditTable) -> None:
    page = log.page(Scope(), "", 3, "")
    assert [row.actor for row in page.rows] == ["p4", "p3", "p2"]
    rest = log.page(Scope(), "", 3, page.next_cursor)
    assert ([row.actor for row in rest.rows], rest.next_cursor) == (["p1", "p0"], "")
    assert [row.actor for row in log.page(Scope(namespaces=("front",)), "", 9, "").rows] == ["p3", "p1"]
    assert [row.position for row in log.page(Scope(), "p1", 9, "").rows] == [2]
    with pytest.raises(BadCursor):
        log.page(Scope(), "", 3, "nonsense")
