"""What the role of a running service may and may not do to the event store, and what nobody may."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from deployforge_chassis import append_only
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import attack, runtime_url
from eventsourcing.domain import event
from psycopg.conninfo import conninfo_to_dict, make_conninfo

REFUSED = [
    "UPDATE events SET state = state",
    "UPDATE events SET originator_version = originator_version + 1",
    "DELETE FROM events",
    "TRUNCATE events",
]
OWNERS_ALONE = [
    "ALTER TABLE events DISABLE TRIGGER ALL",
    "ALTER TABLE events DISABLE TRIGGER events_no_change",
    "ALTER TABLE events ADD COLUMN more int",
    "ALTER TABLE events OWNER TO current_user",
    "ALTER TABLE events RENAME TO others",
    "DROP TRIGGER events_no_change ON events",
    "CREATE TRIGGER a BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION append_only_guard()",
    "CREATE RULE r AS ON INSERT TO events DO INSTEAD NOTHING",
    "DROP TABLE events",
    "DROP FUNCTION append_only_guard() CASCADE",
    "CREATE OR REPLACE FUNCTION append_only_guard() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "SET session_replication_role = replica",
    "CREATE TABLE other (n int)",
]


class Note(Aggregate):
    @event("Written")
    def __init__(self, deployment_id: UUID, text: str) -> None:
        self.deployment_id = deployment_id
        self.text = text


@pytest.fixture
def app(fresh_database: Database, sealer: Sealer) -> EventSourcedApplication:
    return EventSourcedApplication(fresh_database, sealer, name="test")


@pytest.fixture
def note(app: EventSourcedApplication) -> Note:
    note = Note(uuid4(), "as it was")
    app.save(note)
    return note


def _rows(app: EventSourcedApplication) -> list[dict[str, Any]]:
    return app.database.query("SELECT * FROM events")


@pytest.mark.parametrize("statement", [*REFUSED, *OWNERS_ALONE])
def test_the_runtime_role_cannot_rewrite_the_past(app: EventSourcedApplication, note: Note, statement: str) -> None:
    before = _rows(app)
    # As somebody would who has found the door's mark.
    with app.database.own_connection() as connection:
        connection.execute("SET deployforge.door = 'events.state'")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(statement.encode())
    assert _rows(app) == before


@pytest.mark.parametrize("statement", REFUSED)
def test_nor_can_the_owner_by_mistake(app: EventSourcedApplication, note: Note, database_url: str, statement: str) -> None:
    before = _rows(app)
    with psycopg.connect(database_url) as connection, pytest.raises(psycopg.Error, match="append-only"):
        connection.execute(statement.encode())
    assert _rows(app) == before


def test_one_role_for_everything_is_held_by_the_trigger(new_database: Callable[[], str], sealer: Sealer) -> None:
    database = Database(new_database(), pool_size=1)
    app = EventSourcedApplication(database, sealer, name="test")
    app.save(Note(uuid4(), "x"))
    for statement in REFUSED:
        with pytest.raises(Exception, match="append-only"):
            database.query(statement)
    assert len(_rows(app)) == 1
    database.close()


def test_other_tables_take_every_change_of_rows(app: EventSourcedApplication) -> None:
    app.database.migrate(["CREATE TABLE rows (id bigserial PRIMARY KEY, n int)"])
    app.database.query("INSERT INTO rows (n) VALUES (1), (2)")
    app.database.query("UPDATE rows SET n = 3 WHERE n = 2")
    app.database.query("DELETE FROM rows WHERE n = 1")
    assert app.database.query("SELECT id, n FROM rows") == [{"id": 2, "n": 3}]


def test_what_an_older_migration_granted_too_much_is_taken_back(
    app: EventSourcedApplication, note: Note, database_url: str
) -> None:
    attack(database_url, "GRANT ALL ON events TO test_runtime", "ALTER TABLE events DISABLE TRIGGER USER")
    attack(database_url, "ALTER TABLE events ENABLE TRIGGER USER")
    app.database.migrate([])
    with pytest.raises(Exception, match="permission denied"):
        app.database.query("DELETE FROM events")
    app.save(Note(uuid4(), "still"))


def test_the_door_replaces_one_ciphertext_by_compare_and_set(app: EventSourcedApplication, note: Note) -> None:
    other = Note(uuid4(), "other")
    app.save(other)
    [stored] = app.recorder.select_events(note.id)
    again = app.sealed.to_stored_event(app.sealed.to_domain_event(stored))
    door = (note.id, 1, stored.state, again.state)
    assert app.database.one(append_only.RESEAL, door) == {"done": True}
    assert app.database.one(append_only.RESEAL, door) == {"done": False}
    [now], [untouched] = app.recorder.select_events(note.id), app.recorder.select_events(other.id)
    assert now.state == again.state != stored.state
    assert app.sealed.to_domain_event(untouched).text == "other"
    found: Any = app.repository.get(note.id)
    assert found.text == "as it was"


def test_the_door_closes_behind_whoever_went_through(app: EventSourcedApplication, note: Note, database_url: str) -> None:
    [stored] = app.recorder.select_events(note.id)
    with psycopg.connect(database_url) as connection:
        connection.execute(append_only.RESEAL.encode(), (note.id, 1, stored.state, stored.state))
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("UPDATE events SET state = state")


def test_nobody_else_has_the_key_to_the_door(app: EventSourcedApplication, note: Note, database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE ROLE stranger")
        connection.execute("GRANT USAGE ON SCHEMA public TO stranger")
        connection.execute("SET ROLE stranger")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="reseal_event"):
            connection.execute(append_only.RESEAL.encode(), (note.id, 1, b"", b""))
        connection.rollback()


def test_even_the_owner_going_through_changes_nothing_but_the_ciphertext(
    app: EventSourcedApplication, note: Note, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("SET deployforge.door = 'events.state'")
        with pytest.raises(psycopg.Error, match="append-only"):
            connection.execute("UPDATE events SET originator_version = 9")


def test_an_owner_who_is_no_superuser_makes_everything(database_url: str, tmp_path: Path) -> None:
    """As in every real installation."""
    name = str(conninfo_to_dict(database_url)["dbname"])
    with psycopg.connect(database_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = 'test_plain_owner'").fetchone():
            connection.execute("CREATE ROLE test_plain_owner LOGIN")
        connection.execute(f'GRANT CREATE, CONNECT ON DATABASE "{name}" TO test_plain_owner'.encode())
        connection.execute("ALTER SCHEMA public OWNER TO test_plain_owner")
    owner_url = make_conninfo(database_url, user="test_plain_owner")
    database = Database(runtime_url(database_url), owner_url=owner_url, pool_size=1)
    database.migrate(Sealer.SCHEMA)
    KeyFile.create(tmp_path / "owner.key")
    app = EventSourcedApplication(database, Sealer(database, KeyFile(tmp_path / "owner.key"), service="test"), name="test")
    note = Note(uuid4(), "x")
    app.save(note)
    [stored] = app.recorder.select_events(note.id)
    again = app.sealed.to_stored_event(app.sealed.to_domain_event(stored))
    assert app.database.one(append_only.RESEAL, (note.id, 1, stored.state, again.state)) == {"done": True}
    with pytest.raises(Exception, match="permission denied"):
        app.database.query("UPDATE events SET state = state")
    database.close()
