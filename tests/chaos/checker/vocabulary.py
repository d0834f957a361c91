"""What the invariants must know of the six services: who hears what, which events end what, what follows from what.

Everything here is a table, and `tests/test_vocabulary.py` holds each of them against the services themselves.
"""

from collections.abc import Mapping
from typing import Final

from deployforge_control_plane.entrypoints import methods

SELF: Final = "control-plane"
HEALER: Final = "healer"

SUBSCRIPTIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "control-plane": (
        "orchestrator.executions", "state-manager.states", "mcal.operations", "drift-detector.drift", "healer.incidents",
    ),
    "orchestrator": ("control-plane.deployments", "mcal.operations", "state-manager.states"),
    "mcal": ("orchestrator.operations", "drift-detector.scans", "state-manager.states"),
    "state-manager": ("orchestrator.executions", "control-plane.deployments", "drift-detector.drift"),
    "drift-detector": ("orchestrator.executions", "state-manager.states"),
    "healer": ("drift-detector.drift", "state-manager.states", "control-plane.deployments", "orchestrator.executions"),
}  # fmt: skip
"""Consumer → the fact topics that its inbox reads; upserts and telemetry stand outside the chain."""

ENDLESS: Final = "drift-detector.scans"
"""Scans are asked for as long as the system runs: a few of them are always under way."""
ENDLESS_AT_MOST: Final = 50

WATERMARK: Final = "Watermark"
"""Type of the messages by which a relay says how far the chain of a partition has come; they are no facts."""

FOLLOWS: Final[Mapping[tuple[str, str], frozenset[str]]] = {
    ("orchestrator", "DeploymentRequested"): frozenset({"PlanRequest.Wished"}),
    ("mcal", "OperationRequested"): frozenset({"Operation.Accepted"}),
    ("orchestrator", "OperationSucceeded"): frozenset({"Execution.StepCompleted"}),
    ("orchestrator", "OperationFailed"): frozenset({"Execution.StepFailed", "Execution.StepRetried"}),
    ("state-manager", "DeploymentRequested"): frozenset({"Deployment.Requested"}),
    ("state-manager", "PlanApproved"): frozenset({"Deployment.PlanReleased"}),
    ("state-manager", "ExecutionVerified"): frozenset({"Deployment.VersionRecorded"}),
    ("healer", "StateVersionRecorded"): frozenset({"Care.Learned"}),
}
"""(consumer, fact) → the one event that applying such a fact always leaves in the consumer's own store."""

DIRECT: Final[frozenset[str]] = frozenset(
    {
        "Request.Planned", "Request.PlanningFailed", "Request.Executing", "Request.Verifying", "Request.VersionRecorded",
        "PlanRequest.Wished", "PlanRequest.Approved",
        "Execution.StepCompleted", "Execution.StepRetried", "Execution.CancelAsked",
        "Operation.Accepted", "Deployment.Requested", "Deployment.PlanReleased", "Deployment.VersionRecorded", "Deployment.VersionMarkedGood", "Resource.DriftNoted",
        "Incident.Opened", "Incident.Changed", "Incident.RemedyStarted", "Incident.RemedySucceeded", "Care.Learned",
    }
)  # fmt: skip
"""Events that are saved in the transaction that applies the fact they follow from, never later by an effect: their
order in the consumer's log is the order in which it applied facts."""

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "Deployments.Approve": ("Request.ApprovalGiven", "approver"),
    "Deployments.Reject": ("Request.Rejected", "by"),
    "Deployments.Cancel": ("Request.CancellationRequested", "by"),
    "Deployments.Execute": ("Request.ExecutionWanted", "by"),
}
"""Method → the event that it leaves in the request's stream, and the attribute that names who called."""

SUBMIT: Final = "Deployments.Submit"
PROPOSE: Final = "Deployments.Propose"
MUTATING: Final = frozenset(map(methods.action, methods.MUTATING)) - {PROPOSE}
"""What clients call and what is audited."""
FORWARDED: Final = frozenset(methods.action(name) for name in methods.FORWARDED if name in methods.MUTATING)
"""Commands for other services: on record as allowed before they are sent on, and once more when those refuse them."""
CLOUD_DELETE, CLOUD_CHANGE = "Cloud.Delete", "Cloud.Change"

REQUEST_ENDS: Final = frozenset({"Request.Ended", "Request.Rejected", "Request.PlanningFailed", "Request.NothingToChange"})
REQUEST_WAITS: Final = frozenset({"Request.ApprovalRequested", "Request.ApprovalGiven"})
REQUEST_RUNS: Final = frozenset({"Request.Approved", "Request.Executing", "Request.Verifying"})
PLAN_OPEN: Final = frozenset({"PlanRequest.Wished", "PlanRequest.Approved"})
"""A drafted plan waits for people, or for nobody when nothing is to be changed."""
EXECUTION_ENDS: Final = frozenset({"Execution.Verified", "Execution.Failed", "Execution.RolledBack", "Execution.Cancelled"})
EXECUTION_BAD_ENDS: Final = frozenset({"Execution.Failed"})
"""What was done stays for people to look at."""
OPERATION_ENDS: Final = frozenset({"Operation.Succeeded", "Operation.Failed"})
INCIDENT_ENDS: Final = frozenset({"Incident.Closed", "Incident.Escalated", "Incident.ApprovalAwaited"})
"""Over, or waiting for people."""

TIMERS: Final = frozenset({"expire-approval", "check", "decide"})
"""Kinds of outside work that may lie in the future at the end of a run: approvals that expire, looks at what was
mended, decisions that wait for a window."""

STACK: Final = "AWS::CloudFormation::Stack"
LISTED: Final = frozenset(
    {
        STACK, "AWS::SQS::Queue", "AWS::SNS::Topic", "AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::IAM::Role",
        "AWS::EC2::VPC", "AWS::EC2::Subnet", "AWS::EC2::SecurityGroup",
    }
)  # fmt: skip
"""Native types whose members the collector lists."""
