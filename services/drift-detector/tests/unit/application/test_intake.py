"""An event becomes a scan of what it names, and who did it is remembered."""

from dataclasses import replace
from datetime import timedelta

import pytest
from deployforge_drift_detector.application import intake as module
from deployforge_drift_detector.application.intake import Intake, TooMany
from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.cloud_events import CloudChange, spelling

from ...conftest import ORDERS, START, WORKER, World, urn

MALLORY = Actor("mallory", "person")


def change(*names: str, **more: object) -> CloudChange:
    usual = CloudChange(frozenset(map(spelling, names)), "000000000000", MALLORY, START, "SetQueueAttributes")
    return replace(usual, **more)  # type: ignore[arg-type]


def test_what_changed_is_scanned_once_for_all_events_of_the_moment(world: World) -> None:
    intake = Intake(world.app)
    assert intake.take([change("Queue-Orders"), change("nobody's"), change("topic-worker", "queue-orders")]) == 2
    assert (intake.tick(), intake.tick()) == (1, 0)
    [asked] = world.events()
    assert (asked.cause, asked.urns) == ("event", (ORDERS.urn, WORKER.urn))
    assert world.app.stores.deeds.of([ORDERS.urn])[ORDERS.urn].actor == MALLORY


@pytest.fixture(autouse=True)
def worker(world: World) -> None:
    world.states.put(replace(WORKER, version=2, physical_id="topic-worker"))


def test_another_account_and_what_is_long_past_are_passed_over(world: World) -> None:
    intake = Intake(world.app)
    assert intake.take([change("queue-orders", account="111111111111")]) == 0
    assert intake.take([change("queue-orders", at=START - timedelta(hours=1))]) == 0
    assert intake.take([change("queue-orders", account="", at=START + timedelta(days=1))]) == 1
    assert intake.tick() == 1
    assert world.app.stores.deeds.of([ORDERS.urn])[ORDERS.urn].at == START


def test_the_newest_deed_stands_and_ends_with_the_resource(world: World) -> None:
    intake, later = Intake(world.app), START + timedelta(seconds=5)
    world.clock.advance(10)
    intake.take([change("queue-orders", at=later, actor=Actor("ada", "person")), change("queue-orders")])
    intake.tick()
    intake.take([change("queue-orders")])
    intake.tick()
    assert world.app.stores.deeds.of([ORDERS.urn])[ORDERS.urn].actor.name == "ada"
    world.states.drop(ORDERS.urn)
    world.app.removed(ORDERS.urn)
    assert world.app.stores.deeds.of([ORDERS.urn]) == {}


def test_what_this_system_did_itself_is_looked_at_and_suspects_nobody(world: World) -> None:
    intake = Intake(world.app)
    intake.take([change("queue-orders")])
    intake.tick()
    assert intake.take([change("queue-orders", actor=Actor(), at=START)]) == 1
    assert intake.tick() == 1
    assert world.app.stores.deeds.of([ORDERS.urn])[ORDERS.urn].actor == MALLORY


def test_more_than_can_be_looked_at_must_come_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_WAITING_AT_MOST", 1)
    for n in range(2):
        world.states.put(replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}", physical_id=f"id-{n}"))
    intake = Intake(world.app)
    with pytest.raises(TooMany):
        intake.take([change("id-0", "id-1")])
    assert intake.tick() == 0
    assert intake.take([change("id-0")]) == 1


def test_what_could_not_be_asked_for_waits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    intake = Intake(world.app)
    intake.take([change("queue-orders")])
    with monkeypatch.context() as patched:
        patched.setattr(world.app, "commit", lambda effects: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            intake.tick()
    assert intake.tick() == 1


def test_what_one_replaced_is_found_under_its_new_id_alone(world: World) -> None:
    world.states.put(replace(ORDERS, version=2, physical_id="queue-new"))
    intake = Intake(world.app)
    assert intake.take([change("queue-orders")]) == 0
    assert intake.take([change("queue-new")]) == 1
