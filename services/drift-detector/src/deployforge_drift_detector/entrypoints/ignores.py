"""Ignore rules with what they hide, on the wire."""

from typing import Final

from deployforge.common.v1 import common_pb2
from deployforge.drift_detector.v1 import drift_pb2 as pb

from deployforge_drift_detector.application.ignoring import HiddenView, RuleReport
from deployforge_drift_detector.entrypoints.baselines import timestamp

_SHOWN: Final = 20


def rule_of(one: RuleReport) -> pb.IgnoreRule:
    """One rule."""
    hidden = sorted(one.hidden, key=lambda view: (view.resource, view.path))
    return pb.IgnoreRule(
        deployment=common_pb2.DeploymentRef(namespace=one.namespace, name=one.name),
        resource=one.rule.resource,
        path=one.rule.path,
        when=one.rule.when.words,
        reason=one.rule.reason,
        until=timestamp(one.rule.until) if one.rule.until else None,
        state=one.state,
        concerned=one.concerned,
        hidden_resources=len({view.resource for view in hidden}),
        hidden_differences=len(hidden),
        since=timestamp(min(view.since for view in hidden)) if hidden else None,
        last=timestamp(one.last) if one.last else None,
        hidden=map(_hidden, hidden[:_SHOWN]),
    )


def _hidden(view: HiddenView) -> pb.HiddenDifference:
    return pb.HiddenDifference(
        resource=view.resource, path=view.path, since=timestamp(view.since), last=timestamp(view.last)
    )
