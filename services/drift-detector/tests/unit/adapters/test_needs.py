"""Who needs whom across deployments, by the physical ids that stand in properties."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from deployforge_drift_detector.adapters.desired_map import DesiredMap
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
    states = DesiredMap()
    for desired in order:
        states.put(desired)
    assert {way[-1] for way in states.reach(WALL.urn).ways} == {APP.urn, DATABASE_WALL.urn}
    states.drop(APP.urn)
    assert {way[-1] for way in states.reach(WALL.urn).ways} == {DATABASE_WALL.urn}
    states.drop(WALL.urn)
    assert states.reach(WALL.urn).count == 0
    states.put(replace(WALL, physical_id="sg-3"))
    assert states.reach(WALL.urn).count == 0


def test_those_with_outputs_and_the_critical_are_found_however_far() -> None:
    states = DesiredMap()
    states.put(WALL)
    states.put(replace(APP, outputs=("address",)))
    states.put(replace(DATABASE_WALL, criticality="high"))
    assert states.reach(WALL.urn).notable == {APP.urn, DATABASE_WALL.urn}
