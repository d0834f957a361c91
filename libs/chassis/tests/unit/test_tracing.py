import pytest
from deployforge_chassis import tracing
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_a_child_stays_in_the_trace_under_a_new_span() -> None:
    child = tracing.child_traceparent(PARENT)
    assert tracing.is_traceparent(child)
    assert tracing.trace_id(child) == "0af7651916cd43dd8448eb211c80319c"
    assert child[36:52] != PARENT[36:52]


def test_a_child_keeps_the_choice_not_to_sample() -> None:
    assert tracing.child_traceparent(PARENT[:-2] + "00").endswith("-00")


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "",
        "nonsense",
        PARENT.upper(),
        "01" + PARENT[2:],
        PARENT.replace("b7ad6b7169203331", "0" * 16),
        PARENT + "-x",
    ],
)
def test_a_malformed_parent_begins_a_new_trace(bad: str | None) -> None:
    assert not tracing.is_traceparent(bad)
    assert tracing.trace_id(bad) == ""
    assert tracing.is_traceparent(tracing.child_traceparent(bad))


def test_spans_join_the_trace_that_they_are_given() -> None:
    spans = InMemorySpanExporter()
    tracing.configure("mcal", SimpleSpanProcessor(spans))
    with tracing.span("work", PARENT, {"part": "x"}) as span:
        onward = tracing.traceparent_of(span)
    (finished,) = spans.get_finished_spans()
    assert tracing.trace_id(onward) == tracing.trace_id(PARENT)
    assert onward[36:52] == f"{finished.context.span_id:016x}"
    assert f"{finished.parent.span_id:016x}" == PARENT[36:52]
    assert finished.resource.attributes["service.name"] == "mcal"
