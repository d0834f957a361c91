"""Read when somebody asks, compared with what was verified."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import grpc
import pytest
from deployforge.common.v1 import common_pb2
from deployforge.orchestrator.v1 import plans_pb2 as pb
from deployforge_orchestrator.application.ports import Unavailable
from deployforge_orchestrator.application.undeclared import NothingDeployed, Undeclared
from deployforge_orchestrator.domain.manifest import Scope
from deployforge_orchestrator.domain.planning import MISSING, NOT_CHECKED, PRESENT, Deployed, DeployedUnit, Live, State
from deployforge_orchestrator.entrypoints.grpc_api import STATUS_OF, ExecutionsApi


def deployed(name: str, unit: str, verified: Mapping[str, Any]) -> Deployed:
    return Deployed(
        f"urn:{name}",
        name,
        "Queue",
        "q",
        unit,
        f"id-{name}",
        {"delay": 1},
        {},
        {},
        (),
        (),
        (),
        "normal",
        False,
        False,
        verified,
    )


def unit(id: str, place: str) -> DeployedUnit:
    return DeployedUnit(id, id, "aws", "aws", "1", place, "c", 0, 0, "", {})


class Neighbours:
    """A state manager and a cloud layer."""

    def __init__(self) -> None:
        names = ("same", "other", "gone", "dark")
        resources = {name: deployed(name, "eu" if name != "dark" else "us", {"delay": 1, "size": 3}) for name in names}
        self.state = State(1, 1, resources, {"eu": unit("eu", "eu"), "us": unit("us", "us")})
        self.live = {
            "urn:same": Live(PRESENT, {"delay": 9, "size": 3}), "urn:other": Live(PRESENT, {"delay": 1, "size": 4}),
            "urn:gone": Live(MISSING), "urn:dark": Live(NOT_CHECKED, reason="throttled"),
        }  # fmt: skip
        self.asked: list[tuple[UUID, str]] = []

    def get(self, namespace: str, name: str, version: int = 0) -> State:
        return self.state if name == "webshop" else State()

    def observe(self, deployment_id: UUID, scope: Scope, targets: Sequence[tuple[str, str, str]]) -> Mapping[str, Live]:
        self.asked.append((deployment_id, scope.location))
        return {urn: self.live[urn] for urn, _, _ in targets}


def test_what_nobody_declared_is_told_with_both_values_and_what_could_not_be_read_with_its_reason() -> None:
    neighbours = Neighbours()
    api: Any = ExecutionsApi(None, Undeclared(neighbours, neighbours))  # type: ignore[arg-type]
    webshop = common_pb2.DeploymentRef(namespace="storefront", name="webshop")
    found = api.Undeclared(pb.UndeclaredRequest(deployment=webshop), None).resources
    assert [(one.urn, one.reason) for one in found] == [("urn:dark", "throttled"), ("urn:other", "")]
    [change] = found[1].attributes
    assert (change.path, change.before_json, change.after_json) == ("size", "3", "4")
    assert sorted(neighbours.asked) == [
        (uuid5(NAMESPACE_URL, "deployforge:storefront/webshop"), place) for place in ("eu", "us")
    ]


def test_what_is_not_deployed_is_refused() -> None:
    neighbours: Any = Neighbours()
    with pytest.raises(NothingDeployed):
        Undeclared(neighbours, neighbours).of("storefront", "nothing")
    assert STATUS_OF[Unavailable] is grpc.StatusCode.UNAVAILABLE
