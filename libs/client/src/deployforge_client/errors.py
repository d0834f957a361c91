"""What can go wrong between a client and the control plane, by name."""

from collections.abc import Iterable, Sequence
from typing import cast

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

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


class Overloaded(Refused):
    """Too much waits already; nothing was done. `retry_after_seconds` is what the server asks for."""

    def __init__(self, message: str, retry_after_seconds: float) -> None:
        super().__init__(message, hint="too much at once; try again shortly")
        self.retry_after_seconds = retry_after_seconds


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
    if (pause := retry_after_seconds(error)) is not None:
        return Overloaded(error.details() or str(error.code()), pause)
    kind, hint = _BY_STATUS.get(error.code(), (DeployForgeError, ""))
    return kind(error.details() or str(error.code()), hint=hint)


def retry_after_seconds(error: grpc.RpcError) -> float | None:
    """The google.rpc.RetryInfo of a refusal for want of room; None when there is none."""
    if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
        return None
    try:
        status = rpc_status.from_call(cast(grpc.Call, error))
    except ValueError:
        # Details that speak of another status are somebody's mistake, and no hint.
        return None
    info = RetryInfo()
    if status is not None and any(detail.Unpack(info) for detail in status.details):
        return info.retry_delay.ToTimedelta().total_seconds()
    return None
