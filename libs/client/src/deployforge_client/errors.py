"""What can go wrong between a client and the control plane, by name."""

from collections.abc import Iterable, Sequence
from typing import cast

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2

#: Trailing metadata in which a refused manifest's problems travel.
PROBLEMS_KEY = "problems-bin"


class DeployForgeError(Exception):
    """Base of all; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class NoContext(DeployForgeError):
    """It is not known which control plane to talk to."""


class Unreachable(DeployForgeError):
    """The control plane does not answer."""


class TimedOut(DeployForgeError):
    """A stream did not end within the time that the caller gave it."""


class NotSignedIn(DeployForgeError):
    """The token is missing, unknown or revoked."""


class PermissionDenied(DeployForgeError):
    """The caller's roles do not allow this."""


class NotFound(DeployForgeError):
    """There is nothing of that name."""


class Refused(DeployForgeError):
    """The call is understood and does not fit the state of things: decided, stale, expired."""


class BadRequest(DeployForgeError):
    """The call itself is wrong."""


class InvalidManifest(BadRequest):
    """The manifest has problems; each says where, what was expected and what to do."""

    def __init__(self, problems: Sequence[common_pb2.Problem]) -> None:
        super().__init__(f"{len(problems)} problem{'s' if len(problems) != 1 else ''} in the manifest")
        self.problems = list(problems)


_BY_STATUS: dict[grpc.StatusCode, tuple[type[DeployForgeError], str]] = {
    grpc.StatusCode.UNAVAILABLE: (Unreachable, "is the system up? `make up`, `deployforge doctor`"),
    grpc.StatusCode.DEADLINE_EXCEEDED: (Unreachable, "it did not answer in time; try again"),
    grpc.StatusCode.UNAUTHENTICATED: (NotSignedIn, "use a context with a valid token"),
    grpc.StatusCode.PERMISSION_DENIED: (PermissionDenied, ""),
    grpc.StatusCode.NOT_FOUND: (NotFound, ""),
    grpc.StatusCode.FAILED_PRECONDITION: (Refused, ""),
    grpc.StatusCode.ALREADY_EXISTS: (Refused, ""),
    grpc.StatusCode.ABORTED: (Refused, "try again"),
    grpc.StatusCode.RESOURCE_EXHAUSTED: (Refused, "too much at once; try again shortly"),
    grpc.StatusCode.INVALID_ARGUMENT: (BadRequest, ""),
}


def from_rpc(error: grpc.RpcError) -> DeployForgeError:
    """The named error for a failed call."""
    trailing = cast(Iterable[tuple[str, bytes]], error.trailing_metadata() or ())
    for key, value in trailing:
        if key == PROBLEMS_KEY:
            return InvalidManifest(deployments_pb2.ValidateResponse.FromString(value).problems)
    kind, hint = _BY_STATUS.get(error.code(), (DeployForgeError, ""))
    return kind(error.details() or str(error.code()), hint=hint)
