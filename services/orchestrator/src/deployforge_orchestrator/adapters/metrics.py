"""What the orchestrator counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Histogram

DRAFT_SECONDS: Final = Histogram("deployforge_orchestrator_draft_seconds", "Seconds to draft a plan")
"""Every metric of this service is in this module."""
