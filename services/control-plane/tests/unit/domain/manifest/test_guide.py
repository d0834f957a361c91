"""What the guide says is so."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from deployforge_control_plane.domain.compliance import POLICIES
from deployforge_control_plane.domain.manifest.canonical import default
from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_control_plane.domain.manifest.schema import LADDER, MANIFEST, UNIFIED_TYPES
from deployforge_templates.includes import expand

GUIDE = (Path(__file__).parents[6] / "docs" / "guide" / "manifest.md").read_text(encoding="utf-8")
EXAMPLES = Path(__file__).parents[6] / "examples"


def fields(schema: Any) -> Iterator[str]:
    for name, inner in schema.get("properties", {}).items():
        yield name
        yield from fields(inner)
    for inner in (schema.get("items"), schema.get("additionalProperties"), *schema.get("oneOf", ())):
        if isinstance(inner, dict):
            yield from fields(inner)


def test_its_example_is_valid() -> None:
    example = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert example is not None
    assert parse(example[1].encode()).resources == ("alarms", "orders", "orders-dead")


def test_it_names_every_field_type_rung_and_policy() -> None:
    words = {*fields(MANIFEST), *UNIFIED_TYPES, *LADDER, *POLICIES} - {"description"}
    assert not {word for word in words if not re.search(rf"(?<![\w/]){re.escape(word)}(?![\w])", GUIDE)}


def test_its_defaults_are_those_of_the_schema() -> None:
    spec = MANIFEST["properties"]["spec"]["properties"]
    assert default(spec["healing"])["limits"] == {
        "maxResources": 5, "maxPercent": 10, "perHour": 20, "flap": {"count": 3, "within": 1800},
    }  # fmt: skip
    for row in ("drift.every", "healing.mode", "healing.maxSeverity", "approval.required", "approval.expires"):
        part, field = row.split(".")
        said = re.search(rf"^\| `{re.escape(row)}` \| `?(\w+)`? \|", GUIDE, re.MULTILINE)
        assert said is not None, row
        assert said[1] == str(spec[part]["properties"][field]["default"])


def test_the_shipped_examples_are_valid() -> None:
    for path in EXAMPLES.glob("*.yaml"):
        assert parse(expand(path.read_bytes(), path, EXAMPLES).text, path.name).resources
