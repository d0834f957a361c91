"""`Plans` and `Executions`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.orchestrator.v1 import plans_pb2 as pb
from deployforge.orchestrator.v1 import plans_pb2_grpc
from deployforge_chassis.identity import CONTROL_PLANE
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_orchestrator.application.orchestrator import Orchestrator
from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.application.undeclared import Looked, Undeclared
from deployforge_orchestrator.domain.changes import Change
from deployforge_orchestrator.domain.execution import Execution
from deployforge_orchestrator.domain.outcomes import StepState
from deployforge_orchestrator.domain.plan import PlannedUnit
from deployforge_orchestrator.domain.refusals import NoPlan

_CONTROL_PLANE: Final = frozenset({CONTROL_PLANE})

RULES: Final[Mapping[str, frozenset[str]]] = {
    "/deployforge.orchestrator.v1.Plans/Get": _CONTROL_PLANE,
    "/deployforge.orchestrator.v1.Executions/Get": _CONTROL_PLANE,
    "/deployforge.orchestrator.v1.Executions/Verified": _CONTROL_PLANE,
    "/deployforge.orchestrator.v1.Executions/Undeclared": _CONTROL_PLANE,
}


class ExecutionNotFound(LookupError):
    """There is no such execution."""


class BadId(ValueError):
    """An id that is no UUID."""


STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    LookupError: grpc.StatusCode.NOT_FOUND,
    BadId: grpc.StatusCode.INVALID_ARGUMENT,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    NoPlan: grpc.StatusCode.FAILED_PRECONDITION,
}


class PlansApi(plans_pb2_grpc.PlansServicer):
    """Reads plans."""

    def __init__(self, app: Orchestrator) -> None:
        self._plans = app.plans

    def Get(self, request: pb.PlansGetRequest, context: grpc.ServicerContext) -> pb.PlansGetResponse:
        digest, plan = self._plans.by_id(request.plan_id)
        return pb.PlansGetResponse(
            plan=pb.Plan(
                plan_id=request.plan_id,
                plan_digest=digest,
                deployment_id=plan.deployment_id,
                deployment=common_pb2.DeploymentRef(namespace=plan.namespace, name=plan.name),
                base_version=plan.base_version,
                units=[_unit(unit) for unit in plan.units],
                changes=[_change(change) for change in plan.changes],
                warnings=plan.warnings,
                monthly_cost_delta_usd=plan.monthly_cost_delta_usd,
                action=plan.action,
            )
        )


class ExecutionsApi(plans_pb2_grpc.ExecutionsServicer):
    """Reads executions."""

    def __init__(self, app: Orchestrator, undeclared: Undeclared) -> None:
        self._app, self._undeclared = app, undeclared

    def Get(self, request: pb.ExecutionsGetRequest, context: grpc.ServicerContext) -> pb.ExecutionsGetResponse:
        execution = self._execution(request.execution_id)
        return pb.ExecutionsGetResponse(
            execution=pb.Execution(
                execution_id=request.execution_id,
                plan_id=execution.brief.plan_id,
                request_id=execution.brief.request_id,
                state=execution.state,
                steps=[_step(step) for step in execution.steps.values()],
                reason=execution.reason,
            )
        )

    def Verified(self, request: pb.VerifiedRequest, context: grpc.ServicerContext) -> Iterator[pb.VerifiedResponse]:
        for resource in self._execution(request.execution_id).verified:
            yield pb.VerifiedResponse(
                urn=resource.urn,
                type=resource.type,
                physical_id=resource.physical_id,
                desired_json=resource.desired_json,
                actual_json=resource.actual_json,
            )

    def Undeclared(self, request: pb.UndeclaredRequest, context: grpc.ServicerContext) -> pb.UndeclaredResponse:
        found = self._undeclared.of(request.deployment.namespace, request.deployment.name)
        return pb.UndeclaredResponse(resources=map(_looked, found))

    def _execution(self, id: str) -> Execution:
        try:
            found = self._app.find(Execution, UUID(id))
        except ValueError as error:
            raise BadId(f"{id!r} is no execution id") from error
        if found is None:
            raise ExecutionNotFound(f"no execution {id}")
        return found


def _unit(unit: PlannedUnit) -> pb.Unit:
    p = unit.place
    return pb.Unit(
        unit_id=p.unit_id, name=p.name, provider=p.provider, account=p.account, location=p.location, stage=p.stage,
        part=p.part, depends_on=unit.depends_on, resources=unit.resources,
    )  # fmt: skip


def _change(change: Change) -> pb.ResourceChange:
    return pb.ResourceChange(
        urn=change.urn,
        name=change.name,
        type=change.type,
        native_type=change.native_type,
        action=pb.ChangeAction.Value(f"CHANGE_ACTION_{change.action.upper()}"),
        attributes=[
            common_pb2.AttributeChange(
                path=a.path, before_json=a.before_json, after_json=a.after_json, unknown=a.unknown,
                requires_replacement=a.requires_replacement,
            )
            for a in change.attributes
        ],
        replacement_reason=change.replacement_reason,
        unit_id=change.unit_id,
        depends_on=change.depends_on,
        physical_id=change.physical_id,
    )  # fmt: skip


def _looked(one: Looked) -> pb.UndeclaredResource:
    attributes = [
        common_pb2.AttributeChange(path=c.path, before_json=c.before_json, after_json=c.after_json) for c in one.changes
    ]
    return pb.UndeclaredResource(urn=one.urn, type=one.type, attributes=attributes, reason=one.reason)


def _step(step: StepState) -> pb.Step:
    return pb.Step(
        step_id=step.plan.step_id, unit_id=step.plan.unit.unit_id, verb=step.plan.verb, state=step.state,
        operation_id=step.operation_id, error=step.error, started_at=_timestamp(step.started_at),
        ended_at=_timestamp(step.ended_at),
    )  # fmt: skip


def _timestamp(at: datetime | None) -> Timestamp | None:
    if at is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
