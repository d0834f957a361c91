"""What kind of change one episode of drift is thought to be: told when it is detected, and again when it changes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_drift_detector.domain.baseline_score import Reason

_KIND: Final = "deployforge:anomaly:"


@dataclass(frozen=True)
class Likelihood:
    """How likely a class is."""

    label: str
    probability: float


@dataclass(frozen=True)
class Weight:
    """One feature that weighed, for or against the likeliest class."""

    feature: str
    value: float
    weight: float
    """In log-odds; above 0 it spoke for the class."""


@dataclass(frozen=True)
class Opinion:
    """What the model and the baseline think of a drift, with all that it takes to work it out again."""

    label: str
    """`unknown` where no class is likely enough, or there is no model."""
    probability: float
    """Of the likeliest class; 0 without a model."""
    likelihoods: tuple[Likelihood, ...]
    """Of every class, the likeliest first."""
    weights: tuple[Weight, ...]
    """The heaviest first."""
    score: float
    """How unusual the change was against the resource's baseline, from 0 to 1."""
    reasons: tuple[Reason, ...]
    features: Mapping[str, float]
    actor: str
    """Who did it; empty where the cloud has not told."""
    model: str
    """The model's digest; empty without one."""
    at: datetime
    """When the drift that this is about was detected, or changed."""


class Anomaly(Aggregate):
    """Of one episode of drift of one resource."""

    class Event(Aggregate.Event):
        """Every event names the resource, its deployment and the episode."""

        namespace: str
        name: str
        urn: str
        drift_id: UUID
        episode: int
        opinion: Opinion

    class Told(Event, Aggregate.Created):
        """The first opinion."""

    class Revised(Event):
        """The drift has changed, and so the opinion."""

    @staticmethod
    def create_id(drift_id: UUID) -> UUID:
        return uuid5(NAMESPACE_URL, f"{_KIND}{drift_id}")

    @event(Told)
    def __init__(
        self, drift_id: UUID, deployment_id: UUID, namespace: str, name: str, urn: str, episode: int, opinion: Opinion
    ) -> None:
        self.drift_id, self.deployment_id = drift_id, deployment_id
        self.namespace, self.name = namespace, name
        self.urn, self.episode = urn, episode
        self.opinion = opinion

    def revise(self, opinion: Opinion) -> None:
        """The drift has changed."""
        self._revised(
            namespace=self.namespace, name=self.name, urn=self.urn, drift_id=self.drift_id, episode=self.episode,
            opinion=opinion,
        )  # fmt: skip

    @event(Revised)
    def _revised(self, namespace: str, name: str, urn: str, drift_id: UUID, episode: int, opinion: Opinion) -> None:
        self.opinion = opinion
