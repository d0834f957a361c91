"""What is heard: the subscription list."""

from deployforge_chassis.facts import Heard
from deployforge_chassis.shredding import Shredding

from deployforge_orchestrator.application.orchestrator import Orchestrator


def heard(app: Orchestrator, shredding: Shredding) -> Heard:
    """Topic → fact → handler."""
    return {
        "control-plane.deployments": {
            "DeploymentRequested": app.deployment_requested,
            "PlanApproved": app.plan_approved,
            "PlanRejected": app.plan_rejected,
            "CancellationRequested": app.cancellation_requested,
        },
        "mcal.operations": {
            "OperationSucceeded": app.operation_succeeded,
            "OperationFailed": app.operation_failed,
        },
        "state-manager.states": {"DeploymentShredded": shredding.heard},
    }
