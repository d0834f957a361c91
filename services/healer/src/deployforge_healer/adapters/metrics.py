"""What the healer counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter

PROPOSALS: Final = Counter("deployforge_healer_proposals", "Remedies proposed", ["remedy"])
"""Every metric of this service is in this module."""
