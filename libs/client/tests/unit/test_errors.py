import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_client.errors import (
    BadRequest,
    DeployForgeError,
    InvalidManifest,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    Refused,
    Unreachable,
    from_rpc,
)


class _Failed(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, details: str, trailing: tuple[tuple[str, bytes], ...] = ()) -> None:
        self._all = code, details, trailing

    def code(self) -> grpc.StatusCode:
        return self._all[0]

    def details(self) -> str:
        return self._all[1]

    def trailing_metadata(self) -> tuple[tuple[str, bytes], ...]:
        return self._all[2]


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, Unreachable),
        (grpc.StatusCode.UNAUTHENTICATED, NotSignedIn),
        (grpc.StatusCode.PERMISSION_DENIED, PermissionDenied),
        (grpc.StatusCode.NOT_FOUND, NotFound),
        (grpc.StatusCode.FAILED_PRECONDITION, Refused),
        (grpc.StatusCode.INVALID_ARGUMENT, BadRequest),
        (grpc.StatusCode.INTERNAL, DeployForgeError),
    ],
)
def test_each_status_has_a_named_error(code: grpc.StatusCode, kind: type[DeployForgeError]) -> None:
    error = from_rpc(_Failed(code, "because"))
    assert type(error) is kind
    assert str(error) == "because"


def test_problems_travel_in_the_trailing_metadata() -> None:
    problems = [common_pb2.Problem(file="a.yaml", line=3, column=5, message="unknown field")]
    trailing = (("problems-bin", cp.ValidateResponse(problems=problems).SerializeToString()),)
    error = from_rpc(_Failed(grpc.StatusCode.INVALID_ARGUMENT, "a.yaml:3:5", trailing))
    assert isinstance(error, InvalidManifest)
    assert error.problems == problems
