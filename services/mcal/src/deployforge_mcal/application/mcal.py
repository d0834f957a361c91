"""What this service can be asked: compile, check, observe, keep credentials; and what it hears."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from deployforge_chassis import canonical
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import NOTHING, Effects, Fact
from deployforge_chassis.sealing import Sealer
from eventsourcing.application import AggregateNotFoundError
from pydantic import TypeAdapter

from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.application.messages import DesiredState, OperationRequested, ScanRequested
from deployforge_mcal.application.ports import CloudProvider, FillsIn, InvalidUnit, LimitsUnits, UnknownProvider
from deployforge_mcal.application.secrets import Secrets
from deployforge_mcal.application.stores import Index, RootVault
from deployforge_mcal.application.topology import Topology
from deployforge_mcal.domain import references
from deployforge_mcal.domain.catalogue import TypeDoc, merged
from deployforge_mcal.domain.difference import in_types_of
from deployforge_mcal.domain.operation import Operation, Order, Unit
from deployforge_mcal.domain.units import CompiledUnit, Problem, ResourceSpec, UnitSpec

#: Owner of what belongs to no deployment: root credentials, scans, credentials for reading.
SYSTEM: Final = UUID("b1f1d9a2-6c0e-5d6f-9e57-6a1f7f0c2d11")
OPERATION: Final = "operation"
SCAN: Final = "scan"

_UNIT: Final = TypeAdapter(CompiledUnit)
_REQUEST: Final = TypeAdapter(OperationRequested)
_SCAN: Final = TypeAdapter(ScanRequested)


class Mcal(EventSourcedApplication):
    """The cloud layer."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        providers: Mapping[str, CloudProvider],
        vault: RootVault,
        index: Index,
        clock: Clock,
        secrets: Secrets,
        addressing: Addressing,
        topology: Topology,
    ) -> None:
        super().__init__(database, sealer, name="mcal")
        self.providers = providers
        self.vault = vault
        self.index = index
        self.clock = clock
        self.secrets = secrets
        self.addressing = addressing
        self.topology = topology
        self.queue = EffectQueue(self, sealer)
        self.bodies = Bodies(database, sealer)

    def provider(self, type: str) -> CloudProvider:
        """The adapter of a provider type. Raises UnknownProvider."""
        if type not in self.providers:
            raise UnknownProvider(type)
        return self.providers[type]

    # --- asked ----------------------------------------------------------------------------------------

    def check(self, resources: Sequence[tuple[str, ResourceSpec]]) -> list[Problem]:
        """(provider type, declaration) → problems."""
        resources, found = self.addressing.checked(resources)
        found += self.secrets.problems([spec for _, spec in resources])
        for provider_type, spec in resources:
            if provider_type in self.providers:
                found += self.providers[provider_type].check([spec])
            else:
                known = ", ".join(sorted(self.providers))
                found.append(Problem(f"{spec.name}.provider", f"no adapter serves {provider_type}", f"one of {known}"))
        return found

    def compile(self, spec: UnitSpec) -> tuple[str, CompiledUnit]:
        """The digest under which the compiled unit is stored, and the unit. Raises InvalidUnit, UnknownProvider."""
        provider = self.provider(spec.scope.provider_type)
        if problems := self.secrets.problems(spec.resources):
            raise InvalidUnit(problems)
        unit = self.secrets.marked(provider.compile(self.addressing.given(spec)))
        body = canonical.dumps(_UNIT.dump_python(unit, mode="json")).encode()
        digest, write = self.bodies.put(UUID(spec.deployment_id), body)
        self.commit(Effects(writes=(write,)))
        return digest, unit

    def too_many_types(self, unit: CompiledUnit) -> bool:
        """Whether units with fewer types would have credentials that say exactly what they need."""
        provider = self.provider(unit.scope.provider_type)
        return isinstance(provider, LimitsUnits) and provider.too_many_types(unit)

    def too_large(self, unit: CompiledUnit) -> bool:
        """Whether units with fewer resources would have room to grow."""
        provider = self.provider(unit.scope.provider_type)
        return isinstance(provider, LimitsUnits) and provider.too_large(unit)

    def filled(
        self, provider_type: str, type: str, desired: Mapping[str, Any], known: Mapping[str, Any], held: Any = None
    ) -> dict[str, Any]:
        """What a declaration's values are once `known` are, in the types of what is `held`; what still holds a reference
        is Unresolved."""
        provider = self.providers.get(provider_type)
        if isinstance(provider, FillsIn):
            values = provider.filled(type, desired, known)
        else:
            values = references.substitute(dict(desired), known)
        found: dict[str, Any] = in_types_of(values, held)
        return found

    def compiled(self, digest: str) -> CompiledUnit:
        """What was compiled. Raises BodyNotFound."""
        return _UNIT.validate_json(self.bodies.get(digest))

    def types(self) -> list[TypeDoc]:
        """Unified types with the support of every provider."""
        return merged({name: provider.types() for name, provider in sorted(self.providers.items())})

    def native_types(self) -> list[str]:
        """Native types as they are declared."""
        return [f"{name}/{native}" for name, p in sorted(self.providers.items()) for native in p.native_types()]

    # --- heard ----------------------------------------------------------------------------------------

    def operation_requested(self, fact: Fact) -> Effects:
        """Accept an operation, once."""
        message = fact.read(OperationRequested)
        if self.operation(message.operation_id) is not None:
            return NOTHING
        deployment_id = UUID(message.deployment_id)
        order = Order(
            message.deployment_id, message.namespace, message.name, message.operation_id, message.execution_id,
            message.step_id, message.unit_id, message.unit_name, message.verb, message.template_digest,
            dict(message.inputs),
        )  # fmt: skip
        operation = Operation(deployment_id=deployment_id, order=order, at=self.clock.now())
        payload = _REQUEST.dump_python(message, mode="json")
        # Operations on one unit wait for each other in the order in which they were asked for.
        lane = f"{message.deployment_id}/{message.unit_id}"
        intent = self.queue.enqueue(OPERATION, message.operation_id, payload, deployment_id=deployment_id, lane=lane)
        return Effects((operation,), (intent,))

    def scan_requested(self, fact: Fact) -> Effects:
        """Note a scan to be made."""
        message = fact.read(ScanRequested)
        payload = _SCAN.dump_python(message, mode="json")
        return Effects(writes=(self.queue.enqueue(SCAN, message.scan_id, payload, deployment_id=SYSTEM),))

    def desired_state(self, fact: Fact) -> Effects:
        """Keep what scans need to know of a resource, and what networks are made of."""
        write = self.index.drop(fact.key) if fact.value is None else self.index.put(fact.read(DesiredState))
        return Effects(writes=(write, *self.topology.heard(fact)))

    # --- aggregates -----------------------------------------------------------------------------------

    def operation(self, operation_id: str) -> Operation | None:
        """An operation, if it is known."""
        found: Operation | None = self._found(UUID(operation_id))
        return found

    def unit(self, deployment_id: UUID, unit_id: str) -> Unit:
        """A unit; a new one, not saved yet, when it was never changed."""
        return self._found(Unit.create_id(deployment_id, unit_id)) or Unit(deployment_id=deployment_id, unit_id=unit_id)

    def _found(self, id: UUID) -> Any:
        try:
            return self.repository.get(id)
        except AggregateNotFoundError:
            return None
