"""Shredding a deployment: its keys and rows go, its upserts are tombstoned, and everybody is told."""

from collections.abc import Callable, Sequence
from uuid import UUID

from deployforge_chassis.clock import Clock
from deployforge_chassis.facts import NOTHING, Effects, Fact
from deployforge_chassis.sealing import NOBODY, Shredded, Tampered
from deployforge_chassis.shredding import Shredding as Eraser
from eventsourcing.application import AggregateNotFoundError

from deployforge_state_manager.application import messages
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.domain.resource import Resource
from deployforge_state_manager.domain.shredding import Gone, Shredding

#: Staged resources name their deployment by nothing but the seal of their body.
FIRST = ("DELETE FROM staged WHERE position(uuid_send(%s) IN body) > 0",)


class Shredder:
    """Hears the wish. `urns` are all resources that the read models ever knew of a deployment."""

    def __init__(self, app: StateManager, urns: Callable[[UUID], Sequence[str]], clock: Clock) -> None:
        self._app, self._urns, self._clock = app, urns, clock
        self._eraser = Eraser(app.database, app.sealer, FIRST)

    def shred_requested(self, fact: Fact) -> Effects:
        """Do it, in one transaction with the fact that tells the others. Hearing it again does nothing."""
        heard = fact.read(messages.ShredRequested)
        of = heard.deployment_id
        if self.of(of) is not None:
            return NOTHING
        shredding = Shredding(
            deployment_id=NOBODY, of=of, request_id=heard.request_id, namespace=heard.namespace, name=heard.name,
            by=heard.by, at=self._clock.now(), gone=tuple(gone for urn in self._urns(of) if (gone := self._gone(of, urn))),
        )  # fmt: skip
        return Effects((shredding,), self._eraser.erase(of))

    def of(self, deployment_id: UUID) -> Shredding | None:
        """That a deployment was shredded, or None."""
        try:
            found: Shredding = self._app.repository.get(Shredding.create_id(deployment_id))
        except AggregateNotFoundError:
            return None
        return found

    def _gone(self, of: UUID, urn: str) -> Gone | None:
        # Removed ones too: what said so may not be published yet, and cannot be any more.
        try:
            resource: Resource = self._app.repository.get(Resource.create_id(of, urn))
        except (AggregateNotFoundError, Tampered, Shredded):
            return None
        return Gone(urn, resource.shard, resource.resource_version + 1)
