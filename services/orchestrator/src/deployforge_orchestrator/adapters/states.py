"""The state manager, by gRPC."""

import json

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2, state_pb2_grpc

from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.domain.planning import Deployed, DeployedUnit, State
from deployforge_orchestrator.domain.refusals import NoPlan, Problem

_DEADLINE_SECONDS = 10.0


class StateManagerStates:
    """See ports.States."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = state_pb2_grpc.StateStub(channel)  # type: ignore[no-untyped-call]

    def get(self, namespace: str, name: str, version: int = 0) -> State:
        """See ports.States."""
        request = state_pb2.GetRequest(deployment=common_pb2.DeploymentRef(namespace=namespace, name=name), version=version)
        try:
            answer = self._stub.Get(request, timeout=_DEADLINE_SECONDS)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return State()
            raise _refusal(error) from error
        return State(
            answer.version.version,
            answer.version.desired_version,
            {r.name: _deployed(r) for r in answer.resources},
            {u.unit_id: _unit(u) for u in answer.units},
            answer.version.manifest_digest or None,
            json.loads(answer.healing_json or "{}"),
        )

    def last_known_good(self, namespace: str, name: str) -> int:
        """See ports.States."""
        where = common_pb2.DeploymentRef(namespace=namespace, name=name)
        try:
            answer = self._stub.LastKnownGood(state_pb2.LastKnownGoodRequest(deployment=where), timeout=_DEADLINE_SECONDS)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.NOT_FOUND:
                return 0
            raise _refusal(error) from error
        return int(answer.version.version)


def _refusal(error: grpc.RpcError) -> Exception:
    """Nothing can be planned on a history that was tampered with, however often one asks."""
    if error.code() is grpc.StatusCode.DATA_LOSS:
        return NoPlan(Problem("", str(error.details()), "deployforge doctor"))
    return Unavailable(f"state-manager: {error.details()}")


def _deployed(r: state_pb2.ResourceState) -> Deployed:
    return Deployed(
        r.urn, r.name, r.type, r.native_type, r.unit_id, r.physical_id, json.loads(r.desired_json),
        {name: str(value) for name, value in json.loads(r.attributes_json or "{}").items()},
        json.loads(r.spec_json), tuple(r.set_paths), tuple(r.create_only_paths), tuple(r.depends_on), r.criticality,
        r.protect, r.retain_on_delete, json.loads(r.actual_json or "{}"),
    )  # fmt: skip


def _unit(u: state_pb2.UnitState) -> DeployedUnit:
    return DeployedUnit(
        u.unit_id, u.name, u.provider, u.provider_type, u.account, u.location, u.credential_ref, u.stage, u.part,
        u.template_digest, json.loads(u.inputs_json or "{}"),
    )  # fmt: skip
