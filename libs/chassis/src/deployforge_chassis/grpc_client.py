"""Channels to other services: mutual TLS, a deadline on every unary call, retries, and the cause carried along."""

import json
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, Self

import grpc

from deployforge_chassis import causality, tls
from deployforge_chassis import principal as principals
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.grpc_server import MAX_MESSAGE_BYTES
from deployforge_chassis.overload import jittered, retry_after_seconds
from deployforge_chassis.principal import METADATA_KEY, PrincipalSigner

DEADLINE_SECONDS: Final = 10.0
_RETRY: Final = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 2,
    "retryableStatusCodes": ["UNAVAILABLE"],
}

Metadata = Sequence[tuple[str, str]]


def target(addresses: str) -> str:
    """`host:port[,host:port…]` as gRPC spells it; several must be IPv4 addresses, since gRPC resolves one name only."""
    return f"ipv4:{addresses}" if "," in addresses else addresses


def channel(
    settings: ServiceSettings,
    peer: str,
    *,
    signer: PrincipalSigner | None = None,
    once: Collection[str] = (),
    deadline_seconds: float = DEADLINE_SECONDS,
    address: str | None = None,
) -> grpc.Channel:
    """A channel to service `peer`, which must prove by its certificate to be that service. Connects when used.

    Calls take turns among the replicas that can be reached. They are tried up to four times while the peer is
    UNAVAILABLE; commands carry request ids, so that repeats nothing. Full names in `once` ("package.Service/Method")
    are never repeated.
    A peer that refuses because too much waits (RESOURCE_EXHAUSTED with a hint) is asked again after the hint, with
    jitter, while the call's own time lasts; such a refusal has done nothing, so that holds for `once` too.
    Unary calls without a timeout get `deadline_seconds`; streams have none unless the caller gives one.
    With a `signer`, the principal of `principal.acting_for` is signed for the peer. `address` overrides settings.
    """
    options = (
        # Each leaf certificate lists its holder's name as a DNS name: checking the peer's name checks who it is.
        ("grpc.ssl_target_name_override", peer),
        ("grpc.service_config", json.dumps(_service_config(once))),
        ("grpc.enable_retries", 1),
        ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
        ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
        # A peer that is stopped, or cut off without a word, is given up after 15 s and the other replicas go on.
        ("grpc.keepalive_time_ms", 10_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        # A restarted peer is back in seconds; the library's own patience reaches two minutes.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 2_000),
    )
    credentials = tls.load(settings.tls_dir, settings.service).channel_credentials()
    secure = grpc.secure_channel(target(address or settings.peer_address(peer)), credentials, options)

    def metadata() -> Iterator[tuple[str, str]]:
        if (cause := causality.current()) is not None:
            yield "correlation-id", cause.correlation_id
            yield "causation-id", cause.causation_id
            yield "traceparent", cause.traceparent
        if signer is not None and (who := principals.current()) is not None:
            yield METADATA_KEY, signer.sign(who, peer)

    return _CausalChannel(secure, lambda: tuple(pair for pair in metadata() if pair[1]), deadline_seconds)


def _service_config(once: Collection[str]) -> dict[str, Any]:
    never = [dict(zip(("service", "method"), name.strip("/").split("/"), strict=True)) for name in once]
    excluded = [{"name": never}] if never else []
    # The library's default would send everything to the first replica that answers.
    return {
        "loadBalancingConfig": [{"round_robin": {}}],
        "methodConfig": [*excluded, {"name": [{}], "retryPolicy": _RETRY}],
    }


class _CausalChannel(grpc.Channel):
    """Adds metadata and deadlines around an ordinary channel: client interceptors do the same at twice the cost."""

    def __init__(self, inner: grpc.Channel, metadata: Callable[[], Metadata], deadline_seconds: float) -> None:
        self._inner = inner
        self._metadata = metadata
        self._deadline_seconds = deadline_seconds

    def unary_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Calls(self._inner.unary_unary(method, *args, **kwargs), self._metadata, self._deadline_seconds)

    def unary_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Calls(self._inner.unary_stream(method, *args, **kwargs), self._metadata, None)

    def stream_unary(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Calls(self._inner.stream_unary(method, *args, **kwargs), self._metadata, None)

    def stream_stream(self, method: str, *args: Any, **kwargs: Any) -> Any:
        return _Calls(self._inner.stream_stream(method, *args, **kwargs), self._metadata, None)

    def subscribe(self, callback: Callable[[grpc.ChannelConnectivity], None], try_to_connect: bool = False) -> None:
        self._inner.subscribe(callback, try_to_connect)

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        self._inner.unsubscribe(callback)

    def close(self) -> None:
        self._inner.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Calls:
    """One method of a channel, callable in the ways that gRPC's own callables are."""

    def __init__(self, inner: Any, metadata: Callable[[], Metadata], deadline_seconds: float | None) -> None:
        self._inner = inner
        self._metadata = metadata
        self._deadline_seconds = deadline_seconds

    def __call__(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._patiently(self._inner, request, timeout, metadata, more)

    def with_call(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._patiently(self._inner.with_call, request, timeout, metadata, more)

    def _patiently(self, call: Callable[..., Any], request: Any, timeout: float | None, metadata: Any, more: Any) -> Any:
        seconds = self._within(timeout)
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            left = None if deadline is None else deadline - time.monotonic()
            try:
                return call(request, left, (*self._metadata(), *(metadata or ())), **more)
            except grpc.RpcError as refused:
                hint = retry_after_seconds(refused)
                # A call without an end of its own is a stream, whose requests cannot be sent twice.
                if hint is None or deadline is None or (pause := jittered(hint)) >= deadline - time.monotonic():
                    raise
                time.sleep(pause)

    def future(self, request: Any, timeout: float | None = None, metadata: Any = None, **more: Any) -> Any:
        return self._inner.future(request, self._within(timeout), (*self._metadata(), *(metadata or ())), **more)

    def _within(self, timeout: float | None) -> float | None:
        return self._deadline_seconds if timeout is None else timeout
