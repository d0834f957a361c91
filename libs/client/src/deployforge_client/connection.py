"""A mutual-TLS channel that carries the caller's token, and turns failures into named errors."""

import json
import random
import time
from collections.abc import Callable, Iterator
from typing import Any

import grpc

from deployforge_client.contexts import Context
from deployforge_client.errors import NoContext, Overloaded, TimedOut, from_rpc

#: A call that has no answer after this long has failed; streams have no limit.
CALL_DEADLINE_SECONDS = 30.0

_MAX_MESSAGE_BYTES = 16 * 1024 * 1024


def open_channel(context: Context) -> grpc.Channel:
    """A channel to the context's server. Raises NoContext when its certificates cannot be read."""
    try:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=(context.tls_dir / "ca.pem").read_bytes(),
            private_key=(context.tls_dir / "client.key").read_bytes(),
            certificate_chain=(context.tls_dir / "client.pem").read_bytes(),
        )
    except OSError as error:
        raise NoContext(f"cannot read the certificates of context {context.name}: {error}") from error
    return grpc.secure_channel(
        f"ipv4:{context.server}" if "," in context.server else context.server,
        credentials,
        options=[
            # Several replicas prove to be the host that the first is reached by; gRPC would compare the whole list.
            *([("grpc.ssl_target_name_override", _host(context.server))] if "," in context.server else []),
            ("grpc.service_config", json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})),
            ("grpc.max_receive_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.max_send_message_length", _MAX_MESSAGE_BYTES),
            ("grpc.keepalive_time_ms", 10_000),
            ("grpc.keepalive_timeout_ms", 5_000),
            # A restarted server is back in seconds; the library's own patience reaches two minutes.
            ("grpc.max_reconnect_backoff_ms", 2_000),
        ],
    )


def _host(server: str) -> str:
    return server.partition(",")[0].rpartition(":")[0]


class Caller:
    """Calls methods of stubs with the token, a deadline and named errors."""

    def __init__(self, token: str, *, sleep: Callable[[float], object] = time.sleep) -> None:
        self._sleep = sleep
        self._metadata = (("authorization", f"Bearer {token}"),)

    def unary(self, method: Callable[..., Any], request: Any, timeout: float = CALL_DEADLINE_SECONDS) -> Any:
        """The answer of one call. Raises a DeployForgeError.

        A server that has too much to do says when to come back: then the call, of which nothing was done, is made
        again after that time and up to half as much more, while `timeout` lasts.
        """
        deadline = time.monotonic() + timeout
        while True:
            try:
                return method(request, metadata=self._metadata, timeout=deadline - time.monotonic())
            except grpc.RpcError as error:
                named = from_rpc(error)
            if not isinstance(named, Overloaded):
                raise named
            # Source: AWS Architecture Blog, 'Exponential Backoff and Jitter'; here the server knows the backoff.
            pause = named.retry_after_seconds * random.uniform(1.0, 1.5)  # noqa: S311 - spreads load, guards nothing
            if pause >= deadline - time.monotonic():
                raise named
            self._sleep(pause)

    def stream(self, method: Callable[..., Any], request: Any, timeout_seconds: float | None = None) -> Iterator[Any]:
        """The answers of a streaming call; closing the iterator cancels it.

        Raises TimedOut when `timeout_seconds` have passed, any other DeployForgeError when the call fails.
        """
        call = method(request, metadata=self._metadata, timeout=timeout_seconds)
        try:
            yield from call
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise TimedOut(f"not done after {timeout_seconds:g} s") from None
            raise from_rpc(error) from None
        finally:
            call.cancel()
