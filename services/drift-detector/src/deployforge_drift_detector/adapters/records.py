"""Own domain event → Avro record."""

from collections.abc import Mapping, Sequence
from typing import Any

from deployforge_chassis.facts import Record

from deployforge_drift_detector.domain.anomaly import Anomaly
from deployforge_drift_detector.domain.drift import Drift, drift_id
from deployforge_drift_detector.domain.scan import Scan

DRIFT = "drift-detector.drift"
SCANS = "drift-detector.scans"


def records(event: Any) -> Sequence[Record]:
    """What is published because of `event`."""
    match event:
        case Scan.Requested():
            return (Record(SCANS, event.shard, "ScanRequested", _scan(event)),)
        case Drift.Seen():
            return (Record(DRIFT, event.urn, "DriftDetected", {**_about(event, event.episode), **_seen(event)}),)
        case Drift.Resolved():
            over = {"how": event.how, "scan_id": event.scan_id, "resolved_at": event.resolved_at}
            return (Record(DRIFT, event.urn, "DriftResolved", {**_about(event, event.episode), **over}),)
        case Anomaly.Told() | Anomaly.Revised():
            return (Record(DRIFT, event.urn, "AnomalyDetected", _anomalous(event)),)
        case Drift.Watched():
            return ()
        case _:
            raise TypeError(f"{type(event).__name__} is no event of this service")


def _anomalous(event: Anomaly.Event) -> Mapping[str, Any]:
    opinion = event.opinion
    return {
        **_about(event, event.episode),
        "label": _symbol(opinion.label),
        "probability": opinion.probability,
        "likelihoods": [{"label": _symbol(one.label), "probability": one.probability} for one in opinion.likelihoods],
        "contributions": [{"feature": one.feature, "value": one.value, "weight": one.weight} for one in opinion.weights],
        "score": opinion.score,
        "reasons": [{"name": one.name, "part": one.part, "words": one.words} for one in opinion.reasons],
        "actor": opinion.actor or None,
        "model": opinion.model,
        "detected_at": opinion.at,
    }


def _symbol(label: str) -> str:
    return label.upper().replace(" ", "_").replace("-", "_")


def _about(event: Drift.Event | Anomaly.Event, episode: int) -> Mapping[str, Any]:
    return {
        "deployment_id": str(event.deployment_id),
        "namespace": event.namespace,
        "name": event.name,
        "drift_id": str(drift_id(event.urn, episode)),
        "urn": event.urn,
        "episode": episode,
    }


def _seen(event: Drift.Seen) -> Mapping[str, Any]:
    finding = event.finding
    return {
        "type": event.type,
        "kind": str(finding.kind),
        "severity": str(finding.severity),
        "rule": finding.rule,
        "attributes": [
            {
                "path": a.path,
                "expected_json": a.expected_json,
                "actual_json": a.actual_json,
                "severity": str(a.severity),
                "rule": a.rule,
            }
            for a in finding.attributes
        ],
        "impact": [{"urn": i.urn, "path": list(i.path), "reason": i.reason, "via": i.via} for i in event.impact],
        "affected": event.affected,
        "outputs": list(event.outputs),
        "scan_id": event.scan_id,
        "sequence": event.sequence,
        "desired_version": event.desired_version,
        "physical_id": event.physical_id,
        "fingerprint": finding.fingerprint,
        "observed_at": event.observed_at,
        "detected_at": event.detected_at,
    }


def _scan(event: Scan.Requested) -> Mapping[str, Any]:
    return {
        "scan_id": str(event.originator_id),
        "shard": event.shard,
        "sequence": event.sequence,
        "urns": list(event.urns),
        "cause": event.cause,
        "requested_at": event.requested_at,
    }
