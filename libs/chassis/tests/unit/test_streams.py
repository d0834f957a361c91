"""Whatever somebody with the whole database in hand does to a stream, it is noticed when the stream is loaded."""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import Effects
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.streams import DamagedStream
from deployforge_chassis.testing import attack
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import event
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st


class Ledger(Aggregate):
    @event("Opened")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id
        self.entries: list[str] = []

    @event("Entered")
    def enter(self, text: str) -> None:
        self.entries.append(text)


@pytest.fixture
def start(fresh_database: Database, sealer: Sealer) -> Callable[[], EventSourcedApplication]:
    """Each call is another process on the same database."""
    return lambda: EventSourcedApplication(fresh_database, sealer, name="test")


@pytest.fixture
def app(start: Callable[[], EventSourcedApplication]) -> EventSourcedApplication:
    return start()


def _ledger(app: EventSourcedApplication, entries: int = 4, owner: UUID | None = None) -> Ledger:
    ledger = Ledger(owner or uuid4())
    for n in range(entries):
        ledger.enter(f"entry {n}")
    app.save(ledger)
    return ledger


def _copy(app: EventSourcedApplication, table: str, id: UUID) -> Callable[[str], None]:
    """What a table holds of a stream now; calling the result puts it back."""
    rows = app.database.query(f"SELECT * FROM {table} WHERE originator_id = %s", (id,))

    def put_back(url: str) -> None:
        statements = [f"DELETE FROM {table} WHERE originator_id = '{id}'"]
        for row in rows:
            values = ", ".join(f"'\\x{v.hex()}'" if isinstance(v, bytes) else f"'{v}'" for v in row.values())
            statements.append(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")
        attack(url, *statements)

    return put_back


#: What is done to stream :one (versions 1 to 5; :other is like it and has the same owner), and the version it shows at.
MUTATIONS = {
    "a bit flipped": ("UPDATE events SET state = set_bit(state, 400, 1 - get_bit(state, 400)) WHERE {one} = 3", 3),
    "the last bit flipped": (
        "UPDATE events SET state = set_byte(state, length(state) - 1, 255 - get_byte(state, length(state) - 1)) "
        "WHERE {one} = 5",
        5,
    ),
    "another owner named": ("UPDATE events SET state = set_byte(state, 3, 255 - get_byte(state, 3)) WHERE {one} = 3", 3),
    "cut off": ("UPDATE events SET state = substr(state, 1, 20) WHERE {one} = 2", 2),
    "emptied": ("UPDATE events SET state = NULL WHERE {one} = 2", 2),
    "given another topic": ("UPDATE events SET topic = (SELECT topic FROM events WHERE {one} = 1) WHERE {one} = 3", 3),
    "given no topic": ("UPDATE events SET topic = NULL WHERE {one} = 3", 3),
    "two swapped": (
        "UPDATE events a SET state = b.state FROM events b WHERE a.originator_id = :one AND b.originator_id = :one "
        "AND (a.originator_version, b.originator_version) IN ((2, 4), (4, 2))",
        2,
    ),
    "copied from another stream": (
        "UPDATE events SET state = (SELECT state FROM events WHERE {other} = 3) WHERE {one} = 3", 3,
    ),
    "copied behind the end": (
        "INSERT INTO events (originator_id, originator_version, topic, state) "
        "SELECT originator_id, 6, topic, state FROM events WHERE {one} = 5",
        6,
    ),
    "one taken away in the middle": ("DELETE FROM events WHERE {one} = 3", 3),
    "the first taken away": ("DELETE FROM events WHERE {one} = 1", 1),
    "the last taken away": ("DELETE FROM events WHERE {one} = 5", 5),
    "the last two taken away": ("DELETE FROM events WHERE {one} IN (4, 5)", 4),
    "all taken away": ("DELETE FROM events WHERE originator_id = :one", 1),
    "the middle closed up": (
        "DELETE FROM events WHERE {one} = 3; UPDATE events SET originator_version = originator_version - 1 "
        "WHERE {one} IN (4, 5)",
        3,
    ),
    "the end renumbered": ("UPDATE events SET originator_version = 6 WHERE {one} = 5", 5),
    "moved to another stream": (
        "DELETE FROM events WHERE originator_id = :other; UPDATE events SET originator_id = :other "
        "WHERE originator_id = :one; UPDATE events SET originator_id = :one WHERE originator_id = :other",
        None,
    ),
    "its head taken away": ("DELETE FROM stream_heads WHERE originator_id = :one", 5),
    "its head set back": ("UPDATE stream_heads SET version = 3 WHERE originator_id = :one", 4),
    "its head set forward": ("UPDATE stream_heads SET version = 9 WHERE originator_id = :one", 6),
    "its head flipped": (
        "UPDATE stream_heads SET sealed = set_byte(sealed, 60, 255 - get_byte(sealed, 60)) WHERE originator_id = :one",
        5,
    ),
    "another's head": (
        "UPDATE stream_heads SET sealed = (SELECT sealed FROM stream_heads WHERE originator_id = :other) "
        "WHERE originator_id = :one",
        5,
    ),
    "the end and its head's number taken away": (
        "DELETE FROM events WHERE {one} = 5; UPDATE stream_heads SET version = 4 WHERE originator_id = :one", 4,
    ),
}  # fmt: skip


def _sql(statement: str, one: Ledger, other: Ledger) -> str:
    placed = statement.replace("{one}", "originator_id = :one AND originator_version")
    placed = placed.replace("{other}", "originator_id = :other AND originator_version")
    return placed.replace(":one", f"'{one.id}'").replace(":other", f"'{other.id}'")


def test_many_are_loaded_at_once_each_on_its_tip(app: EventSourcedApplication) -> None:
    ledgers = [_ledger(app, entries) for entries in (0, 1, 150)] + [_ledger(app) for _ in range(120)]
    found = app.aggregates.get_all([one.id for one in ledgers] + [uuid4()])
    assert {id: one.entries for id, one in found.items()} == {one.id: one.entries for one in ledgers}
    for one in found.values():
        one.enter("more")
    app.save(*found.values())
    assert app.repository.get(ledgers[2].id).entries[-1] == "more"


@pytest.mark.parametrize("mutation", [name for name, (_, version) in MUTATIONS.items() if version])
@pytest.mark.parametrize("process", ["the same", "another"])
def test_what_was_done_to_a_stream_is_noticed_and_named(
    app: EventSourcedApplication,
    start: Callable[[], EventSourcedApplication],
    database_url: str,
    mutation: str,
    process: str,
) -> None:
    one = _ledger(app)
    other = _ledger(app, owner=one.deployment_id)
    statement, version = MUTATIONS[mutation]
    attack(database_url, *_sql(statement, one, other).split("; "))
    loader = app if process == "the same" else start()
    with pytest.raises(DamagedStream, match=f"stream {one.id} is damaged at version {version}: ") as damaged:
        loader.repository.get(one.id)
    assert (damaged.value.originator_id, damaged.value.version) == (one.id, version)
    assert loader.repository.get(other.id).entries == other.entries


def test_a_stream_that_was_carried_away_and_back_is_unharmed(app: EventSourcedApplication, database_url: str) -> None:
    one = _ledger(app)
    other = _ledger(app, owner=one.deployment_id)
    statement, _ = MUTATIONS["moved to another stream"]
    attack(database_url, *_sql(statement, one, other).split("; "))
    assert app.repository.get(one.id).entries == one.entries
    with pytest.raises(DamagedStream, match=str(other.id)):
        app.repository.get(other.id)


@pytest.mark.parametrize(
    ("more", "where"),
    [(("and then",), "at version 4: it does not follow"), ((), "at version 3: the event is not the one")],
)
def test_an_older_event_put_back_as_new_is_refused(
    app: EventSourcedApplication, database_url: str, more: tuple[str, ...], where: str
) -> None:
    """Both were stored once, at that place, under that key: only the chain tells which one is the last."""
    ledger = _ledger(app, 1)
    heads, events = _copy(app, "stream_heads", ledger.id), _copy(app, "events", ledger.id)
    ledger.enter("what happened first")
    app.save(ledger)
    [*_, first] = app.recorder.select_events(ledger.id)
    events(database_url)
    heads(database_url)
    restored: Any = EventSourcedApplication(app.database, app.sealer, name="restored")
    again: Any = restored.repository.get(ledger.id)
    for text in ("what happened instead", *more):
        again.enter(text)
    restored.save(again)
    attack(
        database_url,
        f"UPDATE events SET state = '\\x{first.state.hex()}' WHERE originator_id = '{ledger.id}' AND originator_version = 3",
    )
    assert restored.sealed.to_domain_event(restored.recorder.select_events(ledger.id)[2]).text == "what happened first"
    with pytest.raises(DamagedStream, match=where):
        restored.repository.get(ledger.id)


def test_a_former_end_put_back_behind_the_head_is_refused(app: EventSourcedApplication, database_url: str) -> None:
    ledger = _ledger(app, 1)
    heads, events = _copy(app, "stream_heads", ledger.id), _copy(app, "events", ledger.id)
    ledger.enter("not any more")
    app.save(ledger)
    later = _copy(app, "events", ledger.id)
    events(database_url)
    heads(database_url)
    restored = EventSourcedApplication(app.database, app.sealer, name="restored")
    assert restored.repository.get(ledger.id).entries == ["entry 0"]
    later(database_url)
    with pytest.raises(DamagedStream, match="at version 3: events were put back"):
        restored.repository.get(ledger.id)


def test_a_whole_old_stream_put_back_is_noticed(app: EventSourcedApplication, database_url: str) -> None:
    ledger = _ledger(app)
    old = _copy(app, "events", ledger.id)
    ledger.enter("later")
    app.save(ledger)
    old(database_url)
    with pytest.raises(DamagedStream, match="at version 6: events are missing up to version 6"):
        EventSourcedApplication(app.database, app.sealer, name="another").repository.get(ledger.id)


def test_even_with_its_head_by_whoever_has_seen_it(app: EventSourcedApplication, database_url: str) -> None:
    ledger = _ledger(app)
    old, old_head = _copy(app, "events", ledger.id), _copy(app, "stream_heads", ledger.id)
    ledger.enter("later")
    app.save(ledger)
    old(database_url)
    old_head(database_url)
    with pytest.raises(DamagedStream, match="version 6 was here already"):
        app.repository.get(ledger.id)
    attack(database_url, "DELETE FROM events", "DELETE FROM stream_heads")
    with pytest.raises(DamagedStream, match="version 6 was here already"):
        app.repository.get(ledger.id)


def test_nothing_is_added_to_a_stream_that_was_shortened_meanwhile(app: EventSourcedApplication, database_url: str) -> None:
    ledger = _ledger(app)
    loaded: Any = app.repository.get(ledger.id)
    attack(database_url, f"DELETE FROM stream_heads WHERE originator_id = '{ledger.id}'")
    loaded.enter("on nothing")
    with pytest.raises(VersionConflict):
        app.save(loaded)
    with pytest.raises(DamagedStream):
        app.repository.get(ledger.id)


def test_an_aggregate_whose_save_failed_leaves_no_hole(app: EventSourcedApplication) -> None:
    ledger = _ledger(app)
    stale: Any = app.repository.get(ledger.id)
    ledger.enter("mine")
    app.save(ledger)
    stale.enter("lost")
    with pytest.raises(VersionConflict):
        app.save(stale)
    stale.enter("behind what was lost")
    with pytest.raises(VersionConflict):
        app.save(stale)
    assert app.repository.get(ledger.id).entries[-1] == "mine"


def test_streams_grow_save_by_save_and_load_at_any_version(app: EventSourcedApplication) -> None:
    ledger = _ledger(app, 0)
    for n in range(3):
        ledger.enter(f"a{n}")
        ledger.enter(f"b{n}")
        other: Any = _ledger(app, 1)
        app.commit(Effects((ledger, other)))
        found: Any = app.repository.get(ledger.id)
        found.enter(f"c{n}")
        app.save(found)
        ledger = app.repository.get(ledger.id)
    assert ledger.entries == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]
    assert app.repository.get(ledger.id, version=3).entries == ["a0", "b0"]
    assert app.database.one("SELECT count(*) AS n FROM stream_heads") == {"n": 4}
    with pytest.raises(AggregateNotFoundError):
        app.repository.get(uuid4())


_ROW = st.tuples(st.sampled_from(["one", "other"]), st.integers(1, 5))
_STEP = st.one_of(
    st.tuples(st.just("delete"), _ROW, _ROW),
    st.tuples(st.just("state"), _ROW, _ROW),
    st.tuples(st.just("row"), _ROW, _ROW),
    st.tuples(st.just("head"), _ROW, _ROW),
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, min_size=1, max_size=4))
def test_a_stream_loads_as_it_was_saved_or_not_at_all(
    app: EventSourcedApplication, database_url: str, steps: list[tuple[str, tuple[str, int], tuple[str, int]]]
) -> None:
    one = _ledger(app)
    streams = {"one": one, "other": _ledger(app, owner=one.deployment_id)}
    for step, (a, av), (b, bv) in steps:
        here = f"originator_id = '{streams[a].id}' AND originator_version = {av}"
        there = f"originator_id = '{streams[b].id}' AND originator_version = {bv}"
        attack(
            database_url,
            {
                "delete": f"DELETE FROM events WHERE {here}",
                "state": f"UPDATE events SET state = (SELECT state FROM events WHERE {there}) WHERE {here}",
                "row": f"INSERT INTO events (originator_id, originator_version, topic, state) SELECT '{streams[a].id}', "
                f"{av}, topic, state FROM events WHERE {there} ON CONFLICT DO NOTHING",
                "head": f"UPDATE stream_heads SET version = {bv}, sealed = (SELECT sealed FROM stream_heads WHERE "
                f"originator_id = '{streams[b].id}') WHERE originator_id = '{streams[a].id}'",
            }[step],
        )
    for ledger in streams.values():
        assert _as_saved_or_named(app, ledger)


def _as_saved_or_named(app: EventSourcedApplication, ledger: Ledger) -> bool:
    try:
        found: Any = app.repository.get(ledger.id)
    except DamagedStream as damaged:
        return str(ledger.id) in str(damaged)
    return (found.entries, found.version) == (ledger.entries, ledger.version)
