"""The guide's page of types says what the domain says, and the example that runs on every cloud is told to be one.

`UPDATE_GOLDEN=1` writes the page anew.
"""

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from deployforge_mcal.domain.topology.declared import placeholders
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import missing_type, normalised
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType
from deployforge_mcal.domain.units import ResourceSpec

_ROOT = next(p for p in Path(__file__).parents if (p / "uv.lock").exists())
_PAGE = _ROOT / "docs" / "guide" / "types.md"
_BEGIN = "<!-- types -->\n"
_CLOUDS = ("aws", "azure", "gcp")


def _cell(of: UnifiedType, prop: Property, provider: str) -> str:
    support = of.on(provider)
    if prop not in of.supported(provider):
        return "–"
    return support.note(prop.name) or "yes"


def _row(of: UnifiedType, prop: Property) -> str:
    name = f"`{prop.name}`" + (" *" if prop.required else "")
    cells = (_cell(of, prop, provider) for provider in _CLOUDS)
    meaning = prop.description.replace("|", "\\|") + (" A change replaces it." if prop.create_only else "")
    return f"| {name} | {prop.json_type} | {' | '.join(cells)} | {meaning} |"


def _section(of: UnifiedType) -> list[str]:
    levels = ", ".join(f"{provider} {of.on(provider).level.value}" for provider in (*_CLOUDS, "terraform"))
    attributes = ", ".join(f"`{name}`" for name in of.attributes)
    return [
        f"### {of.name}", "", f"{of.description} Support: {levels}. Others refer to: {attributes}.", "",
        "| property | type | aws | azure | gcp | meaning |", "|---|---|---|---|---|---|",
        *(_row(of, prop) for prop in of.properties), "",
    ]  # fmt: skip


def test_the_guide_lists_every_type_as_it_is() -> None:
    before, _, listed = _PAGE.read_text().partition(_BEGIN)
    wanted = "\n".join(line for of in TYPES.values() for line in _section(of))
    if os.environ.get("UPDATE_GOLDEN"):
        _PAGE.write_text(f"{before}{_BEGIN}\n{wanted}")
        listed = f"\n{wanted}"
    assert listed == f"\n{wanted}"


def _portable() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((_ROOT / "examples" / "portable.yaml").read_text())["spec"]["resources"]
    return found


@pytest.mark.parametrize("provider", _CLOUDS)
@pytest.mark.parametrize("resource", _portable(), ids=lambda r: r["name"])
def test_the_portable_example_needs_nothing_that_a_cloud_lacks(resource: dict[str, Any], provider: str) -> None:
    of = TYPES[resource["type"]]
    assert missing_type(of, provider, resource["name"]) == []
    [spec] = placeholders([ResourceSpec("urn", resource["name"], of.name, resource["properties"])])
    assert normalised(of, provider, spec.properties, resource["name"])[1] == []


def test_the_portable_example_refers_only_to_what_every_cloud_tells() -> None:
    types = {r["name"]: r["type"] for r in _portable()}
    text = (_ROOT / "examples" / "portable.yaml").read_text()
    referred = [part.partition("}")[0].split(".") for part in text.split("${")[1:]]
    assert referred
    for name, attribute in (r for r in referred if r[0] != "parameters"):
        assert attribute in TYPES[types[name]].attributes
