"""Why something happens: the request at the root of it, the message right before it, its trace and its actor."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(frozen=True)
class Causality:
    """Carried through gRPC metadata, stored beside every event, sent in every message's headers."""

    correlation_id: str
    """The request that everything here follows from."""
    causation_id: str
    """The message or call that led to this directly."""
    traceparent: str = ""
    """W3C trace context; empty where there is none."""
    actor: str = ""
    """Who acts: a person's or program's subject, or a service's name."""


_current: ContextVar[Causality | None] = ContextVar("deployforge_causality", default=None)


def current() -> Causality | None:
    """The cause of whatever is running now, if it is known."""
    return _current.get()


@contextmanager
def bound(cause: Causality) -> Iterator[Causality]:
    """Within the block, `current()` is `cause`."""
    token = _current.set(cause)
    try:
        yield cause
    finally:
        _current.reset(token)
