"""Writes docs/manifest.schema.json from the schema in the code."""

from pathlib import Path

from deployforge_control_plane.domain.manifest.schema_text import schema_text

if __name__ == "__main__":
    target = Path(__file__).parents[2] / "docs" / "manifest.schema.json"
    target.write_text(schema_text(), encoding="utf-8")
