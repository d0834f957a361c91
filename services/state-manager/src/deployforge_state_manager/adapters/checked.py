"""Reading only what can be vouched for: every stream of a deployment is checked before anything is said of it.

What is read comes from read models, which follow from the events. Whoever plans or heals by it must know when those
events are not what was recorded, whether or not the rows that he reads were touched too.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.sealing import Tampered
from eventsourcing.application import AggregateNotFoundError

from deployforge_state_manager.application.ports import (
    NEWEST,
    DeploymentShredded,
    Point,
    RollbackInfo,
    Row,
    StateNotFound,
    StateReader,
)
from deployforge_state_manager.application.shredding import Shredder
from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.resource import Resource


class CheckedStateReader:
    """See ports.StateReader. Raises Tampered, naming stream and version, when a stream is damaged, and
    DeploymentShredded where there was a history."""

    def __init__(self, reader: StateReader, app: EventSourcedApplication, shredder: Shredder) -> None:
        self._reader, self._app, self._shredder = reader, app, shredder

    def version(self, namespace: str, name: str, at: Point = NEWEST) -> Row:
        """See ports.StateReader."""
        with self._known(namespace, name):
            row = self._reader.version(namespace, name, at)
        self._check(row["deployment_id"])
        return row

    def last_known_good(self, namespace: str, name: str) -> Row:
        """See ports.StateReader."""
        with self._known(namespace, name):
            row = self._reader.last_known_good(namespace, name)
        deployment = self._check(row["deployment_id"])
        if row["version"] not in deployment.good:
            raise Tampered(f"version {row['version']} of {namespace}/{name}, which was never marked good")
        return row

    def ways_back(self, namespace: str, name: str) -> RollbackInfo:
        """See ports.StateReader."""
        return self._reader.ways_back(namespace, name)

    def history(self, namespace: str, name: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """See ports.StateReader."""
        rows, more = self._reader.history(namespace, name, size, cursor)
        if rows:
            self._check(rows[0]["deployment_id"])
        elif not cursor:
            with self._known(namespace, name):
                raise StateNotFound(f"nothing is known of {namespace}/{name}")
        return rows, more

    def resource_history(self, namespace: str, name: str, urn: str, size: int, cursor: str) -> tuple[Sequence[Row], str]:
        """See ports.StateReader."""
        self.version(namespace, name)
        return self._reader.resource_history(namespace, name, urn, size, cursor)

    def resources(self, version: Row, at: Point = NEWEST) -> Sequence[Row]:
        """See ports.StateReader; `version` was read, and with it checked, here."""
        return self._reader.resources(version, at)

    def urns(self, deployment_id: UUID) -> Sequence[str]:
        """See ports.StateReader."""
        self._check(deployment_id)
        return self._reader.urns(deployment_id)

    @contextmanager
    def _known(self, namespace: str, name: str) -> Iterator[None]:
        try:
            yield
        except StateNotFound:
            if (gone := self._shredder.of(uuid5(NAMESPACE_URL, f"deployforge:{namespace}/{name}"))) is not None:
                raise DeploymentShredded(namespace, name, gone.by, gone.at) from None
            raise

    def _check(self, deployment_id: UUID) -> Deployment:
        try:
            deployment: Deployment = self._app.repository.get(Deployment.create_id(deployment_id))
        except AggregateNotFoundError:
            raise Tampered(f"deployment {deployment_id}, whose stream is missing") from None
        self._app.streams.check(deployment_id, [Resource.create_id(deployment_id, urn) for urn in deployment.urns])
        return deployment
