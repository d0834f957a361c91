from collections.abc import Callable

import pytest
from deployforge_chassis.backpressure import Gauge, Pressure, pressure_of, unpublished
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.facts import Effects
from deployforge_chassis.overload import Overloaded, jittered

from .conftest import OWNER, World


def test_a_gauge_is_looked_at_twice_a_second_at_most() -> None:
    time, looks = [0.0], []

    def measure() -> int:
        looks.append(time[0])
        return 0

    pressure = Pressure([Gauge("things wait", measure, 1)], now=lambda: time[0])
    for now in (0.0, 0.1, 0.4, 0.5, 0.9, 1.0):
        time[0] = now
        pressure.check()
    assert looks == [0.0, 0.5, 1.0]


@pytest.mark.parametrize(("waiting", "pause"), [(1, 0.5), (2, 2.0), (40, 10.0)])
def test_the_deeper_the_queue_the_later_the_hint(waiting: int, pause: float) -> None:
    limit = 1 if waiting > 1 else 0
    with pytest.raises(Overloaded) as refused:
        Pressure([Gauge("things wait", lambda: waiting, limit)]).check()
    assert refused.value.retry_after_seconds == max(pause, min(10.0, float(waiting)))


def test_who_was_refused_together_does_not_come_back_together() -> None:
    pauses = {jittered(2.0) for _ in range(20)}
    assert len(pauses) > 10
    assert all(2.0 <= pause <= 3.0 for pause in pauses)


def test_what_the_relay_has_not_published_is_counted(world: World) -> None:
    world.say(1, 2, 3)
    assert unpublished(world.counter.database) == 4
    world.publish()
    assert unpublished(world.counter.database) == 0


@pytest.fixture
def settings(settings_of: Callable[..., ServiceSettings]) -> ServiceSettings:
    return settings_of("orchestrator", unpublished_at_most=3, effects_waiting_at_most=2)


def test_too_many_unpublished_events_are_pressure(world: World, settings: ServiceSettings) -> None:
    world.say(1, 2, 3)
    with pytest.raises(Overloaded, match="4 events wait to be published, at most 3 may be"):
        pressure_of(settings, world.counter.database).check()
    world.publish()
    pressure_of(settings, world.counter.database).check()


def test_outside_work_that_nobody_takes_up_is_pressure(world: World, settings: ServiceSettings) -> None:
    queue = EffectQueue(world.counter, world.counter.sealer)
    for id in "123":
        world.counter.commit(Effects(writes=(queue.enqueue("call", id, {}, deployment_id=OWNER),)))
    pressure_of(settings, world.counter.database, queue).check()
    world.counter.database.query("UPDATE effects SET due_at = due_at - interval '2 seconds'")
    with pytest.raises(Overloaded, match="3 pieces of outside work wait"):
        pressure_of(settings, world.counter.database, queue).check()
    assert queue.claim(["call"]) is not None
    pressure_of(settings, world.counter.database, queue).check()
