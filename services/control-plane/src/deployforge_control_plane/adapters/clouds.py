"""Types and properties, checked by the cloud layer against the clouds' own schemas."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import grpc
import structlog
from deployforge.mcal.v1 import clouds_pb2, clouds_pb2_grpc
from deployforge_chassis import canonical

from deployforge_control_plane.domain.values import PlanProblem

log = structlog.get_logger(__name__)

_SECONDS: Final = 10.0


class CloudTypeChecker:
    """See ports.TypeChecker. A cloud layer that cannot answer finds nothing: the plan checks again."""

    def __init__(self, channel: grpc.Channel) -> None:
        self._clouds: Any = clouds_pb2_grpc.CloudsStub(channel)  # type: ignore[no-untyped-call]

    def problems(self, manifest: Mapping[str, Any]) -> Sequence[PlanProblem]:
        providers = manifest["providers"]
        request = clouds_pb2.CheckRequest(
            resources=[
                clouds_pb2.CheckedResource(
                    provider_type=providers[resource["provider"]]["type"], spec=_spec(manifest, resource)
                )
                for resource in manifest["resources"]
            ]
        )
        try:
            answer = self._clouds.Check(request, timeout=_SECONDS)
        except grpc.RpcError as error:
            log.warning("types not checked at submission", reason=str(error))
            return ()
        return [PlanProblem(found.path, found.message, found.hint, expected=found.expected) for found in answer.problems]


def _spec(manifest: Mapping[str, Any], resource: Mapping[str, Any]) -> clouds_pb2.ResourceSpec:
    where = manifest["metadata"]
    return clouds_pb2.ResourceSpec(
        urn=f"urn:df:{where['namespace']}:{where['name']}:{resource['name']}",
        name=resource["name"],
        type=resource["type"],
        properties_json=canonical.dumps(resource["properties"]),
        native_json=canonical.dumps(resource["native"]),
        initial_json=canonical.dumps(resource["initial"]),
        depends_on=resource["dependsOn"],
        protect=resource["lifecycle"]["protect"],
        retain_on_delete=resource["lifecycle"]["retainOnDelete"],
        import_id=(resource["import"] or {}).get("id", ""),
    )
