"""What the orchestrator counts, beside what the chassis counts of its calls. Every metric of this service is here."""

from collections.abc import Mapping
from typing import Final

from deployforge_chassis.effects import Work, WorkHandler
from deployforge_chassis.facts import Effects
from prometheus_client import Histogram

ERRAND_SECONDS: Final = Histogram(
    "deployforge_orchestrator_errand_seconds", "Seconds of one attempt at drafting, beginning or verifying", ["kind"]
)


def timed(handlers: Mapping[str, WorkHandler]) -> Mapping[str, WorkHandler]:
    """The same handlers, measured; an attempt that fails counts too."""

    def measured(kind: str, handler: WorkHandler) -> WorkHandler:
        def handle(work: Work) -> Effects:
            with ERRAND_SECONDS.labels(kind).time():
                return handler(work)

        return handle

    return {kind: measured(kind, handler) for kind, handler in handlers.items()}
