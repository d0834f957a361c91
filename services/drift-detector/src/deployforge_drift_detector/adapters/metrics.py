"""What the drift-detector counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

CHECKS: Final = Counter("deployforge_drift_checks", "Observations judged, by outcome", ["outcome"])
TRANSITIONS: Final = Counter("deployforge_drift_transitions", "Drifts detected, changed or resolved")
BATCHES_PARKED: Final = Counter("deployforge_drift_batches_parked", "Batches that could not be judged")
BATCH_SECONDS: Final = Histogram("deployforge_drift_batch_seconds", "Seconds to judge and save one batch")
LAG: Final = Gauge("deployforge_drift_lag_messages", "Batches not judged yet, of this process's partitions")
"""Every metric of this service is in this module."""
