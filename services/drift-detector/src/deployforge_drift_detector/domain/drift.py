"""The drift of one resource: one episode after another, each detected, perhaps changed, and resolved.

An observation has a sequence, that of its scan within the resource's shard. What is older than, or the same as, what
was decided upon last changes nothing, so repeated and reordered observations are harmless.
"""

from datetime import datetime
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_drift_detector.domain.finding import Finding
from deployforge_drift_detector.domain.impact import Downstream, Impact

_KIND: Final = "deployforge:drift:"


def drift_id(urn: str, episode: int) -> UUID:
    """The id of one episode of a resource's drift; the same wherever it is computed."""
    return uuid5(NAMESPACE_URL, f"{_KIND}{urn}#{episode}")


class AlreadyDecided(Exception):
    """A newer observation, or the same one, has been decided upon."""

    def __init__(self, urn: str, sequence: int, decided: int) -> None:
        super().__init__(f"{urn} was decided upon in scan {decided}, this is scan {sequence}")
        self.urn, self.sequence, self.decided = urn, sequence, decided


class NoOpenDrift(Exception):
    """There is nothing to resolve."""

    def __init__(self, urn: str) -> None:
        super().__init__(f"{urn} has no open drift")
        self.urn = urn


class SameDrift(Exception):
    """The open drift is this one already."""

    def __init__(self, urn: str, fingerprint: str) -> None:
        super().__init__(f"{urn} already drifts in this way")
        self.urn, self.fingerprint = urn, fingerprint


class Drift(Aggregate):
    """All drift of one resource; episodes count from 1."""

    class Event(Aggregate.Event):
        """Every event names the resource and its deployment."""

        namespace: str
        name: str
        urn: str

    class Watched(Event, Aggregate.Created):
        pass

    class Seen(Event):
        """What was seen, where and when. The first kind did not count beyond `impact`, nor name outputs."""

        class_version = 2
        episode: int
        type: str
        finding: Finding
        impact: tuple[Impact, ...]
        affected: int
        outputs: tuple[str, ...]
        scan_id: str
        sequence: int
        desired_version: int
        physical_id: str
        observed_at: datetime
        detected_at: datetime

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """As many were affected as were named."""
            state["affected"], state["outputs"] = len(state["impact"]), []

    class Detected(Seen):
        """A resource that was as desired is not."""

    class Changed(Seen):
        """It differs in another way than it did."""

    class Resolved(Event):
        episode: int
        how: str
        scan_id: str | None
        sequence: int
        resolved_at: datetime

    @staticmethod
    def create_id(urn: str) -> UUID:
        return uuid5(NAMESPACE_URL, f"{_KIND}{urn}")

    @event(Watched)
    def __init__(self, urn: str, deployment_id: UUID, namespace: str, name: str) -> None:
        self.urn = urn
        self.deployment_id = deployment_id
        self.namespace, self.name = namespace, name
        self.episode = 0
        self.sequence = -1
        self.open = False
        self.finding: Finding | None = None
        self.downstream = Downstream()
        self.type = self.scan_id = self.physical_id = self.how = ""
        self.desired_version = 0
        self.detected_at: datetime | None = None
        self.observed_at: datetime | None = None
        self.resolved_at: datetime | None = None

    @property
    def id_of_episode(self) -> UUID:
        """The drift id of the current episode."""
        return drift_id(self.urn, self.episode)

    def see(
        self,
        finding: Finding,
        downstream: Downstream,
        *,
        type: str,
        scan_id: str,
        sequence: int,
        desired_version: int,
        physical_id: str,
        observed_at: datetime,
        now: datetime,
    ) -> None:
        """A scan found this. Raises AlreadyDecided, SameDrift."""
        self._newer(sequence)
        if self.open and self.finding is not None and self.finding.fingerprint == finding.fingerprint:
            raise SameDrift(self.urn, finding.fingerprint)
        seen = self._changed if self.open else self._detected
        seen(
            namespace=self.namespace,
            name=self.name,
            urn=self.urn,
            episode=self.episode if self.open else self.episode + 1,
            type=type,
            finding=finding,
            impact=downstream.impact,
            affected=downstream.affected,
            outputs=downstream.outputs,
            scan_id=scan_id,
            sequence=sequence,
            desired_version=desired_version,
            physical_id=physical_id,
            observed_at=observed_at,
            detected_at=now,
        )

    def resolve(self, how: str, *, scan_id: str | None, sequence: int | None, now: datetime) -> None:
        """It is over: `observed`, `desired-changed` or `removed`; a removal comes from no scan.

        Raises NoOpenDrift, AlreadyDecided.
        """
        if not self.open:
            raise NoOpenDrift(self.urn)
        if sequence is not None:
            self._newer(sequence)
        self._resolved(
            namespace=self.namespace,
            name=self.name,
            urn=self.urn,
            episode=self.episode,
            how=how,
            scan_id=scan_id,
            sequence=self.sequence if sequence is None else sequence,
            resolved_at=now,
        )

    def _newer(self, sequence: int) -> None:
        if sequence <= self.sequence:
            raise AlreadyDecided(self.urn, sequence, self.sequence)

    @event(Detected)
    def _detected(
        self, namespace: str, name: str, urn: str, episode: int, type: str, finding: Finding,
        impact: tuple[Impact, ...], affected: int, outputs: tuple[str, ...], scan_id: str, sequence: int,
        desired_version: int, physical_id: str, observed_at: datetime, detected_at: datetime,
    ) -> None:  # fmt: skip
        self.episode, self.detected_at, self.open = episode, detected_at, True
        self.resolved_at, self.how = None, ""
        self._assign(
            type,
            finding,
            Downstream(impact, affected, outputs),
            scan_id,
            sequence,
            desired_version,
            physical_id,
            observed_at,
        )

    @event(Changed)
    def _changed(
        self, namespace: str, name: str, urn: str, episode: int, type: str, finding: Finding,
        impact: tuple[Impact, ...], affected: int, outputs: tuple[str, ...], scan_id: str, sequence: int,
        desired_version: int, physical_id: str, observed_at: datetime, detected_at: datetime,
    ) -> None:  # fmt: skip
        self._assign(
            type,
            finding,
            Downstream(impact, affected, outputs),
            scan_id,
            sequence,
            desired_version,
            physical_id,
            observed_at,
        )

    @event(Resolved)
    def _resolved(
        self, namespace: str, name: str, urn: str, episode: int, how: str, scan_id: str | None, sequence: int,
        resolved_at: datetime,
    ) -> None:  # fmt: skip
        self.open, self.how, self.resolved_at, self.sequence = False, how, resolved_at, sequence

    def _assign(
        self, type: str, finding: Finding, downstream: Downstream, scan_id: str, sequence: int,
        desired_version: int, physical_id: str, observed_at: datetime,
    ) -> None:  # fmt: skip
        self.type, self.finding, self.downstream = type, finding, downstream
        self.scan_id, self.sequence = scan_id, sequence
        self.desired_version, self.physical_id, self.observed_at = desired_version, physical_id, observed_at
