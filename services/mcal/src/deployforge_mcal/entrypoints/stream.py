"""The subscription list."""

from deployforge_chassis.facts import Heard
from deployforge_chassis.shredding import Shredding

from deployforge_mcal.application.mcal import Mcal


def heard(app: Mcal, shredding: Shredding) -> Heard:
    """topic → fact → handler."""
    return {
        "orchestrator.operations": {"OperationRequested": app.operation_requested},
        "drift-detector.scans": {"ScanRequested": app.scan_requested},
        "state-manager.desired": {"DesiredState": app.desired_state},
        "state-manager.states": {"DeploymentShredded": shredding.heard},
    }
