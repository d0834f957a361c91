"""Clouds: proto → method → proto."""

import json
from typing import Any, Final

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge.mcal.v1 import clouds_pb2_grpc
from deployforge_chassis import canonical

from deployforge_mcal.application.mcal import Mcal
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure, TellsByPreview, TooLarge, UnknownProvider
from deployforge_mcal.application.previews import Previews
from deployforge_mcal.application.scans import Readers
from deployforge_mcal.application.stores import CredentialUnknown
from deployforge_mcal.domain.references import escaped
from deployforge_mcal.domain.units import Observed, Presence, Problem, ResourceSpec, Scope, Target, UnitSpec


class BadRequest(ValueError):
    """A request that says nothing that can be understood."""


STATUS_OF: Final = {
    BadRequest: grpc.StatusCode.INVALID_ARGUMENT,
    UnknownProvider: grpc.StatusCode.INVALID_ARGUMENT,
    CredentialUnknown: grpc.StatusCode.NOT_FOUND,
}
"""Refusals to statuses."""

_CLOUDS: Final = "/deployforge.mcal.v1.Clouds/"

RULES: Final = {
    f"{_CLOUDS}Check": frozenset({"control-plane"}),
    f"{_CLOUDS}Compile": frozenset({"orchestrator"}),
    f"{_CLOUDS}Resolve": frozenset({"orchestrator"}),
    f"{_CLOUDS}Preview": frozenset({"orchestrator"}),
    f"{_CLOUDS}Observe": frozenset({"orchestrator"}),
    f"{_CLOUDS}ListTypes": frozenset({"control-plane", "orchestrator"}),
}
"""Who may call what."""

_PRESENCE: Final = {
    Presence.PRESENT: pb.PRESENCE_PRESENT,
    Presence.MISSING: pb.PRESENCE_MISSING,
    Presence.NOT_CHECKED: pb.PRESENCE_NOT_CHECKED,
}


class CloudsApi(clouds_pb2_grpc.CloudsServicer):
    """See the contract for what each method promises."""

    def __init__(self, app: Mcal, readers: Readers) -> None:
        self._app, self._readers, self._previews = app, readers, Previews(app)

    def Check(self, request: pb.CheckRequest, context: grpc.ServicerContext) -> pb.CheckResponse:
        found = self._app.check([(r.provider_type, _spec(r.spec)) for r in request.resources])
        return pb.CheckResponse(problems=map(_problem, found))

    def Compile(self, request: pb.CompileRequest, context: grpc.ServicerContext) -> pb.CompileResponse:
        spec = UnitSpec(
            request.deployment_id, request.unit_id, request.unit_name, _scope(request.scope),
            tuple(map(_spec, request.resources)), dict(request.tags),
        )  # fmt: skip
        try:
            digest, unit = self._app.compile(spec)
        except InvalidUnit as invalid:
            return pb.CompileResponse(problems=map(_problem, invalid.problems), too_large=isinstance(invalid, TooLarge))
        resources = [
            pb.CompiledResource(
                urn=r.urn, name=r.name, type=r.type, native_type=r.native_type,
                desired_json=canonical.dumps(dict(r.desired)), create_only_paths=r.create_only_paths,
                set_paths=r.set_paths, depends_on=r.depends_on,
            )
            for r in unit.resources
        ]  # fmt: skip
        return pb.CompileResponse(
            template_digest=digest, resources=resources, inputs=unit.inputs,
            tells_by_preview=isinstance(self._app.provider(spec.scope.provider_type), TellsByPreview),
            too_many_types=self._app.too_many_types(unit),
            too_large=self._app.too_large(unit),
        )  # fmt: skip

    def Resolve(self, request: pb.ResolveRequest, context: grpc.ServicerContext) -> pb.ResolveResponse:
        known = dict(request.values)
        resources = []
        for r in request.resources:
            held = _object(r.held_json)
            values = self._app.filled(request.provider_type, r.type, _object(r.desired_json), known, held)
            resources.append(pb.ResolvedResource(urn=r.urn, desired_json=canonical.dumps(escaped(values))))
        return pb.ResolveResponse(resources=resources)

    def Preview(self, request: pb.PreviewRequest, context: grpc.ServicerContext) -> pb.PreviewResponse:
        try:
            found = self._previews.of(
                _scope(request.scope), request.deployment_id, request.unit_id, request.unit_name, request.template_digest,
                dict(request.inputs),
            )  # fmt: skip
        except (ProviderFailure, CredentialUnknown, UnknownProvider) as failed:
            return pb.PreviewResponse(failure=str(failed))
        return pb.PreviewResponse(changes=[pb.PreviewedChange(urn=c.urn, action=c.action) for c in found])

    def Observe(self, request: pb.ObserveRequest, context: grpc.ServicerContext) -> pb.ObserveResponse:
        targets = [Target(t.urn, t.type, t.physical_id) for t in request.targets]
        if not targets:
            return pb.ObserveResponse()
        return pb.ObserveResponse(resources=map(_observed, self._readers.observe(_scope(request.scope), targets)))

    def ListTypes(self, request: pb.ListTypesRequest, context: grpc.ServicerContext) -> pb.ListTypesResponse:
        types = [
            pb.TypeInfo(
                type=t.type, description=t.description, attributes=t.attributes, support=t.support,
                native_types=t.native_types,
                properties=[
                    pb.PropertyInfo(
                        name=p.name, json_type=p.json_type, required=p.required, create_only=p.create_only,
                        description=p.description, providers=p.providers, native=p.native, notes=p.notes,
                    )
                    for p in t.properties
                ],
            )
            for t in self._app.types()
        ]  # fmt: skip
        return pb.ListTypesResponse(types=types, native_types=self._app.native_types())


def _scope(scope: pb.Scope) -> Scope:
    return Scope(scope.type, scope.account, scope.location, scope.credential_ref)


def _spec(r: pb.ResourceSpec) -> ResourceSpec:
    return ResourceSpec(
        r.urn, r.name, r.type, _object(r.properties_json), _object(r.native_json), _object(r.initial_json),
        tuple(r.depends_on), r.retain_on_delete, r.import_id,
    )  # fmt: skip


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text or "{}")
    except ValueError as error:
        raise BadRequest(f"properties are not JSON: {error}") from error
    if not isinstance(value, dict):
        raise BadRequest("properties are not a JSON object")
    return value


def _problem(problem: Problem) -> common_pb2.Problem:
    return common_pb2.Problem(path=problem.path, message=problem.message, expected=problem.expected, hint=problem.hint)


def _observed(seen: Observed) -> pb.ObservedResource:
    body = canonical.dumps(dict(seen.properties))
    return pb.ObservedResource(
        urn=seen.urn, presence=_PRESENCE[seen.presence], physical_id=seen.physical_id, properties_json=body,
        attributes_json=canonical.dumps(dict(seen.attributes)), digest=canonical.digest(body.encode()),
        reason=seen.reason,
    )  # fmt: skip
