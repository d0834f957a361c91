"""What is known of a deployment's healing: its policy, its size, whether it is paused."""

from uuid import UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event


class Care(Aggregate):
    """One for each deployment."""

    @event("Taken")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id
        self.healing_json = ""
        self.policy_digest = ""
        self.state_version = 0
        self.desired_version = 0
        self.resources = 0
        self.paused = False

    @staticmethod
    def create_id(deployment_id: UUID) -> UUID:
        """A deployment has one."""
        return uuid5(deployment_id, "care")

    def learn(
        self, healing_json: str, policy_digest: str, state_version: int, desired_version: int, resources: int
    ) -> None:
        """The policy that is in force since this version; older ones change nothing."""
        if state_version > self.state_version:
            self._learned(
                healing_json=healing_json, policy_digest=policy_digest, state_version=state_version,
                desired_version=desired_version, resources=resources,
            )  # fmt: skip

    @event("Learned")
    def _learned(
        self, healing_json: str, policy_digest: str, state_version: int, desired_version: int, resources: int
    ) -> None:
        self.healing_json = healing_json
        self.policy_digest = policy_digest
        self.state_version = state_version
        self.desired_version = desired_version
        self.resources = resources

    def admit(self, request_id: str) -> None:
        """A remedy starts. Two decisions that knew nothing of each other cannot both be saved, nor one that knew
        nothing of a pause: whoever comes second loads this again, and decides again.
        """
        self._admitted(request_id=request_id)

    @event("Admitted")
    def _admitted(self, request_id: str) -> None:
        """Only its place in the stream matters."""

    def pause(self, by: str, reason: str) -> None:
        """No remedy is started."""
        if not self.paused:
            self._paused(by=by, reason=reason)

    @event("Paused")
    def _paused(self, by: str, reason: str) -> None:
        self.paused = True

    def resume(self, by: str) -> None:
        """Remedies may start again."""
        if self.paused:
            self._resumed(by=by)

    @event("Resumed")
    def _resumed(self, by: str) -> None:
        self.paused = False
