"""What executions mean for drift: what they touch is not checked, and when they end somebody should look."""

from datetime import timedelta
from typing import Final

from deployforge_chassis.facts import Effects, Fact, Heard
from deployforge_chassis.shredding import Shredding

from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.messages import ExecutionEnded, ExecutionStarted

_SOON_SECONDS: Final = 1.0
"""The state-manager gets this long to say what is desired now."""


class Hearing:
    """Handlers for facts of the orchestrator."""

    def __init__(self, app: DriftDetector) -> None:
        self._app = app

    def heard(self) -> Heard:
        """The subscription list."""
        return {
            "orchestrator.executions": {
                "ExecutionStarted": self.started,
                "ExecutionVerified": self.ended,
                "VerificationFailed": self.ended,
                "ExecutionFailed": self.ended,
                "ExecutionRolledBack": self.ended,
                "ExecutionCancelled": self.ended,
            },
            "state-manager.states": {"DeploymentShredded": self.shredded},
        }

    def shredded(self, fact: Fact) -> Effects:
        """Nothing is kept of that deployment any more."""
        return Shredding(self._app.database, self._app.sealer).heard(fact)

    def started(self, fact: Fact) -> Effects:
        """Its resources are being changed until it ends; ExecutionCompleted is not yet the end, it is read back."""
        about = fact.read(ExecutionStarted)
        return Effects(
            writes=self._app.stores.executions.started(
                about.deployment_id, about.execution_id, about.urns, fact.occurred_at
            )
        )

    def ended(self, fact: Fact) -> Effects:
        """However it ended, look at the deployment soon."""
        about = fact.read(ExecutionEnded)
        stores = self._app.stores
        verified = fact.type == "ExecutionVerified"
        soon = self._app.clock.now() + timedelta(seconds=_SOON_SECONDS)
        return Effects(
            writes=(
                stores.executions.ended(about.execution_id, verified=verified, at=fact.occurred_at),
                stores.schedule.recheck(about.deployment_id, soon),
            )
        )
