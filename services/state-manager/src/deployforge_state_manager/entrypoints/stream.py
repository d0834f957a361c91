"""What is heard: the subscription list."""

from deployforge_chassis.facts import Heard

from deployforge_state_manager.application.shredding import Shredder
from deployforge_state_manager.application.state_manager import StateManager


def heard(app: StateManager, shredder: Shredder) -> Heard:
    """Topic → fact → handler."""
    return {
        "orchestrator.executions": {
            "ResourceVerified": app.resource_verified,
            "ResourceRemoved": app.resource_removed,
            "ExecutionVerified": app.execution_verified,
        },
        "control-plane.deployments": {
            "DeploymentRequested": app.deployment_requested,
            "PlanApproved": app.plan_approved,
            "ComplianceReported": app.compliance_reported,
            "ShredRequested": shredder.shred_requested,
        },
        "mcal.listings": {"UnmanagedListed": app.unmanaged_listed},
        "drift-detector.drift": {"DriftDetected": app.drift_detected, "DriftResolved": app.drift_resolved},
    }
