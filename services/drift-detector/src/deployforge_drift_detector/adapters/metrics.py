"""What the drift-detector counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter, Gauge, Histogram

from deployforge_drift_detector.application.tally import Tally

CHECKS: Final = Counter("deployforge_drift_checks", "Observations judged, by outcome", ["outcome"])
TRANSITIONS: Final = Counter("deployforge_drift_transitions", "Drifts detected, changed or resolved")
BATCHES_PARKED: Final = Counter("deployforge_drift_batches_parked", "Batches that could not be judged")
BATCH_SECONDS: Final = Histogram("deployforge_drift_batch_seconds", "Seconds to judge and save one batch")
ANOMALIES: Final = Counter("deployforge_drift_anomalies", "Drifts told apart, by class", ["label"])
LAG: Final = Gauge("deployforge_drift_lag_messages", "Batches not judged yet, of this process's partitions")
"""Every metric of this service is in this module."""


class Meter:
    """Counts for the processor."""

    def judged(self, tally: Tally, seconds: float) -> None:
        """A batch was judged and saved in that time."""
        for outcome, count in (
            ("checked", tally.checked),
            ("drifted", tally.drifted),
            ("not-checked", tally.not_checked),
            ("stale", tally.stale),
            ("refused", len(tally.refused)),
        ):
            CHECKS.labels(outcome).inc(count)
        TRANSITIONS.inc(tally.transitions)
        BATCH_SECONDS.observe(seconds)

    def told(self, label: str) -> None:
        """A drift was thought to be of that class."""
        ANOMALIES.labels(label).inc()

    def parked(self) -> None:
        """A batch could not be judged."""
        BATCHES_PARKED.inc()

    def lag(self, messages: int) -> None:
        """So many batches wait."""
        LAG.set(messages)
