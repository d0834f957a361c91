"""Why something suffers, in words."""

from dataclasses import replace
from typing import Any

import pytest
from deployforge_drift_detector.domain.desired import Desired, Reference
from deployforge_drift_detector.domain.impact import why

from ...conftest import ORDERS, urn


def one(resource: str, type: str, **more: Any) -> Desired:
    return replace(ORDERS, urn=urn(resource), resource=resource, type=type, **more)


def refers(resource: str, type: str, path: str, needed: str, attribute: str) -> Desired:
    return one(resource, type, references=(Reference(path, urn(needed), attribute),))


WALL = one("wall", "SecurityGroup", physical_id="sg-1")
ROLE = one("worker", "Role")


@pytest.mark.parametrize(
    ("user", "needed", "via", "reason"),
    [
        (
            refers("orders", "Queue", "deadLetter", "dead", "arn"), one("dead", "Queue"),
            "reference", "deadLetter refers to dead.arn",
        ),
        (
            refers("db-wall", "SecurityGroup", "ingress[0].group", "wall", "id"), WALL,
            "network", "db-wall tells who is let through by wall: ingress[0].group refers to wall.id",
        ),
        (
            refers("app", "Compute", "securityGroups[0]", "wall", "id"), WALL,
            "network", "app is reached through wall: securityGroups[0] refers to wall.id",
        ),
        (
            refers("app", "aws/AWS::EC2::Instance", "SubnetId", "sub", "id"), one("sub", "Subnet"),
            "network", "app lies in sub: SubnetId refers to sub.id",
        ),
        (
            refers("job", "Function", "role", "worker", "address"), ROLE,
            "iam", "job runs as worker: role refers to worker.address",
        ),
        (
            refers("worker", "Role", "policies[0].document.Statement[0].Resource", "orders", "arn"), ORDERS,
            "iam", "worker says what may be done with orders: policies[0].document.Statement[0].Resource refers to orders.arn",
        ),
        (
            one("app", "Compute", properties={"securityGroups": ["sg-0", "SG-1"]}), WALL,
            "network", "app is reached through wall: securityGroups[1] names it",
        ),
        (one("a", "Queue", depends_on=(urn("b"),)), one("b", "Queue"), "order", "a is declared to depend on b"),
    ],
)  # fmt: skip
def test_why(user: Desired, needed: Desired, via: str, reason: str) -> None:
    assert why(user, needed) == (via, reason)


def test_several_references_are_counted() -> None:
    both = tuple(Reference(path, urn("dead"), "arn") for path in ("tags.z", "deadLetter"))
    found = why(one("orders", "Queue", references=both), one("dead", "Queue"))
    assert found == ("reference", "deadLetter refers to dead.arn and 1 more")
