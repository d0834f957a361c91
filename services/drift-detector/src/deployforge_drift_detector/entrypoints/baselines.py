"""Baselines, and what is thought of a drift, on the wire."""

from datetime import datetime
from statistics import median

from deployforge.drift_detector.v1 import drift_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_drift_detector.application.views import BaselineView
from deployforge_drift_detector.domain.anomaly import Opinion
from deployforge_drift_detector.domain.baseline import AttributeBaseline, Rhythm
from deployforge_drift_detector.domain.baseline_score import Reason


def baseline(view: BaselineView) -> pb.ResourceBaseline:
    """What is usual of one resource."""
    usual = view.baseline
    return pb.ResourceBaseline(
        urn=view.urn,
        type=view.type,
        rhythm=_rhythm(usual.rhythm),
        hours=usual.hours,
        attributes=map(_attribute, usual.attributes),
        actors=[pb.ActorBaseline(actor=one.actor, rhythm=_rhythm(one.rhythm)) for one in usual.actors],
        score=view.score.value,
        reasons=map(_reason, view.score.reasons),
    )


def told_of(opinion: Opinion) -> pb.Anomaly:
    """What is thought of one drift."""
    return pb.Anomaly(
        label=opinion.label,
        probability=opinion.probability,
        likelihoods=[pb.Likelihood(label=one.label, probability=one.probability) for one in opinion.likelihoods],
        contributions=[pb.Contribution(feature=one.feature, value=one.value, weight=one.weight) for one in opinion.weights],
        score=opinion.score,
        reasons=map(_reason, opinion.reasons),
        actor=opinion.actor,
        model=opinion.model,
        features=opinion.features,
        at=timestamp(opinion.at),
    )


def timestamp(at: datetime) -> Timestamp:
    """A time as messages hold it."""
    message = Timestamp()
    message.FromDatetime(at)
    return message


def _reason(reason: Reason) -> pb.ScoreReason:
    return pb.ScoreReason(name=reason.name, part=reason.part, words=reason.words)


def _rhythm(rhythm: Rhythm) -> pb.Rhythm:
    return pb.Rhythm(
        changes=rhythm.changes,
        first_at=timestamp(rhythm.first_at) if rhythm.first_at else None,
        last_at=timestamp(rhythm.last_at) if rhythm.last_at else None,
        usual_gap_seconds=median(rhythm.gaps) if rhythm.gaps else 0.0,
    )


def _attribute(usual: AttributeBaseline) -> pb.AttributeBaseline:
    numbers = usual.numbers
    return pb.AttributeBaseline(
        path=usual.path,
        rhythm=_rhythm(usual.rhythm),
        numbers=len(numbers.values),
        median=numbers.middle or 0.0,
        spread=numbers.spread or 0.0,
        shifted_at=timestamp(numbers.shifted_at) if numbers.shifted_at else None,
    )
