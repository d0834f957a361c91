"""Plans and verified values, read from the orchestrator."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

import grpc
from deployforge.orchestrator.v1 import plans_pb2, plans_pb2_grpc

from deployforge_control_plane.domain.compliance import Verified
from deployforge_control_plane.domain.values import Change

_READ_SECONDS: Final = 60.0
_ACTION: Final = "CHANGE_ACTION_"


class OrchestratorReader:
    """See ports.PlanReader and ports.VerifiedReader."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._plans: Any = plans_pb2_grpc.PlansStub(channel)  # type: ignore[no-untyped-call]
        self._executions: Any = plans_pb2_grpc.ExecutionsStub(channel)  # type: ignore[no-untyped-call]

    def changes(self, plan_id: str) -> Sequence[Change]:
        """Raises grpc.RpcError while the orchestrator cannot answer."""
        plan = self._plans.Get(plans_pb2.PlansGetRequest(plan_id=plan_id)).plan
        return [Change(change.urn, _action(change.action)) for change in plan.changes]

    def verified(self, execution_id: str) -> Iterator[Verified]:
        """Raises grpc.RpcError while the orchestrator cannot answer."""
        request = plans_pb2.VerifiedRequest(execution_id=execution_id)
        for found in self._executions.Verified(request, timeout=_READ_SECONDS):
            yield Verified(found.urn, found.type, json.loads(found.actual_json or "{}"))


def _action(value: Any) -> str:
    """`correct` of CHANGE_ACTION_CORRECT; an action that is not known here stays unlike any that is allowed."""
    try:
        return plans_pb2.ChangeAction.Name(value).removeprefix(_ACTION).lower()
    except ValueError:
        return f"unknown action {value}"
