"""The example for every cloud on an emulated AWS (the tests of Azure have it too): deployed as it is written, and exactly as declared."""

from pathlib import Path
from typing import Any

import yaml
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.topology.declared import placeholders
from deployforge_mcal.domain.units import Became, Presence, ResourceSpec

_EXAMPLE = next(p for p in Path(__file__).parents if (p / "uv.lock").exists()) / "examples" / "portable.yaml"


def _declared(world: Any) -> list[ResourceSpec]:
    # The secret has a suite of its own; here there is no source that could give its value.
    resources = yaml.safe_load(_EXAMPLE.read_text())["spec"]["resources"]
    specs = [world.resource(r["name"], r["type"], r["properties"]) for r in resources if r["type"] != "Secret"]
    # Nor does anybody give addresses.
    return placeholders(specs)


def test_it_deploys_and_nothing_of_it_differs(world: Any) -> None:
    outcomes = world.apply(*_declared(world))
    assert {o.status for o in outcomes.values()} == {Became.CREATED}
    sets = {r.urn: r.set_paths for r in world.unit.resources}
    targets = list(world.targets().values())
    for target, seen in zip(targets, world.observe(targets), strict=True):
        assert seen.presence is Presence.PRESENT, seen
        assert differing(target.desired, seen.properties, sets[target.urn]) == [], target.urn
