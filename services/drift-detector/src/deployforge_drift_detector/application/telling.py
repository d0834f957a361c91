"""Telling what kind of change a drift is, from its features and a model; without a usable model it is unknown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from deployforge_anomalies.features import CLASSES, NAMES, UNKNOWN, Features
from deployforge_anomalies.model import Prediction

from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.anomaly import Anomaly, Likelihood, Opinion, Weight
from deployforge_drift_detector.domain.baseline_score import Score
from deployforge_drift_detector.domain.drift import Drift, drift_id


class Classifier(Protocol):
    """Tells classes of drift apart."""

    def predict(self, drifts: Sequence[Features]) -> Sequence[Prediction] | None:
        """One for each drift; None while there is no usable model."""
        ...

    @property
    def digest(self) -> str:
        """Of the model that predicted last; empty without one."""
        ...


@dataclass(frozen=True)
class Noted:
    """One drift that was detected, or has changed, before anybody has said what it is."""

    event: Drift.Seen
    features: Features
    score: Score
    actor: Actor


def opinions(classifier: Classifier, noted: Sequence[Noted]) -> list[tuple[Drift.Seen, Opinion]]:
    """What is thought of each."""
    told = classifier.predict([one.features for one in noted])
    if told is None:
        return [(one.event, _unknown(one)) for one in noted]
    digest = classifier.digest
    return [(one.event, _opinion(one, prediction, digest)) for one, prediction in zip(noted, told, strict=True)]


def anomaly(about: Drift.Seen, opinion: Opinion, known: Anomaly | None) -> Anomaly:
    """The anomaly of the drift's episode with this opinion, the first or a new one."""
    if known is None:
        episode = drift_id(about.urn, about.episode)
        return Anomaly(episode, about.deployment_id, about.namespace, about.name, about.urn, about.episode, opinion)
    known.revise(opinion)
    return known


def _opinion(noted: Noted, told: Prediction, digest: str) -> Opinion:
    likeliest = sorted(zip(CLASSES, told.probabilities, strict=True), key=lambda pair: -pair[1])
    likelihoods = tuple(Likelihood(*pair) for pair in likeliest)
    weights = tuple(Weight(one.feature, round(one.value, 6), one.weight) for one in told.contributions)
    return _said(noted, told.label, told.probability, likelihoods, weights, digest)


def _unknown(noted: Noted) -> Opinion:
    return _said(noted, UNKNOWN, 0.0, (), (), "")


def _said(
    noted: Noted, label: str, probability: float, likelihoods: tuple[Likelihood, ...], weights: tuple[Weight, ...],
    digest: str,
) -> Opinion:  # fmt: skip
    at: datetime = noted.event.detected_at
    features = dict(zip(NAMES, noted.features.vector(), strict=True))
    return Opinion(
        label, probability, likelihoods, weights, noted.score.value, noted.score.reasons, features, noted.actor.name,
        digest, at,
    )  # fmt: skip
