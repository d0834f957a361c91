"""The event stores themselves."""

from collections.abc import Iterator

from tests.chaos.checker.evidence import Finding, History, name


def versions_are_gapless(history: History) -> Iterator[Finding]:
    """Every stream has the versions 1, 2, 3 … without gap or repetition, in the order of the notification ids.

    A gap is a lost event; a repeated version means that two writers both believed to be the only one. Order by id and
    by version must agree, because the relay publishes by id what aggregates replay by version.
    """
    for events in history.streams.values():
        for expected, event in enumerate(events, 1):
            if event.version != expected:
                yield Finding(name(event), f"expected version {expected} here")
                break
