"""The scenarios that the shipped model is made of."""

from importlib.resources import files
from itertools import islice

from deployforge_anomalies.features import CLASSES
from deployforge_anomalies.records import digest
from deployforge_drift_detector.testing.scenarios import STORIES, labelled
from deployforge_drift_detector.testing.starting_model import made


def test_what_ships_is_what_the_scenarios_give_byte_for_byte() -> None:
    for name, text in made().items():
        assert files("deployforge_anomalies").joinpath(name).read_text(encoding="utf-8") == text, "run `make anomaly-model`"


def test_every_class_has_a_story_and_a_seed_gives_the_same_records() -> None:
    assert tuple(STORIES) == CLASSES
    once = list(labelled(seed=1, scenarios=3))
    assert digest(once) == digest(labelled(seed=1, scenarios=3)) != digest(labelled(seed=2, scenarios=3))
    assert {one.label for one in once} == set(CLASSES)
    more = {one.text() for one in labelled(seed=1, scenarios=4)}
    assert {one.text() for one in once} <= more


def test_the_same_features_are_seen_in_several_classes() -> None:
    """No single switch gives a class away."""
    records = list(islice(labelled(scenarios=60), 10_000))
    for switch in ("missing", "exposing", "losing", "person", "automation", "provider"):
        labels = {one.label for one in records if getattr(one.features, switch)}
        assert len(labels) > 1, switch
