"""Given drift on record, what is learned: each transition once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from deployforge_anomalies.features import CLASSES, NAMES, Features
from deployforge_anomalies.model import Contribution, Prediction
from deployforge_chassis.facts import Effects
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.shredding import Shredding
from deployforge_drift_detector.application import learning as learning_module
from deployforge_drift_detector.application.learning import Learning
from deployforge_drift_detector.application.ports import Deed
from deployforge_drift_detector.application.views import BaselineView, NothingLearned
from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.anomaly import Anomaly
from deployforge_drift_detector.domain.features import features
from pydantic import TypeAdapter

from ...conftest import ORDERS, START, WEBSHOP, WORKER, World, gone, seen, urn


class Guessing:
    """Calls everything that is gone a deletion; stands still where it is told to."""

    digest = "sha256:guess"

    def __init__(self, *, usable: bool = True) -> None:
        self.usable, self.asked = usable, list[Features]()

    def predict(self, drifts: Sequence[Features]) -> list[Prediction] | None:
        self.asked += drifts
        return [_guess(one) for one in drifts] if self.usable else None


def _guess(drift: Features) -> Prediction:
    at = CLASSES.index("deletion" if drift.missing else "unknown")
    probabilities = tuple(0.65 if n == at else 0.05 for n in range(len(CLASSES)))
    return Prediction(CLASSES[at], 0.65, probabilities, (Contribution("missing", drift.missing, 1.5),))


def of(world: World, resource: str = "orders") -> BaselineView:
    [view] = world.app.baselines("storefront", "webshop", resource, size=10, cursor="")
    return view


def drift(world: World, *timeouts: int) -> None:
    """One after another, each healed before the next."""
    first = 1 + sum(1 for _ in world.happened())
    for n, timeout in enumerate(timeouts):
        at = START + timedelta(hours=first + n)
        world.judge(first + 2 * n, seen(ORDERS, {"visibilityTimeout": timeout}), observed_at=at)
        world.judge(first + 2 * n + 1, seen(ORDERS), observed_at=at)


def test_drift_teaches_numbers_and_rhythm_and_a_wild_one_is_unusual(world: World) -> None:
    learning = Learning(world.app, Guessing())
    drift(world, *[58, 60, 62, 59, 61, 60, 60, 59, 61, 60])
    assert learning.tick() == 20
    assert of(world).score.value < 0.3
    drift(world, 3600)
    assert learning.tick() == 2
    view = of(world)
    assert view.baseline.rhythm.changes == 11
    numbers = [one.numbers for one in view.baseline.attributes if one.path == "visibilityTimeout"]
    assert (numbers[0].middle, numbers[0].values[0]) == (60, 30)
    assert view.score.value > 0.5
    assert [one.fingerprint for one in view.baseline.episodes if one.ended_at is None] == []


def test_every_transition_is_learned_from_once_whoever_learns(world: World) -> None:
    first, second = Learning(world.app, Guessing()), Learning(world.app, Guessing())
    drift(world, 60, 70)
    assert first.tick() == 4
    assert second.tick() == 0
    drift(world, 80)
    assert second.tick() == 2
    # The first still thinks that it stands before these; the database knows better.
    assert first.tick() == 0
    assert first.tick() == 0
    assert Learning(world.app, Guessing()).tick() == 0
    assert of(world).baseline.rhythm.changes == 3


def test_what_is_gone_from_the_manifest_is_forgotten(world: World) -> None:
    learning = Learning(world.app, Guessing())
    world.judge(1, gone(ORDERS), gone(WORKER))
    learning.tick()
    assert len(world.app.baselines("storefront", "webshop", "", size=10, cursor="")) == 2
    world.states.drop(ORDERS.urn)
    world.app.removed(ORDERS.urn)
    with pytest.raises(NothingLearned):
        of(world)
    learning.tick()
    with pytest.raises(NothingLearned):
        of(world)
    assert of(world, "worker").type == "Topic"


def test_no_text_of_a_resource_is_kept(world: World) -> None:
    world.judge(1, seen(ORDERS, {"tags": {"env": "canary-value"}}))
    Learning(world.app, Guessing()).tick()
    view = of(world)
    assert [one.path for one in view.baseline.attributes] == ["tags.env"]
    assert b"canary-value" not in TypeAdapter(BaselineView).dump_json(view)
    [row] = world.app.database.query("SELECT * FROM baselines")
    assert b"tags.env" not in bytes(row["body"])


def test_a_shredded_deployment_leaves_nothing_and_stops_nobody(world: World) -> None:
    learning = Learning(world.app, Guessing())
    drift(world, 60)
    learning.tick()
    drift(world, 70)
    world.app.commit(Effects(writes=Shredding(world.app.database, world.app.sealer).erase(WEBSHOP)))
    assert learning.tick() == 0
    assert world.app.database.query("SELECT * FROM baselines") == []
    with pytest.raises(Shredded):
        world.events()


def test_pages_of_baselines_follow_each_other(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(5)]
    for one in resources:
        world.states.put(one)
    world.judge(1, *map(gone, resources))
    Learning(world.app, Guessing()).tick()
    found: list[Any] = []
    cursor = ""
    while page := world.app.baselines("storefront", "webshop", "", size=2, cursor=cursor):
        found += [view.urn for view in page]
        cursor = found[-1]
    assert found == [one.urn for one in resources]


def told(world: World) -> list[Any]:
    """What was said of anomalies, in order."""
    return [event for event in world.events() if isinstance(event, Anomaly.Event)]


def test_what_a_drift_is_thought_to_be_is_said_and_revised_and_shown(world: World) -> None:
    guessing = Guessing()
    learning = Learning(world.app, guessing)
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}), seen(WORKER, {"fifo": True}))
    learning.tick()
    first = [(type(one).__name__, one.urn, one.opinion.label) for one in told(world)]
    assert sorted(first) == [("Told", ORDERS.urn, "unknown"), ("Told", WORKER.urn, "unknown")]
    assert [(one.together, one.again, round(one.downstream, 3)) for one in guessing.asked] == [
        (pytest.approx(0.693, abs=0.001), 0, 0.693),
        (pytest.approx(0.693, abs=0.001), 0, 0),
    ]
    world.judge(2, gone(ORDERS))
    learning.tick()
    [view] = [one for one in world.app.page("", "", open_only=True, size=9, cursor="").views if one.urn == ORDERS.urn]
    opinion = world.app.opinions([view.drift_id])[view.drift_id]
    assert (type(told(world)[-1]).__name__, told(world)[-1].drift_id) == ("Revised", view.drift_id)
    assert (opinion.label, opinion.probability, opinion.model, opinion.actor) == ("deletion", 0.65, "sha256:guess", "")
    assert opinion.likelihoods[0].label == "deletion" and len(opinion.likelihoods) == len(CLASSES)
    assert tuple(opinion.features) == NAMES and opinion.features["missing"] == 1 and opinion.features["again"] == 1


def test_a_new_episode_is_an_anomaly_of_its_own_and_one_page_may_hold_both(world: World) -> None:
    drift(world, 60, 60)
    world.judge(9, seen(ORDERS, {"visibilityTimeout": 60}))
    world.judge(10, gone(ORDERS))
    Learning(world.app, Guessing()).tick()
    said = [(type(one).__name__, one.episode) for one in told(world)]
    assert said == [("Told", 1), ("Told", 2), ("Told", 3), ("Revised", 3)]


def test_without_a_model_a_drift_is_unknown_and_still_scored(world: World) -> None:
    world.judge(1, gone(ORDERS))
    Learning(world.app, Guessing(usable=False)).tick()
    [one] = told(world)
    assert (one.opinion.label, one.opinion.probability, one.opinion.likelihoods, one.opinion.model) == (
        "unknown",
        0,
        (),
        "",
    )


def test_who_takes_over_knows_what_happened_shortly_before(world: World) -> None:
    world.judge(1, gone(ORDERS))
    Learning(world.app, Guessing()).tick()
    guessing = Guessing()
    later = Learning(world.app, guessing)
    world.judge(2, seen(WORKER, {"fifo": True}))
    later.tick()
    assert [one.together for one in guessing.asked] == [pytest.approx(0.693, abs=0.001)]


def test_a_shredded_deployment_is_told_nothing_of(world: World) -> None:
    learning = Learning(world.app, Guessing())
    world.judge(1, gone(ORDERS))
    learning.tick()
    world.app.commit(Effects(writes=Shredding(world.app.database, world.app.sealer).erase(WEBSHOP)))
    assert world.app.database.query("SELECT * FROM anomalies") == []


def test_one_drift_that_nobody_can_tell_of_keeps_no_other_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(finding: Any, *rest: Any, **more: Any) -> Features:
        if finding.kind == "MISSING":
            raise ZeroDivisionError("a fault in a feature")
        return features(finding, *rest, **more)

    monkeypatch.setattr(learning_module, "features", broken)
    world.judge(1, gone(ORDERS), seen(WORKER, {"fifo": True}))
    assert Learning(world.app, Guessing()).tick() == 2
    assert [one.urn for one in told(world)] == [WORKER.urn]


def test_a_baseline_that_was_tampered_with_begins_anew(world: World) -> None:
    learning = Learning(world.app, Guessing())
    drift(world, 60, 70)
    learning.tick()
    world.app.database.write([("UPDATE baselines SET body = set_byte(body, 60, get_byte(body, 60) # 1)", ())])
    with pytest.raises(NothingLearned):
        of(world)
    drift(world, 80)
    learning.tick()
    assert of(world).baseline.rhythm.changes == 1


def test_events_of_other_kinds_are_not_looked_at_twice(world: World) -> None:
    learning = Learning(world.app, Guessing())
    for _ in range(3):
        world.app.scan("storefront", "webshop")
    assert learning.tick() == 0
    looked: list[int] = []
    select = world.app.recorder.select_notifications
    world.app.recorder.select_notifications = lambda start, *rest, **more: (  # type: ignore[method-assign]
        looked.append(start) or select(start, *rest, **more)
    )
    assert learning.tick() == 0
    assert looked == [world.app.recorder.max_notification_id()]
    drift(world, 60)
    assert learning.tick() == 2
    assert Learning(world.app, Guessing()).tick() == 0


def test_many_drifts_are_learned_from_page_by_page(world: World) -> None:
    resources = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(250)]
    for one in resources:
        world.states.put(one)
    world.judge(1, *map(gone, resources))
    assert Learning(world.app, Guessing()).tick() == 250
    assert len(told(world)) == 250


@pytest.mark.parametrize(("minutes", "name"), [(1, "mallory"), (-2, ""), (20, "")])
def test_whoever_changed_it_shortly_before_is_thought_to_have_done_it(world: World, minutes: int, name: str) -> None:
    world.clock.advance(3600)
    seen_at = START + timedelta(hours=1)
    deed = Deed(ORDERS.urn, ORDERS.deployment_id, Actor("mallory", "person"), seen_at - timedelta(minutes=minutes))
    world.app.commit(Effects(writes=tuple(world.app.stores.deeds.put([deed]))))
    world.judge(1, seen(ORDERS, {"visibilityTimeout": 60}), observed_at=seen_at)
    guessing = Guessing()
    assert Learning(world.app, guessing).tick() == 1
    [view] = world.app.page("", "", open_only=True, size=9, cursor="").views
    assert world.app.opinions([view.drift_id])[view.drift_id].actor == name
    assert guessing.asked[0].person == (name == "mallory")
    assert [one.actor for one in of(world).baseline.actors] == ([name] if name else [])
