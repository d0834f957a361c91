"""Operations on units: accepted → started → succeeded or failed; and the generation of a unit, which scans compare."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event

from deployforge_mcal.domain.units import Outcome


@dataclass(frozen=True)
class Order:
    """What was asked for, with what names it everywhere."""

    deployment_id: str
    namespace: str
    name: str
    operation_id: str
    execution_id: str
    step_id: str
    unit_id: str
    unit_name: str
    verb: str
    template_digest: str | None = None
    inputs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """Why an operation failed, in words for people and for machines."""

    code: str
    message: str
    hint: str | None = None
    urn: str | None = None
    retryable: bool = False
    restored: bool = False
    """The unit is as it was before the operation; claimed only after reading."""


class OperationOver(Exception):
    """The operation has already succeeded or failed."""


class UnitBusy(Exception):
    """Another operation is changing the unit."""

    def __init__(self, unit_id: str, running: str) -> None:
        super().__init__(f"unit {unit_id} is being changed by operation {running}")
        self.running = running


class Operation(Aggregate):
    """One operation; its id is the orchestrator's, so asking twice is asking once."""

    class Event(Aggregate.Event):
        pass

    class Accepted(Event, Aggregate.Created):
        order: Order
        at: datetime

    class Started(Event):
        at: datetime

    class Succeeded(Event):
        order: Order
        outcomes: tuple[Outcome, ...]
        generation: int
        template_digest: str | None
        at: datetime

    class Failed(Event):
        order: Order
        failure: Failure
        generation: int
        at: datetime

    @event(Accepted)
    def __init__(self, deployment_id: UUID, order: Order, at: datetime) -> None:
        self.deployment_id = deployment_id
        self.order = order
        self.status = "accepted"

    @staticmethod
    def create_id(order: Order) -> UUID:
        """The operation's own id."""
        return UUID(order.operation_id)

    @property
    def over(self) -> bool:
        """Whether nothing more will happen."""
        return self.status in ("succeeded", "failed")

    def start(self, at: datetime) -> None:
        """Say that work has begun; saying it again changes nothing."""
        self._guard()
        if self.status == "accepted":
            self._start(at=at)

    def succeed(self, outcomes: tuple[Outcome, ...], generation: int, template_digest: str | None, at: datetime) -> None:
        """Conclude. Raises OperationOver."""
        self._guard()
        self._succeed(order=self.order, outcomes=outcomes, generation=generation, template_digest=template_digest, at=at)

    def fail(self, failure: Failure, generation: int, at: datetime) -> None:
        """Conclude. Raises OperationOver."""
        self._guard()
        self._fail(order=self.order, failure=failure, generation=generation, at=at)

    def _guard(self) -> None:
        if self.over:
            raise OperationOver(f"operation {self.id} has {self.status}")

    @event(Started)
    def _start(self, at: datetime) -> None:
        self.status = "started"

    @event(Succeeded)
    def _succeed(
        self, order: Order, outcomes: tuple[Outcome, ...], generation: int, template_digest: str | None, at: datetime
    ) -> None:
        self.status = "succeeded"

    @event(Failed)
    def _fail(self, order: Order, failure: Failure, generation: int, at: datetime) -> None:
        self.status = "failed"


class Unit(Aggregate):
    """One native deployment. Its generation grows by one when an operation begins and by one when it ends."""

    class Event(Aggregate.Event):
        pass

    class Known(Event, Aggregate.Created):
        unit_id: str

    class ChangeBegan(Event):
        operation_id: str

    class ChangeEnded(Event):
        operation_id: str
        template_digest: str | None
        inputs: dict[str, str]

    @event(Known)
    def __init__(self, deployment_id: UUID, unit_id: str) -> None:
        self.deployment_id = deployment_id
        self.unit_id = unit_id
        self.generation = 0
        self.running = ""
        self.template_digest: str | None = None
        self.inputs: dict[str, str] = {}

    @staticmethod
    def create_id(deployment_id: UUID, unit_id: str) -> UUID:
        """One unit per deployment and unit id."""
        return uuid5(NAMESPACE_URL, f"deployforge:unit:{deployment_id}:{unit_id}")

    def begin(self, operation_id: str) -> None:
        """Reserve the unit; again by the same operation changes nothing. Raises UnitBusy."""
        if self.running == operation_id:
            return
        if self.running:
            raise UnitBusy(self.unit_id, self.running)
        self._begin(operation_id=operation_id)

    def end(self, operation_id: str, template_digest: str | None, inputs: Mapping[str, str]) -> None:
        """Release the unit and remember the template and inputs that it has now."""
        self._end(operation_id=operation_id, template_digest=template_digest, inputs=dict(inputs))

    @event(ChangeBegan)
    def _begin(self, operation_id: str) -> None:
        self.generation += 1
        self.running = operation_id

    @event(ChangeEnded)
    def _end(self, operation_id: str, template_digest: str | None, inputs: dict[str, str]) -> None:
        self.generation += 1
        self.running = ""
        self.template_digest = template_digest
        self.inputs = inputs


@dataclass(frozen=True)
class Grant:
    """A credential that was made for one purpose; its secret parts are nowhere in it."""

    credential_ref: str
    session: str
    actions: tuple[str, ...]
    scope: tuple[str, ...]
    read_only: bool
    expires_at: datetime


class IssuedCredential(Aggregate):
    """The fact that a credential was made."""

    class Event(Aggregate.Event):
        pass

    class Issued(Event, Aggregate.Created):
        namespace: str
        name: str
        operation_id: str
        grant: Grant

    @event(Issued)
    def __init__(self, deployment_id: UUID, namespace: str, name: str, operation_id: str, grant: Grant) -> None:
        self.deployment_id = deployment_id
        self.grant = grant
