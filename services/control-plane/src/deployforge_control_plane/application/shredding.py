"""Shredding: wished here, done by every service when the state manager says so."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from deployforge_chassis import causality
from deployforge_chassis.causality import Causality
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.facts import Effects, Fact, Write
from deployforge_chassis.sealing import NOBODY
from deployforge_chassis.shredding import Shredding as Eraser

from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.messages import DeploymentShredded
from deployforge_control_plane.application.views import AuditRecord
from deployforge_control_plane.domain.refusals import DeploymentNotFound
from deployforge_control_plane.domain.shredding import Shredding, StillDeployed, StillRunning
from deployforge_control_plane.domain.values import deployment_id

FIRST: Final = (
    "DELETE FROM whereabouts WHERE id IN (SELECT view ->> 'execution_id' FROM requests WHERE deployment_id = %s)",
)
"""What refers to a deployment by its executions only."""


class Shredder:
    """The command, and what this service does about its outcome."""

    def __init__(self, app: ControlPlane) -> None:
        self._app = app
        self._eraser = Eraser(app.database, app.sealer, FIRST)

    def shred(self, request_id: UUID, namespace: str, name: str, force: bool, record: AuditRecord) -> UUID:
        """Ask for it; the deployment's id. Repeating it does nothing. Raises a Refusal."""
        of = deployment_id(namespace, name)
        if self._app.shredding(of) is not None:
            self._app.note(record)
            return of
        if running := self._app.stores.requests.running(of):
            raise StillRunning(namespace, name, running[0])
        if self._app.stores.deployed.get(of) is not None and not force:
            raise StillDeployed(namespace, name)
        if not self._app.stores.requests.known(of):
            raise DeploymentNotFound(namespace, name)
        wish = Shredding(
            deployment_id=NOBODY, of=of, request_id=request_id, namespace=namespace, name=name, by=record.actor,
            forced=force, at=self._app.clock.now(),
        )  # fmt: skip
        with causality.bound(Causality(str(request_id), str(request_id), "", record.actor)):
            try:
                self._app.commit(Effects((wish,), self._app.audited(record)))
            except VersionConflict:
                self._app.note(record)  # two asked at once
        return of

    def shredded(self, fact: Fact) -> Effects:
        """The state manager has done it: so does this service."""
        return Effects(writes=self.writes(fact.read(DeploymentShredded).deployment_id))

    def writes(self, of: UUID) -> Sequence[Write]:
        """What takes away everything that is kept here."""
        return self._eraser.erase(of)
