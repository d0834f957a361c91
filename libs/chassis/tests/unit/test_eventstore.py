import threading
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.database import Database
from deployforge_chassis.eventstore import Aggregate, Duplicate, EventSourcedApplication, Gap, VersionConflict
from deployforge_chassis.facts import Effects, Move
from deployforge_chassis.sealing import Sealer, Tampered
from deployforge_chassis.testing import attack
from eventsourcing.application import AggregateNotFoundError
from eventsourcing.domain import event


class Colour(Enum):
    RED = "red"


@dataclass(frozen=True)
class Part:
    name: str
    sizes: tuple[int, ...]


class Thing(Aggregate):
    @event("Made")
    def __init__(self, deployment_id: UUID, n: int, parts: list[Part], due: datetime | None = None) -> None:
        self.deployment_id = deployment_id
        self.n = n
        self.parts = parts
        self.due = due
        self.colour: Colour | None = None

    @event("Bumped")
    def bump(self, by: int) -> None:
        self.n += by

    @event("Painted")
    def paint(self, colour: Colour) -> None:
        self.colour = colour


@pytest.fixture
def app(fresh_database: Database, sealer: Sealer) -> EventSourcedApplication:
    return EventSourcedApplication(fresh_database, sealer, name="test")


def _thing(n: int = 1) -> Thing:
    return Thing(uuid4(), n, [Part("a", (1, 2))])


def _position(app: EventSourcedApplication, name: str) -> int:
    row = app.database.one("SELECT id FROM positions WHERE name = %s", (name,))
    return row["id"] if row else 0


def _events(app: EventSourcedApplication) -> int:
    return app.database.query("SELECT count(*) AS n FROM events")[0]["n"]


def test_an_aggregate_comes_back_with_its_types(app: EventSourcedApplication) -> None:
    thing = _thing()
    thing.bump(2)
    thing.paint(Colour.RED)
    app.save(thing)
    found: Any = app.repository.get(thing.id)
    assert (found.n, found.parts, found.colour, found.deployment_id) == (
        3,
        [Part("a", (1, 2))],
        Colour.RED,
        thing.deployment_id,
    )


def test_what_is_not_there_is_not_found(app: EventSourcedApplication) -> None:
    with pytest.raises(AggregateNotFoundError):
        app.repository.get(uuid4())


def test_events_writes_and_position_are_saved_together_or_not_at_all(app: EventSourcedApplication) -> None:
    app.database.migrate(["CREATE TABLE rows (n int PRIMARY KEY)"])
    app.commit(Effects((_thing(),), (("INSERT INTO rows VALUES (%s)", (1,)),)), [Move("s#0", 0, 7)])
    assert (_position(app, "s#0"), _events(app)) == (7, 1)
    with pytest.raises(Exception, match="rows_pkey"):
        app.commit(Effects((_thing(),), (("INSERT INTO rows VALUES (%s)", (1,)),)), [Move("s#0", 7, 8)])
    assert (_position(app, "s#0"), _events(app)) == (7, 1)


def test_a_duplicate_and_a_gap_are_refused(app: EventSourcedApplication) -> None:
    app.commit(Effects(), [Move("s#0", 0, 7)])
    with pytest.raises(Duplicate):
        app.commit(Effects((_thing(),)), [Move("s#0", 0, 7)])
    with pytest.raises(Gap) as gap:
        app.commit(Effects((_thing(),)), [Move("s#0", 9, 12)])
    assert gap.value.stands_at == 7
    assert (_position(app, "s#0"), _events(app)) == (7, 0)


def test_a_version_conflict_leaves_the_position_alone(app: EventSourcedApplication) -> None:
    thing = _thing()
    app.save(thing, moves=[Move("s#0", 0, 1)])
    first: Any = app.repository.get(thing.id)
    second: Any = app.repository.get(thing.id)
    first.bump(1)
    second.bump(1)
    app.save(first)
    with pytest.raises(VersionConflict):
        app.save(second, moves=[Move("s#0", 1, 2)])
    assert _position(app, "s#0") == 1


def test_of_many_racers_one_moves_the_position(app: EventSourcedApplication) -> None:
    app.commit(Effects(), [Move("s#0", 0, 5)])
    won: list[int] = []

    def race() -> None:
        try:
            app.commit(Effects((_thing(),)), [Move("s#0", 5, 6)])
            won.append(1)
        except Duplicate:
            pass

    racers = [threading.Thread(target=race) for _ in range(8)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert (len(won), _events(app), _position(app, "s#0")) == (1, 1, 6)


def test_causality_is_stored_beside_the_event(app: EventSourcedApplication) -> None:
    cause = Causality("request", "message", "trace", "alice")
    thing = _thing()
    with causality.bound(cause):
        app.save(thing)
    [stored] = app.recorder.select_events(thing.id)
    assert app.sealed.open(stored)[1] == cause


@pytest.mark.parametrize("what", ["flip", "move", "renumber"])
def test_a_changed_moved_or_renumbered_event_is_noticed(app: EventSourcedApplication, database_url: str, what: str) -> None:
    one, other = _thing(1), _thing(2)
    one.bump(1)
    app.save(one, other)
    statement = {
        "flip": "UPDATE events SET state = set_byte(state, 60, 255 - get_byte(state, 60))",
        "move": "UPDATE events a SET state = b.state FROM events b WHERE a.originator_id <> b.originator_id "
        "AND a.originator_version = 1 AND b.originator_version = 1",
        "renumber": "UPDATE events SET originator_version = 3 - originator_version WHERE originator_version = 2",
    }[what]
    if what == "renumber":
        attack(database_url, f"DELETE FROM events WHERE originator_id = '{one.id}' AND originator_version = 1")
    attack(database_url, statement)
    with pytest.raises(Tampered, match=str(one.id)):
        app.repository.get(one.id)


def test_a_save_larger_than_a_sockets_buffer_ends(app: EventSourcedApplication) -> None:
    large = Thing(uuid4(), 1, [Part("x" * 4_000_000, ())])
    saving = threading.Thread(target=app.commit, args=(Effects((large,)),), daemon=True)
    saving.start()
    saving.join(20)
    assert not saving.is_alive()
    assert app.repository.get(large.id).parts == large.parts


def test_many_events_in_one_save_end(app: EventSourcedApplication) -> None:
    deployment = uuid4()
    things = [Thing(deployment, n, [Part("x" * 1000, ())]) for n in range(1000)]
    saving = threading.Thread(target=app.commit, args=(Effects(things),), daemon=True)
    saving.start()
    saving.join(30)
    assert not saving.is_alive()
