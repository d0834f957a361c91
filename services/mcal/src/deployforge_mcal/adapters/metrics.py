"""What this service counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter, Histogram

OPERATIONS: Final = Counter("deployforge_mcal_operations", "Operations by verb and end", ["verb", "end"])
OPERATION_SECONDS: Final = Histogram("deployforge_mcal_operation_seconds", "Seconds that an operation took", ["verb"])
OBSERVED: Final = Counter("deployforge_mcal_observed", "Resources read, by presence", ["presence"])
SCAN_SECONDS: Final = Histogram("deployforge_mcal_scan_seconds", "Seconds that the scan of a shard took")
"""Every metric of this service is in this module."""
