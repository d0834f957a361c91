"""From facts heard to an answer: what is deployed, sealed and opened, forgotten, and shown to who may see it."""

import json
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from deployforge.mcal.v1 import topology_pb2 as pb
from deployforge_chassis.call import Call, serving
from deployforge_chassis.principal import Principal
from deployforge_chassis.testing import a_fact, example
from deployforge_mcal.domain.topology.places import UnknownPlace
from deployforge_mcal.entrypoints.topology_api import TopologyApi

from . import test_mcal
from .test_mcal import DEPLOYMENT, Service

service = test_mcal.service


def deployed(
    service: Service,
    name: str,
    type: str,
    properties: dict[str, Any],
    *,
    version: int = 1,
    namespace: str = "s",
    provider: str = "aws",
) -> str:
    urn = f"urn:df:{namespace}:w:{name}"
    value = example(
        "DesiredState", urn=urn, deployment_id=DEPLOYMENT, type=type, physical_id=name, version=version,
        provider_type=provider, properties_json=json.dumps(properties),
    )  # fmt: skip
    service.hear(service.app.desired_state, "state-manager.desired", "DesiredState", value)
    return urn


@pytest.fixture
def api(service: Service) -> TopologyApi:
    rule = {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidr": "10.0.0.0/8"}
    deployed(service, "net", "Network", {"cidr": "10.0.0.0/16"})
    deployed(service, "sub", "Subnet", {"network": "net", "cidr": "10.0.1.0/24"})
    deployed(service, "wall", "SecurityGroup", {"network": "net", "description": "canary text", "ingress": [rule]})
    deployed(service, "vm", "Compute", {"subnet": "sub", "securityGroups": ["wall"]})
    deployed(service, "jobs", "Queue", {})
    return TopologyApi(service.app.addressing, service.app.topology)


def asked(
    api: TopologyApi, source: str, target: str, port: int = 443, *, namespaces: tuple[str, ...] = ("s",)
) -> pb.PathResponse:
    with serving(Call("control-plane", Principal("p", ("viewer",), namespaces))):
        return api.Path(pb.PathRequest(source=source, target=target, port=port), None)  # type: ignore[arg-type]


def test_a_way_is_found_in_what_is_deployed(api: TopologyApi) -> None:
    answer = asked(api, "s/w/sub", "s/w/vm")
    assert answer.reachable
    assert [hop.what for hop in answer.hops] == ["network", "firewall", "arrives"]
    assert "firewalls within machines" in answer.notes[0]
    refused = asked(api, "s/w/sub", "s/w/vm", 22)
    assert (refused.reachable, refused.blocked_by.urn) == (False, "urn:df:s:w:wall")


def test_what_changes_and_goes_is_noticed(api: TopologyApi, service: Service) -> None:
    deployed(service, "wall", "SecurityGroup", {"network": "net", "description": "d", "ingress": []}, version=3)
    assert not asked(api, "s/w/sub", "s/w/vm").reachable
    # What comes late is of the past.
    rule = {"protocol": "all", "cidr": "0.0.0.0/0"}
    deployed(service, "wall", "SecurityGroup", {"network": "net", "description": "d", "ingress": [rule]}, version=2)
    assert not asked(api, "s/w/sub", "s/w/vm").reachable
    tombstone = replace(a_fact("state-manager.desired", "DesiredState", {}), key="urn:df:s:w:vm", value=None)
    service.app.commit(service.app.desired_state(tombstone))
    with pytest.raises(UnknownPlace):
        asked(api, "s/w/sub", "s/w/vm")


@pytest.mark.parametrize("place", ["s/w/vm", "10.0.1.7"])
def test_a_place_that_one_may_not_see_is_none(api: TopologyApi, place: str) -> None:
    with pytest.raises(UnknownPlace):
        asked(api, "internet", place, namespaces=("other",))


def test_of_what_is_on_the_way_elsewhere_only_that_it_is_there_is_told(api: TopologyApi, service: Service) -> None:
    rule = {"protocol": "all", "cidr": "0.0.0.0/0"}
    deployed(service, "theirs", "SecurityGroup", {"network": "net", "description": "d", "ingress": [rule]}, namespace="t")
    deployed(service, "open", "Compute", {"subnet": "sub", "securityGroups": ["theirs"]})
    hidden = asked(api, "s/w/sub", "s/w/open").hops[1]
    assert (hidden.what, hidden.detail, hidden.urn) == ("firewall", "(in another namespace)", "")


def test_what_terraform_says_is_kept_as_far_as_it_mentions_something_and_makes_a_yes_unknown(
    api: TopologyApi, service: Service
) -> None:
    deployed(service, "acl", "terraform/aws_network_acl", {"subnet_ids": ["sub"]}, provider="terraform")
    deployed(service, "pet", "terraform/random_pet", {"keepers": {"net": "sub"}}, provider="terraform")
    answer = asked(api, "s/w/sub", "s/w/vm")
    assert (answer.reachable, answer.HasField("blocked_by")) == (False, False)
    assert [(hop.detail, hop.urn) for hop in answer.unread] == [("terraform/aws_network_acl", "urn:df:s:w:acl")]


def test_it_is_kept_sealed_and_goes_with_its_deployment(api: TopologyApi, service: Service) -> None:
    rows = service.app.database.query("SELECT * FROM wiring")
    assert {row["type"] for row in rows} == {"Network", "Subnet", "SecurityGroup", "Compute"}
    assert b"canary text" not in b"".join(bytes(row["sealed"]) for row in rows)
    service.app.database.write([service.app.sealer.shred(UUID(DEPLOYMENT))])
    service.app.sealer.forget()
    with pytest.raises(UnknownPlace):
        asked(api, "s/w/sub", "s/w/vm")
