"""The tables of the vocabulary, held against the services themselves."""

import re
from pathlib import Path

import pytest
from deployforge_chassis.topics import load

from tests.chaos.checker import vocabulary as v

SERVICES = Path(__file__).resolve().parents[3] / "services"


def _sources(service: str, rooms: str) -> str:
    return "\n".join(p.read_text() for p in sorted((SERVICES / service / "src").glob(f"*/{rooms}")))


def _is_event(type: str) -> bool:
    aggregate, _, event = type.partition(".")
    for service in v.SUBSCRIPTIONS:
        text = _sources(service, "domain/**/*.py")
        body = re.search(rf"^class {aggregate}\(Aggregate\):\n((?:    .*\n|\n)*)", text, re.MULTILINE)
        if body:
            return bool(re.search(rf'class {event}\(|@event\("{event}"\)|_{event}\b', body.group(1)))
    return False


@pytest.mark.parametrize("consumer", v.SUBSCRIPTIONS)
def test_subscriptions_are_what_the_inboxes_hear(consumer: str) -> None:
    topics = load()
    text = _sources(consumer, "entrypoints/stream.py") + _sources(consumer, "application/hearing.py")
    heard = {name for name in re.findall(r'^\s+"([a-z-]+\.[a-z]+)": \{', text, re.MULTILINE) if topics[name].kind == "fact"}
    assert heard == set(v.SUBSCRIPTIONS[consumer])
    assert all(consumer in topics[name].consumers for name in heard)


@pytest.mark.parametrize(
    "type",
    sorted(
        {t for types in v.FOLLOWS.values() for t in types} | v.DIRECT | {t for t, _ in v.COMMANDS.values()} | v.REQUEST_ENDS
        | v.REQUEST_WAITS | v.REQUEST_RUNS | v.PLAN_OPEN | v.EXECUTION_ENDS | v.OPERATION_ENDS | v.INCIDENT_ENDS
    ),
)  # fmt: skip
def test_every_event_exists(type: str) -> None:
    assert _is_event(type)


def test_every_fact_that_leaves_a_trace_is_heard() -> None:
    topics = load()
    for consumer, fact in v.FOLLOWS:
        topic = next(name for name, t in topics.items() if fact in t.records)
        assert topic in v.SUBSCRIPTIONS[consumer]


def test_every_command_is_a_method_that_changes_something() -> None:
    assert {v.SUBMIT, *v.COMMANDS} < v.MUTATING
    assert "Drift.Scan" in v.FORWARDED < v.MUTATING


@pytest.mark.parametrize("kind", [*sorted(v.TIMERS), "scan"])
def test_every_kind_of_work_is_somebodys(kind: str) -> None:
    assert any(f'"{kind}"' in _sources(service, "application/*.py") for service in v.SUBSCRIPTIONS)
