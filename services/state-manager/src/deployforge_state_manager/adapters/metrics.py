"""What the state manager counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter

VERSIONS: Final = Counter("deployforge_state_manager_versions", "Versions recorded", ["action"])
"""Every metric of this service is in this module."""
