"""How a server says "too much at once, come back in a while", and how a client hears it.

The hint is google.rpc.RetryInfo in the details of a RESOURCE_EXHAUSTED status, as the richer error model has it.
Source: grpc.io, "Error handling"; google/rpc/error_details.proto.
"""

import random
from collections.abc import Mapping
from typing import Any, Final

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, status_pb2
from google.rpc.error_details_pb2 import RetryInfo
from grpc_status import rpc_status

DETAILS_KEY: Final = "grpc-status-details-bin"


class Overloaded(Exception):
    """Nothing was done, because too much waits already; the same call may be made again after a pause."""

    def __init__(self, what: str, retry_after_seconds: float) -> None:
        super().__init__(f"{what}; try again in {retry_after_seconds:g} s")
        self.retry_after_seconds = retry_after_seconds


def refuse(context: grpc.ServicerContext, overload: Overloaded) -> None:
    """Abort a call with RESOURCE_EXHAUSTED and the hint. Raises always, as `context.abort` does."""
    seconds, rest = divmod(overload.retry_after_seconds, 1)
    info = AnyMessage()
    info.Pack(RetryInfo(retry_delay=Duration(seconds=int(seconds), nanos=int(rest * 1e9))))
    status = status_pb2.Status(code=code_pb2.RESOURCE_EXHAUSTED, message=str(overload), details=[info])
    context.abort_with_status(rpc_status.to_status(status))


def retry_after_seconds(error: Any) -> float | None:
    """The hint that a failed call carries; None without one, as when a message is too large for the channel."""
    if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
        return None
    try:
        status = rpc_status.from_call(error)
    except ValueError:
        return None
    for detail in status.details if status is not None else ():
        info = RetryInfo()
        if detail.Unpack(info):
            return float(info.retry_delay.ToTimedelta().total_seconds())
    return None


def jittered(hint_seconds: float) -> float:
    """A pause that honours the hint and keeps those who were refused together from coming back together."""
    return hint_seconds * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, guards nothing


def details_of(error: grpc.RpcError) -> Mapping[str, bytes]:
    """The status details of a call that was forwarded, for whoever asked for it."""
    trailing: Any = error.trailing_metadata() if isinstance(error, grpc.Call) else ()
    return {key: value for key, value in trailing or () if key == DETAILS_KEY}
