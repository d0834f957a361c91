"""What the control-plane counts, beside what the chassis counts of its calls."""

from typing import Final

from prometheus_client import Counter, Histogram

DENIALS: Final = Counter("deployforge_control_plane_denials", "Calls turned away", ["outcome"])
MANIFEST_BYTES: Final = Histogram(
    "deployforge_control_plane_manifest_bytes", "Size of submitted manifests", buckets=[2**n for n in range(8, 24, 2)]
)
PARSE_SECONDS: Final = Histogram("deployforge_control_plane_manifest_parse_seconds", "Seconds to read a manifest")
"""Every metric of this service is in this module."""
