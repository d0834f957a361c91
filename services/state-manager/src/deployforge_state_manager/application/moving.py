"""Moves a deployment's whole history to another installation and takes one over."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, Protocol
from uuid import UUID

from deployforge_chassis.sealing import event_of
from eventsourcing.utils import get_topic

from deployforge_state_manager.application.ports import StateReader
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.domain import chain
from deployforge_state_manager.domain.chain import BadHistory
from deployforge_state_manager.domain.deployment import Deployment, Origin
from deployforge_state_manager.domain.resource import Resource

#: Classes of events are made by decorators, which no type checker follows.
_OF_DEPLOYMENT: Final[Any] = Deployment
_OF_RESOURCE: Final[Any] = Resource
_DEPLOYMENT: Final = "deployment"
#: Fields that an event is given by whoever stores it.
_OWN: Final = frozenset({"originator_id", "originator_version", "timestamp", "deployment_id"})


class DeploymentExists(Exception):
    """A deployment with that name has a history here."""

    def __init__(self, namespace: str, name: str) -> None:
        super().__init__(f"{namespace}/{name} exists here; a history is taken over only where there is none")


class Signatures(Protocol):
    """Signs what leaves, and tells who signed what arrives."""

    @property
    def certificate(self) -> str:
        """The own certificate, PEM."""
        ...

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`."""
        ...

    def verified(self, expected: str, certificate: str, signature: bytes, data: bytes) -> str:
        """The fingerprint of who signed. Raises UntrustedSigner."""
        ...


class Moving:
    """Exports and imports."""

    def __init__(self, app: StateManager, reader: StateReader, signatures: Signatures) -> None:
        self._app, self._reader, self._signatures = app, reader, signatures

    def export(self, namespace: str, name: str) -> Iterator[bytes]:
        """The lines of the file. Raises StateNotFound, or DamagedStream for what must not be handed on."""
        deployment_id = self._reader.version(namespace, name)["deployment_id"]
        deployment = self._app.deployment(deployment_id)
        urns = self._reader.urns(deployment_id)
        streams = [(_DEPLOYMENT, deployment.id), *((urn, Resource.create_id(deployment_id, urn)) for urn in urns)]
        header = {
            "deployment_id": str(deployment_id), "namespace": deployment.namespace, "name": deployment.name,
            "versions": deployment.latest, "resources": len(urns), "exported_at": datetime.now(UTC).isoformat(),
        }  # fmt: skip
        records = (record for name, id in streams for record in self._records(name, id))
        return chain.written(header, records, self._signatures.certificate, self._signatures.sign)

    def _records(self, stream: str, id: UUID) -> Iterator[Mapping[str, Any]]:
        # Loading a stream checks it whole; what is read then is what was stored.
        self._app.repository.get(id)
        for stored in self._app.recorder.select_events(id):
            kind, state = self._app.sealed.plain(stored)
            yield {
                "stream": stream, "position": stored.originator_version, "event": kind.__name__,
                "class_version": getattr(kind, "class_version", 1), "state": state,
            }  # fmt: skip

    def take_over(self, lines: Iterable[bytes], signer: str, by: str) -> tuple[Mapping[str, Any], str, int]:
        """Header, who signed, and how many events there are now. In one transaction, or not at all.

        Raises BadHistory naming the first bad record, UntrustedSigner, DeploymentExists.
        """
        header, records, signed_by = chain.read(lines, lambda *signed: self._signatures.verified(signer, *signed))
        try:
            deployment_id = UUID(header["deployment_id"])
        except (KeyError, ValueError):
            raise BadHistory(1, "it names no deployment") from None
        deployment = self._app.deployment(deployment_id)
        if deployment.latest:
            raise DeploymentExists(deployment.namespace, deployment.name)
        replay = _Replay(deployment)
        for number, record in enumerate(records, 2):
            replay.take(number, record)
        deployment.imported(Origin(signed_by, by, tuple(replay.recorded_at)))
        count = sum(len(a.pending_events) for a in replay.aggregates)
        self._app.commit(self._app.effects(*replay.aggregates))
        return header, signed_by, count


class _Replay:
    """Gives aggregates the events of a file. Their times are now: that is when they became known here."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._resources: dict[str, Resource] = {}
        self._position: dict[str, int] = {}
        self.recorded_at: list[datetime] = []
        """Of each version, when it was first recorded."""

    @property
    def aggregates(self) -> tuple[Any, ...]:
        return (self._deployment, *self._resources.values())

    def take(self, number: int, record: Mapping[str, Any]) -> None:
        """Apply one record. Raises BadHistory."""
        try:
            event = _event(record)
            stream, position = record["stream"], record["position"]
        except Exception as error:
            raise BadHistory(number, f"it is no event that is known here ({type(error).__name__})") from error
        if position != self._position.get(stream, 0) + 1:
            raise BadHistory(number, f"it is event {position} of {stream}, expected was another")
        self._position[stream] = position
        match event:
            case _OF_DEPLOYMENT.Opened():
                return
            case _OF_RESOURCE.Opened():
                made = Resource(self._deployment.deployment_id, event.namespace, event.name, event.urn, event.shard)
                self._resources[stream] = made
                return
            case _OF_DEPLOYMENT.Imported():
                # It has come a longer way: the first time that a version was recorded counts.
                self.recorded_at[: len(event.origin.recorded_at)] = event.origin.recorded_at
                return
            case _OF_DEPLOYMENT.VersionRecorded():
                self.recorded_at.append(event.timestamp)
        aggregate = self._deployment if stream == _DEPLOYMENT else self._resources.get(stream)
        if aggregate is None:
            raise BadHistory(number, f"nothing of {stream} comes before it")
        fields = {name: value for name, value in vars(event).items() if name not in _OWN}
        aggregate.trigger_event(type(event), **fields)


def _event(record: Mapping[str, Any]) -> Any:
    kind = getattr(Deployment if record["stream"] == _DEPLOYMENT else Resource, record["event"])
    return event_of(record, UUID(int=0), record["position"], get_topic(kind))
