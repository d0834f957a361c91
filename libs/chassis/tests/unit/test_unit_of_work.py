"""Many commands in one transaction: each sees those before it, and all or none are saved."""

import threading
from typing import Any
from uuid import UUID

import pytest
from deployforge_chassis.database import CommitUnknown, Database
from deployforge_chassis.eventstore import Duplicate, EventSourcedApplication, Gap, VersionConflict
from deployforge_chassis.facts import Effects, Move
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.unit_of_work import UnitOfWork
from eventsourcing.application import AggregateNotFoundError

from .conftest import OWNER, Counter

_ID = Counter.create_id(OWNER, "a")
_NOTE = "INSERT INTO notes VALUES (%s)"


@pytest.fixture
def app(fresh_database: Database, sealer: Sealer) -> EventSourcedApplication:
    fresh_database.migrate(["CREATE TABLE IF NOT EXISTS notes (note text PRIMARY KEY)"])
    return EventSourcedApplication(fresh_database, sealer, name="test")


def _notes(app: EventSourcedApplication) -> list[str]:
    return [row["note"] for row in app.database.query("SELECT note FROM notes ORDER BY note")]


def _count(app: EventSourcedApplication, n: int, *notes: str) -> None:
    counter: Any = app.repository.get(_ID)
    counter.count("a", n)
    app.commit(Effects((counter,), [(_NOTE, (note,)) for note in notes]))


def _fail_in_a_unit(app: EventSourcedApplication) -> None:
    with app.unit_of_work():
        app.commit(Effects((Counter(OWNER, "a"),), [(_NOTE, ("with it",))]))
        assert _notes(app) == ["with it"]
        raise ValueError("the block fails")


def _move_in_a_unit(app: EventSourcedApplication, *moves: Move) -> None:
    with app.unit_of_work() as unit:
        app.commit(Effects((Counter(OWNER, "a"),), [(_NOTE, ("with it",))]))
        unit.moves = moves


def _save_in_a_unit(app: EventSourcedApplication, counter: Any) -> None:
    with app.unit_of_work():
        app.commit(Effects(writes=[(_NOTE, ("with it",))]))
        app.commit(Effects((counter,)))


def test_what_comes_later_sees_what_was_saved_before(app: EventSourcedApplication) -> None:
    woken: list[int] = []
    app.on_save(lambda: woken.append(1))
    with app.unit_of_work() as unit:
        app.commit(Effects((Counter(OWNER, "a"),), [(_NOTE, ("first",))]))
        _count(app, 1)
        _count(app, 2, "second")
        found: Any = app.repository.get(_ID)
        assert (found.total, _notes(app)) == (3, ["first", "second"])
        unit.moves = [Move("there", 0, 7)]
        assert woken == []
    assert woken == [1]
    saved: Any = app.repository.get(_ID)
    assert (saved.total, _notes(app)) == (3, ["first", "second"])
    assert [n.id for n in app.recorder.select_notifications(1, 10)] == [1, 2, 3]
    assert app.database.one("SELECT id FROM positions") == {"id": 7}


def test_nobody_else_sees_it_before_the_end(app: EventSourcedApplication) -> None:
    seen: list[Any] = []
    with app.unit_of_work():
        app.commit(Effects((Counter(OWNER, "a"),), [(_NOTE, ("mine",))]))
        assert _notes(app) == ["mine"]
        other = threading.Thread(target=lambda: seen.extend([_notes(app), app.recorder.max_notification_id()]))
        other.start()
        other.join(10)
    assert seen == [[], None]
    assert _notes(app) == ["mine"]


def test_when_the_block_raises_nothing_is_saved(app: EventSourcedApplication) -> None:
    with pytest.raises(ValueError, match="the block fails"):
        _fail_in_a_unit(app)
    assert _notes(app) == []
    with pytest.raises(AggregateNotFoundError):
        app.repository.get(_ID)


def test_a_key_made_within_a_unit_that_fails_is_kept(app: EventSourcedApplication, sealer: Sealer) -> None:
    with pytest.raises(ValueError, match="the block fails"):
        _fail_in_a_unit(app)
    app.save(Counter(OWNER, "a"))
    # Another process, which remembers nothing, can read what this one has sealed.
    other = EventSourcedApplication(app.database, Sealer(app.database, sealer.provider, service="test"), name="test")
    found: Any = other.repository.get(_ID)
    assert found.key == "a"


def test_a_conflict_comes_at_the_end_and_undoes_everything(app: EventSourcedApplication) -> None:
    app.save(Counter(OWNER, "a"))
    stale: Any = app.repository.get(_ID)
    _count(app, 1)
    stale.count("a", 5)
    with pytest.raises(VersionConflict):
        _save_in_a_unit(app, stale)
    assert _notes(app) == []


@pytest.mark.parametrize(("move", "refusal"), [(Move("there", 0, 5), Duplicate), (Move("there", 6, 9), Gap)])
def test_a_position_that_stands_elsewhere_undoes_everything(
    app: EventSourcedApplication, move: Move, refusal: type[Exception]
) -> None:
    app.save(moves=[Move("there", 0, 5)])
    with pytest.raises(refusal):
        _move_in_a_unit(app, Move("elsewhere", 0, 1), move)
    assert _notes(app) == []
    assert app.database.query("SELECT name, id FROM positions") == [{"name": "there", "id": 5}]


def test_a_duplicate_is_called_one_although_its_writes_would_fail_too(app: EventSourcedApplication) -> None:
    app.commit(Effects(writes=[(_NOTE, ("once",))]), [Move("there", 0, 5)])
    with pytest.raises(Duplicate):
        app.commit(Effects(writes=[(_NOTE, ("once",))]), [Move("there", 0, 5)])


def test_streams_are_read_in_a_unit_as_outside_of_one(app: EventSourcedApplication) -> None:
    app.save(Counter(OWNER, "a"), Counter(OWNER, "b"))
    _count(app, 1)
    asked: list[dict[str, Any]] = [
        {}, {"gt": 1}, {"gt": 3}, {"lte": 2}, {"lte": 4}, {"gt": 1, "lte": 3}, {"desc": True}, {"desc": True, "limit": 1},
        {"limit": 3}, {"desc": True, "limit": 3}, {"desc": True, "limit": 1, "lte": 2},
    ]  # fmt: skip

    def answers() -> list[list[int]]:
        return [[e.originator_version for e in app.events.get(_ID, **ask)] for ask in asked]

    with app.unit_of_work():
        _count(app, 2)
        assert _notes(app) == []
        _count(app, 3)
        within = answers()
        assert list(app.events.get(UUID(int=1))) == []
    assert within == answers()
    assert within[0] == [1, 2, 3, 4]


def test_a_stream_that_a_failed_unit_had_moved_on_is_not_taken_for_damaged(app: EventSourcedApplication) -> None:
    app.save(Counter(OWNER, "a"))
    with pytest.raises(ValueError, match="the block fails"):
        _count_in_a_failing_unit(app)
    _count(app, 1)
    found: Any = app.repository.get(_ID)
    assert (found.total, found.version) == (1, 2)


def _count_in_a_failing_unit(app: EventSourcedApplication) -> None:
    with app.unit_of_work():
        _count(app, 1)
        _count(app, 1)
        assert _notes(app) == []
        assert len(list(app.events.get(_ID))) == 3
        raise ValueError("the block fails")


def test_much_is_saved_in_one_unit(app: EventSourcedApplication) -> None:
    """More than goes out in one piece."""
    with app.unit_of_work():
        for n in range(300):
            app.commit(Effects(writes=[(_NOTE, (f"{n:04}" + "x" * 2_000,))]))
        assert len(_notes(app)) == 300
        app.commit(Effects((Counter(OWNER, "a"),)))
    assert len(_notes(app)) == 300


def test_a_connection_lost_at_the_commit_is_not_taken_for_a_failure(app: EventSourcedApplication) -> None:
    """What may have been saved is not saved again: writes that nothing makes unique would be there twice."""
    with pytest.raises(CommitUnknown, match="during a commit"):
        _lose_the_commit(app)
    assert _notes(app) == []


def test_a_save_whose_commit_is_lost_is_not_tried_again(
    app: EventSourcedApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish, tries = UnitOfWork.finish, []

    def finish_and_lose(unit: UnitOfWork) -> list[int]:
        ids = finish(unit)
        tries.append(1)
        _end_session(app, unit)
        return ids

    monkeypatch.setattr(UnitOfWork, "finish", finish_and_lose)
    with pytest.raises(CommitUnknown):
        app.commit(Effects(writes=[(_NOTE, ("once",))]))
    assert len(tries) == 1


def _lose_the_commit(app: EventSourcedApplication) -> None:
    with app.unit_of_work() as unit:
        app.commit(Effects((Counter(OWNER, "a"),), [(_NOTE, ("with it",))]))
        unit.flush()
        _end_session(app, unit)


def _end_session(app: EventSourcedApplication, unit: UnitOfWork) -> None:
    """What a server that stops at once does to it."""
    pid = unit.connection.info.backend_pid
    with app.database.own_connection() as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))
