"""Who needs whom across deployments, by the physical ids that stand in properties."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from deployforge_drift_detector.adapters.needs import Needs
from deployforge_drift_detector.domain.desired import Desired

from ...conftest import ORDERS


def one(deployment: str, resource: str, type: str, namespace: str = "storefront", **more: Any) -> Desired:
    urn = f"urn:df:{namespace}:{deployment}:{resource}"
    return replace(ORDERS, urn=urn, namespace=namespace, name=deployment, resource=resource, type=type, **more)


WALL = one("net", "wall", "SecurityGroup", physical_id="sg-1", properties={"network": "vpc-1"})
APP = one("shop", "app", "Compute", physical_id="i-1", properties={"securityGroups": ["sg-1"], "image": "sg-1"})
DATABASE_WALL = one("data", "wall", "SecurityGroup", physical_id="sg-2", properties={"ingress": [{"group": "sg-1"}]})
STRANGER = one("app", "app", "Compute", namespace="other", physical_id="i-2", properties={"securityGroups": ["sg-1"]})
QUEUE = one("shop", "queue", "Queue", physical_id="sg-9", properties={"name": "sg-1"})


@pytest.mark.parametrize("order", list(permutations((WALL, APP, DATABASE_WALL, STRANGER, QUEUE)))[::13])
def test_whoever_names_it_within_its_namespace_whichever_came_first(order: tuple[Desired, ...]) -> None:
    needs = Needs()
    for desired in order:
        needs.link(desired)
    assert {way[-1] for way in needs.reach(WALL.urn).ways} == {APP.urn, DATABASE_WALL.urn}
    needs.unlink(APP)
    assert {way[-1] for way in needs.reach(WALL.urn).ways} == {DATABASE_WALL.urn}
    needs.unlink(WALL)
    assert needs.reach(WALL.urn).count == 0
    needs.link(replace(WALL, physical_id="sg-3"))
    assert needs.reach(WALL.urn).count == 0


def test_those_with_outputs_and_the_critical_are_found_however_far() -> None:
    needs = Needs()
    needs.link(WALL)
    needs.link(replace(APP, outputs=("address",)))
    needs.link(replace(DATABASE_WALL, criticality="high"))
    assert needs.reach(WALL.urn).notable == {APP.urn, DATABASE_WALL.urn}
