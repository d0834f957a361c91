"""The work of operations: reserve the unit, get a credential, call the cloud, record what became of it.

After a crash the same work comes again: the unit is still reserved for it, and the adapter reads what the first
attempt did before it does anything.
"""

import json
import traceback
from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

import structlog
from deployforge_chassis.bodies import BodyNotFound
from deployforge_chassis.effects import LostLease
from deployforge_chassis.effects import Work as EffectWork
from deployforge_chassis.eventstore import VersionConflict
from deployforge_chassis.facts import NOTHING, Effects, Write
from eventsourcing.persistence import PersistenceError
from pydantic import TypeAdapter

from deployforge_mcal.application.mcal import Mcal
from deployforge_mcal.application.messages import OperationRequested
from deployforge_mcal.application.ports import CloudProvider, ProviderFailure, Session, Tick, UnknownProvider, Work
from deployforge_mcal.application.secrets import SecretChanged, SecretUnavailable, SecretUse
from deployforge_mcal.application.stores import CredentialUnknown, Telemetry
from deployforge_mcal.domain.hints import hinted
from deployforge_mcal.domain.operation import Failure, IssuedCredential, Operation, Unit
from deployforge_mcal.domain.units import CompiledUnit, Outcome, Scope, Target

log = structlog.get_logger(__name__)

_REQUEST: Final = TypeAdapter(OperationRequested)
#: After this many unexpected errors an operation fails, so that whoever waits for it does not wait for ever.
_ATTEMPTS: Final = 5

_VERBS: Final[Mapping[str, Callable[[CloudProvider, Any, Work, Tick], list[Outcome]]]] = {
    "apply": lambda provider, session, work, tick: provider.apply(session, work, tick),
    "destroy": lambda provider, session, work, tick: provider.destroy(session, work, tick),
    "correct": lambda provider, session, work, tick: provider.correct(session, work, tick),
    "recreate": lambda provider, session, work, tick: provider.recreate(session, work, tick),
}


class Unexpected(Exception):
    """An error that nobody foresaw, in words that hold no secret."""

    def __init__(self, error: Exception, use: SecretUse) -> None:
        super().__init__(f"{type(error).__name__}: {use.scrub(str(error))}")
        # Where it was raised, as text: frames hold values.
        self.add_note(use.scrub("".join(traceback.format_tb(error.__traceback__))))


class Operations:
    """Does operations, one call of `work` each."""

    def __init__(self, app: Mcal, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    def work(self, effect: EffectWork) -> Effects:
        """See EffectWorkers: returns the outcome's effects, or raises to be tried again."""
        message = _REQUEST.validate_python(effect.payload)
        operation = self._app.operation(message.operation_id)
        if operation is None or operation.over:
            return NOTHING
        unit = self._reserve(operation, message)
        use = self._app.secrets.use(message.deployment_id, _scope(message))
        try:
            outcomes = [use.outcome(one) for one in self._touch(message, unit, effect, use)]
        except ProviderFailure as failed:
            return self._failed(operation, unit, use.failure(hinted(failed.failure)))
        except SecretChanged as changed:
            return self._failed(operation, unit, Failure("SECRET_CHANGED", str(changed), "plan again", restored=True))
        except SecretUnavailable as missing:
            hint = "put it where the reference says"
            failure = Failure("SECRET_UNAVAILABLE", str(missing), hint, retryable=missing.retryable, restored=True)
            return self._failed(operation, unit, failure)
        except (VersionConflict, PersistenceError, LostLease):
            raise
        except Exception as raised:
            # What it says may hold a secret, and will be logged: only its scrubbed words go on.
            error, kind = (Unexpected(raised, use) if use.used else raised), type(raised).__name__
        else:
            return self._succeeded(operation, unit, message, outcomes)
        # Out of the block above: there, whatever fails in its turn, be it logging, would print what was raised first.
        if effect.attempt < _ATTEMPTS:
            raise error
        log.error("operation given up", operation_id=message.operation_id, exc_info=error)
        failure = Failure("INTERNAL", f"an unexpected error of type {kind}", "see the log of mcal", retryable=True)
        return self._failed(operation, unit, failure)

    def _reserve(self, operation: Operation, message: OperationRequested) -> Unit:
        """Begin; raises UnitBusy while another operation has the unit."""
        unit = self._app.unit(operation.deployment_id, message.unit_id)
        if unit.running == message.operation_id:
            return unit
        unit.begin(message.operation_id)
        operation.start(self._app.clock.now())
        turn = self._app.index.turn(message.deployment_id, message.unit_id, unit.generation)
        self._app.commit(Effects((operation, unit), (turn,)))
        return unit

    def _touch(self, message: OperationRequested, unit: Unit, effect: EffectWork, use: SecretUse) -> list[Outcome]:
        act = _VERBS.get(message.verb)
        if act is None:
            raise ProviderFailure(Failure("INVALID", f"there is no verb {message.verb!r}", ", ".join(_VERBS)))
        work = self._work(message, unit, effect, use)
        try:
            provider = self._app.provider(message.provider_type)
            root = self._app.vault.get(message.credential_ref)
        except UnknownProvider as unknown:
            raise ProviderFailure(Failure("PROVIDER_UNKNOWN", str(unknown), restored=True)) from unknown
        except CredentialUnknown as unknown:
            hint = "store it: deployforge credentials put"
            raise ProviderFailure(Failure("CREDENTIAL_UNKNOWN", str(unknown), hint, restored=True)) from unknown
        if work.unit is not None and message.verb != "destroy":
            self._app.addressing.used(work.unit)
        session = provider.open(root, work)
        self._record(message, session)
        effect.hold()
        return act(provider, session, work, self._tick(message, use))

    def _record(self, message: OperationRequested, session: Session) -> None:
        """The fact comes before the use."""
        self._app.commit(
            Effects(
                (
                    IssuedCredential(
                        deployment_id=UUID(message.deployment_id), namespace=message.namespace, name=message.name,
                        operation_id=message.operation_id, grant=session.grant,
                    ),
                )
            )
        )  # fmt: skip

    def _work(self, message: OperationRequested, unit: Unit, effect: EffectWork, use: SecretUse) -> Work:
        previous = self._compiled(unit.template_digest, required=False)
        if message.verb == "apply" or message.template_digest:
            wanted, inputs = self._compiled(message.template_digest, required=True), message.inputs
        else:
            wanted, inputs = previous, unit.inputs
        return Work(
            token=message.operation_id,
            scope=_scope(message),
            deployment_id=message.deployment_id,
            unit_name=message.unit_name,
            unit=wanted,
            inputs=dict(inputs),
            previous=previous,
            previous_inputs=dict(unit.inputs),
            targets=tuple(
                Target(
                    t.urn,
                    t.type,
                    t.physical_id,
                    self._app.filled(message.provider_type, t.type, json.loads(t.desired_json or "{}"), {}),
                    t.paths,
                )
                for t in message.targets
            ),
            retain=message.retain,
            adopt=dict(message.adopt),
            replaces=message.replaces,
            resumed=effect.attempt > 1,
            secrets=use,
            hold=effect.hold,
        )

    def _compiled(self, digest: str | None, *, required: bool) -> CompiledUnit | None:
        try:
            if digest is not None:
                return self._app.compiled(digest)
        except BodyNotFound as gone:
            if required:
                raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", str(gone), "plan again", restored=True)) from gone
        return None

    def _succeeded(self, operation: Operation, unit: Unit, message: OperationRequested, outcomes: list[Outcome]) -> Effects:
        digest, inputs = unit.template_digest, unit.inputs
        if message.verb == "apply":
            digest, inputs = message.template_digest, dict(message.inputs)
        elif message.verb == "destroy":
            digest, inputs = None, {}
        unit.end(message.operation_id, digest, inputs)
        operation.succeed(tuple(outcomes), unit.generation, digest, self._app.clock.now())
        ended = self._ended(operation, unit)
        made = self._compiled(message.template_digest, required=False) if message.verb == "apply" else None
        settled = self._app.addressing.settled(made, outcomes)
        return Effects(ended.aggregates, (*ended.writes, *settled, *self._marks(message, made, outcomes)))

    def _marks(self, message: OperationRequested, made: CompiledUnit | None, outcomes: list[Outcome]) -> list[Write]:
        """Which secrets the resources have now."""
        desired: dict[str, Mapping[str, Any]] = {}
        if message.verb == "destroy":
            desired = {o.urn: {} for o in outcomes}
        elif made is not None:
            desired = {o.urn: {} for o in outcomes} | {r.urn: r.desired for r in made.resources}
        elif message.verb == "correct":
            desired = {t.urn: json.loads(t.desired_json or "{}") for t in message.targets if t.paths}
        marking = self._app.secrets.marking
        return [write for urn, values in desired.items() for write in marking.record(message.deployment_id, urn, values)]

    def _failed(self, operation: Operation, unit: Unit, failure: Failure) -> Effects:
        unit.end(str(operation.id), unit.template_digest, unit.inputs)
        operation.fail(failure, unit.generation, self._app.clock.now())
        ended = self._ended(operation, unit)
        wanted = operation.order.template_digest if failure.restored and operation.order.verb == "apply" else None
        if (made := self._compiled(wanted, required=False)) is None:
            return ended
        previous = self._compiled(unit.template_digest, required=False)
        return Effects(ended.aggregates, (*ended.writes, *self._app.addressing.undone(made, previous)))

    def _ended(self, operation: Operation, unit: Unit) -> Effects:
        turn = self._app.index.turn(str(operation.deployment_id), unit.unit_id, unit.generation)
        return Effects((operation, unit), (turn,))

    def _tick(self, message: OperationRequested, use: SecretUse) -> Tick:
        common = {
            name: getattr(message, name)
            for name in ("deployment_id", "namespace", "name", "operation_id", "execution_id", "step_id", "unit_id")
        }

        def say(urn: str | None, status: str, text: str | None) -> None:
            said = None if text is None else use.scrub(text)
            value = {**common, "urn": urn, "status": status, "message": said, "at": self._app.clock.now()}
            self._telemetry.try_send("mcal.progress", message.deployment_id, "OperationProgressed", value)

        return say


def _scope(message: OperationRequested) -> Scope:
    return Scope(message.provider_type, message.account, message.location, message.credential_ref)
