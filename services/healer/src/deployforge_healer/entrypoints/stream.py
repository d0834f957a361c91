"""What is heard: the subscription list."""

from deployforge_chassis.facts import Heard
from deployforge_chassis.shredding import Shredding

from deployforge_healer.application.healer import Healer


def heard(app: Healer, shredding: Shredding) -> Heard:
    """Topic → fact → handler."""
    return {
        "drift-detector.drift": {"DriftDetected": app.drift_detected, "DriftResolved": app.drift_resolved},
        "state-manager.states": {"StateVersionRecorded": app.version_recorded, "DeploymentShredded": shredding.heard},
        "control-plane.deployments": {
            "ApprovalRequested": app.approval_requested,
            "PlanApproved": app.plan_approved,
            "PlanRejected": app.plan_rejected,
        },
        "orchestrator.executions": {
            "ExecutionStarted": app.execution_started,
            "ExecutionVerified": app.execution_verified,
            "PlanFailed": app.proposal_failed,
            "PlanStale": app.proposal_failed,
            # Also after a failed verification, whose own fact says less.
            "ExecutionFailed": app.proposal_failed,
            "ExecutionRolledBack": app.proposal_failed,
            "ExecutionCancelled": app.proposal_failed,
        },
    }
