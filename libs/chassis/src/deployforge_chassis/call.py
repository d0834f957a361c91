"""What a gRPC handler may ask about the call that it serves. Bound by the guard before the handler runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

import grpc

from deployforge_chassis.principal import Principal, acting_for


@dataclass(frozen=True)
class Call:
    """Who is calling: the service or `client` by its certificate, and the person it speaks for, if any."""

    caller: str
    principal: Principal | None = None

    @property
    def actor(self) -> str:
        """Whom the audit trail names: the person where there is one, otherwise the caller."""
        return self.principal.subject if self.principal is not None else self.caller


class NoCall(RuntimeError):
    """Code that needs to know its caller ran outside a guarded call."""


_current: ContextVar[Call | None] = ContextVar("deployforge_call", default=None)


def caller(context: grpc.ServicerContext | None = None) -> str:
    """The name of the service that calls, or `client`, as its certificate says.

    `context` is the handler's own; it is not looked into, since the guard has judged it already.
    """
    call = _current.get()
    if call is None:
        raise NoCall("no gRPC call is being served here")
    return call.caller


def principal(context: grpc.ServicerContext | None = None) -> Principal | None:
    """The person or program for whom control-plane makes this call, verified; None where it speaks for itself."""
    call = _current.get()
    if call is None:
        raise NoCall("no gRPC call is being served here")
    return call.principal


@contextmanager
def serving(call: Call) -> Iterator[None]:
    """Within the block, `caller` and `principal` answer for `call`. Handler tests use it in place of a
    server.
    """
    token = _current.set(call)
    try:
        with acting_for(call.principal):
            yield
    finally:
        _current.reset(token)
