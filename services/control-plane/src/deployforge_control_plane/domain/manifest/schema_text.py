"""The published form of the schema: what editors read and `docs/manifest.schema.json` holds."""

import json

from deployforge_control_plane.domain.manifest.schema import MANIFEST


def schema_text() -> str:
    """The JSON Schema as text, one spelling, ending in a line break."""
    return json.dumps(MANIFEST, indent=2, ensure_ascii=False) + "\n"
