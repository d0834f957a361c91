"""What the control-plane counts, beside what the chassis counts of its calls. Every metric of it is here."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Histogram

TURNED_AWAY: Final = Counter("deployforge_control_plane_turned_away", "Calls denied or refused", ["outcome"])
MANIFEST_BYTES: Final = Histogram(
    "deployforge_control_plane_manifest_bytes", "Size of manifests", buckets=[2**n for n in range(8, 24, 2)]
)
PARSE_SECONDS: Final = Histogram("deployforge_control_plane_manifest_parse_seconds", "Seconds to read a manifest")


class PrometheusMeter:
    """See ports.Meter."""

    def turned_away(self, outcome: str) -> None:
        TURNED_AWAY.labels(outcome).inc()

    @contextmanager
    def reading(self, size_bytes: int) -> Iterator[None]:
        MANIFEST_BYTES.observe(size_bytes)
        with PARSE_SECONDS.time():
            yield
