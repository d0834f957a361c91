"""The cloud layer (mcal), by gRPC."""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import grpc
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge.mcal.v1 import clouds_pb2_grpc
from deployforge_chassis import canonical

from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.domain.manifest import Scope, Spec
from deployforge_orchestrator.domain.planning import (
    MISSING,
    NOT_CHECKED,
    PRESENT,
    Compiled,
    CompiledUnit,
    Filled,
    Live,
    Unfilled,
)
from deployforge_orchestrator.domain.references import read
from deployforge_orchestrator.domain.refusals import NoPlan, Problem, TooLarge
from deployforge_orchestrator.domain.units import Unit

_COMPILE_SECONDS = 60.0
_OBSERVE_SECONDS = 60.0
_PREVIEW_SECONDS = 300.0
_PRESENCE = {
    pb.PRESENCE_PRESENT: PRESENT,
    pb.PRESENCE_MISSING: MISSING,
    pb.PRESENCE_NOT_CHECKED: NOT_CHECKED,
    pb.PRESENCE_UNSPECIFIED: NOT_CHECKED,
}


class McalClouds:
    """See ports.Clouds."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._stub = clouds_pb2_grpc.CloudsStub(channel)  # type: ignore[no-untyped-call]

    def compile(self, deployment_id: UUID, unit: Unit, specs: Sequence[tuple[str, Spec]]) -> CompiledUnit:
        """See ports.Clouds."""
        request = pb.CompileRequest(
            deployment_id=str(deployment_id),
            unit_id=unit.unit_id,
            unit_name=unit.name,
            scope=_scope(unit.scope),
            resources=[_spec(urn, spec) for urn, spec in specs],
        )
        answer = self._call(self._stub.Compile, request, _COMPILE_SECONDS)
        if answer.problems:
            refusal = TooLarge if answer.too_large else NoPlan
            raise refusal(*(Problem(f"resources.{p.path}", p.message, p.hint or p.expected) for p in answer.problems))
        return CompiledUnit(
            answer.template_digest, {r.name: _compiled(r) for r in answer.resources}, tuple(sorted(answer.inputs)),
            answer.tells_by_preview, answer.too_many_types, answer.too_large,
        )  # fmt: skip

    def resolve(self, provider_type: str, declarations: Sequence[Unfilled], known: Mapping[str, str]) -> Filled:
        """See ports.Clouds."""
        request = pb.ResolveRequest(
            provider_type=provider_type,
            resources=[
                pb.UnresolvedResource(
                    urn=d.urn, type=d.type, desired_json=canonical.dumps(d.desired), held_json=canonical.dumps(d.held)
                )
                for d in declarations
            ],
            values=known,
        )
        answer = self._call(self._stub.Resolve, request, _COMPILE_SECONDS)
        return {r.urn: read(json.loads(r.desired_json)) for r in answer.resources}

    def preview(
        self, deployment_id: UUID, unit: Unit, template_digest: str, inputs: Mapping[str, str]
    ) -> tuple[Mapping[str, str], str]:
        """See ports.Clouds."""
        request = pb.PreviewRequest(
            deployment_id=str(deployment_id),
            unit_id=unit.unit_id,
            unit_name=unit.name,
            scope=_scope(unit.scope),
            template_digest=template_digest,
            inputs=inputs,
        )
        answer = self._call(self._stub.Preview, request, _PREVIEW_SECONDS)
        return {change.urn: change.action for change in answer.changes}, answer.failure

    def observe(self, deployment_id: UUID, scope: Scope, targets: Sequence[tuple[str, str, str]]) -> Mapping[str, Live]:
        """See ports.Clouds."""
        request = pb.ObserveRequest(
            scope=_scope(scope),
            deployment_id=str(deployment_id),
            targets=[pb.ObserveTarget(urn=u, type=t, physical_id=p) for u, t, p in targets],
        )
        answer = self._call(self._stub.Observe, request, _OBSERVE_SECONDS)
        return {r.urn: _live(r) for r in answer.resources}

    @staticmethod
    def _call(method: Any, request: Any, seconds: float) -> Any:
        try:
            return method(request, timeout=seconds)
        except grpc.RpcError as error:
            raise Unavailable(f"mcal: {error.details()}") from error


def _scope(s: Scope) -> pb.Scope:
    return pb.Scope(
        provider=s.provider, type=s.type, account=s.account, location=s.location, credential_ref=s.credential_ref
    )


def _spec(urn: str, spec: Spec) -> pb.ResourceSpec:
    return pb.ResourceSpec(
        urn=urn,
        name=spec.name,
        type=spec.type,
        properties_json=canonical.dumps(spec.properties),
        native_json=canonical.dumps(spec.native),
        initial_json=canonical.dumps(spec.initial),
        depends_on=spec.depends_on,
        protect=spec.protect,
        retain_on_delete=spec.retain_on_delete,
        import_id=spec.import_id,
    )


def _compiled(r: pb.CompiledResource) -> Compiled:
    return Compiled(
        r.urn, r.name, r.type, r.native_type, json.loads(r.desired_json or "{}"), tuple(r.create_only_paths),
        tuple(r.set_paths), r.monthly_cost_usd,
    )  # fmt: skip


def _live(r: pb.ObservedResource) -> Live:
    return Live(
        _PRESENCE[r.presence], json.loads(r.properties_json or "{}"), json.loads(r.attributes_json or "{}"),
        r.physical_id, r.reason,
    )  # fmt: skip
