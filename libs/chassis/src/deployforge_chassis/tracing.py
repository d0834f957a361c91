"""W3C trace context, made and carried by hand, and spans around the work that it names.

Source of the header's form: W3C Recommendation "Trace Context", section 3.2.
"""

import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Final

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.trace import NonRecordingSpan, Span, SpanContext, TraceFlags

_FORM: Final = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})")
_SAMPLED: Final = "01"

_provider: TracerProvider | None = None


def new_traceparent() -> str:
    """A sampled trace that begins here."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-{_SAMPLED}"


def is_traceparent(value: str | None) -> bool:
    """Whether `value` is a version 00 trace context with valid ids."""
    return value is not None and _FORM.fullmatch(value) is not None


def child_traceparent(parent: str | None) -> str:
    """The next span of the parent's trace; a new trace where the parent is absent or malformed."""
    match = _FORM.fullmatch(parent or "")
    if match is None:
        return new_traceparent()
    return f"00-{match[1]}-{secrets.token_hex(8)}-{match[3]}"


def trace_id(traceparent: str | None) -> str:
    """The trace id, 32 hexadecimal digits; empty where there is none."""
    match = _FORM.fullmatch(traceparent or "")
    return match[1] if match else ""


def configure(service: str, *processors: SpanProcessor) -> None:
    """Make the process's tracer. Without processors spans are made, named and thrown away: nothing is sent."""
    global _provider
    _provider = TracerProvider(resource=Resource.create({"service.name": service}))
    for processor in processors:
        _provider.add_span_processor(processor)


@contextmanager
def span(name: str, traceparent: str | None, attributes: Mapping[str, str | int] | None = None) -> Iterator[Span]:
    """A span below `traceparent`; an exception is recorded on it and goes on."""
    tracer = _provider.get_tracer("deployforge") if _provider is not None else trace.get_tracer("deployforge")
    parent = trace.set_span_in_context(NonRecordingSpan(_context_of(traceparent)))
    with tracer.start_as_current_span(name, context=parent, attributes=attributes or {}) as current:
        yield current


def traceparent_of(current: Span) -> str:
    """The trace context that work below this span carries on."""
    context = current.get_span_context()
    if not context.is_valid:
        return new_traceparent()
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _context_of(traceparent: str | None) -> SpanContext:
    match = _FORM.fullmatch(traceparent or "")
    if match is None:
        return trace.INVALID_SPAN_CONTEXT
    return SpanContext(int(match[1], 16), int(match[2], 16), is_remote=True, trace_flags=TraceFlags(int(match[3], 16)))
