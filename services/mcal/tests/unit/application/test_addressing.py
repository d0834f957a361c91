"""Addresses from the plan to the end: given once, kept while anything is there, free again afterwards."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network
from itertools import combinations
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from deployforge.mcal.v1 import topology_pb2 as pb
from deployforge_chassis.call import Call, serving
from deployforge_chassis.principal import Principal
from deployforge_mcal.application.ports import InvalidUnit
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec
from deployforge_mcal.entrypoints.topology_api import TopologyApi

from . import test_mcal
from .test_mcal import SCOPE, UNIT, Service

service = test_mcal.service
_EXAMPLE = next(p for p in Path(__file__).parents if (p / "uv.lock").exists()) / "examples" / "portable.yaml"


class Deployment:
    """One that has a unit, planned and carried out."""

    def __init__(self, service: Service, name: str, number: int = 0) -> None:
        self.service, self.name, self.id, self.digest = service, name, str(uuid4()), ""
        self.unit_name = f"df-s-{name}-{number}"

    def plan(self, **nets: str) -> dict[str, str]:
        """The addresses that networks of these sizes would have."""
        specs = tuple(ResourceSpec(f"urn:df:s:{self.name}:{n}", n, "Network", {"cidr": c}) for n, c in nets.items())
        self.digest, unit = self.service.app.compile(UnitSpec(self.id, UNIT, self.unit_name, SCOPE, specs))
        return {r.name: str(r.desired["cidr"]) for r in unit.resources}

    def run(self, verb: str = "apply") -> list[str]:
        """What is said of an operation."""
        digest = self.digest if verb == "apply" else None
        id = self.service.ask(verb, digest, deployment_id=self.id, unit_name=self.unit_name)
        self.service.operating.work_once()
        return [f"{n} {v.get('code', '')}".strip() for n, v in self.service.facts() if v.get("operation_id") == id][-1:]


def claims(service: Service) -> dict[str, tuple[str, bool]]:
    return {one.urn: (one.cidr, one.in_use) for one in service.app.addressing.listed()}


def test_a_range_is_given_kept_and_given_back(service: Service) -> None:
    shop = Deployment(service, "shop")
    assert shop.plan(net="auto/20") == shop.plan(net="auto/20") == {"net": "10.0.0.0/20"}
    assert claims(service) == {"urn:df:s:shop:net": ("10.0.0.0/20", False)}
    assert shop.run() == ["OperationSucceeded"]
    assert claims(service) == {"urn:df:s:shop:net": ("10.0.0.0/20", True)}
    assert Deployment(service, "other").plan(net="auto/20") == {"net": "10.0.16.0/20"}
    assert shop.run("destroy") == ["OperationSucceeded"]
    assert Deployment(service, "third").plan(net="auto/20") == {"net": "10.0.0.0/20"}


def test_the_portable_example_stands_on_every_cloud_at_once(service: Service) -> None:
    declared = yaml.safe_load(_EXAMPLE.read_text())["spec"]["resources"]
    service.app.providers = dict.fromkeys(("aws", "azure", "gcp"), service.cloud)
    found: dict[str, dict[str, Any]] = {}
    for cloud in service.app.providers:
        specs = tuple(
            ResourceSpec(f"urn:df:s:{cloud}:{r['name']}", r["name"], r["type"], r["properties"])
            for r in declared
            if r["type"] != "Secret"
        )
        unit = service.app.compile(UnitSpec(str(uuid4()), UNIT, f"df-s-{cloud}-0", Scope(cloud, "1", "here", "c"), specs))[
            1
        ]
        found[cloud] = {r.name: ip_network(r.desired["cidr"]) for r in unit.resources if "cidr" in r.desired}
    assert all(ranges["inner"].subnet_of(ranges["net"]) for ranges in found.values())
    assert not any(a["net"].overlaps(b["net"]) for a, b in combinations(found.values(), 2))


def test_a_network_that_is_taken_out_gives_its_range_back(service: Service) -> None:
    shop = Deployment(service, "shop")
    shop.plan(a="auto/20", b="auto/20")
    shop.run()
    shop.plan(b="auto/20")
    assert set(claims(service)) == {"urn:df:s:shop:a", "urn:df:s:shop:b"}
    shop.run()
    assert claims(service) == {"urn:df:s:shop:b": ("10.0.16.0/20", True)}


def test_another_size_gives_the_old_range_back_once_the_new_one_is_there(service: Service) -> None:
    shop = Deployment(service, "shop")
    shop.plan(net="auto/20")
    shop.run()
    assert shop.plan(net="auto/21") == {"net": "10.0.16.0/21"}
    assert len(service.app.addressing.listed()) == 2
    shop.run()
    assert claims(service) == {"urn:df:s:shop:net": ("10.0.16.0/21", True)}


def test_what_is_refused_is_not_kept(service: Service) -> None:
    shop, other = Deployment(service, "shop"), Deployment(service, "other")
    shop.plan(net="10.4.0.0/16")
    shop.run()
    with pytest.raises(InvalidUnit, match=r"10\.4\.0\.0/14 overlaps 10\.4\.0\.0/16 of s/shop/net on aws eu-west-1"):
        other.plan(net="10.4.0.0/14", more="auto/24")
    assert set(claims(service)) == {"urn:df:s:shop:net"}


def test_of_two_plans_for_one_range_the_first_to_be_carried_out_has_it(service: Service) -> None:
    first, second = Deployment(service, "first"), Deployment(service, "second")
    first.plan(net="10.4.0.0/16")
    second.plan(net="10.4.0.0/16")
    assert second.run() == ["OperationSucceeded"]
    assert first.run() == ["OperationFailed ADDRESSES_TAKEN"]
    assert claims(service)["urn:df:s:first:net"] == ("10.4.0.0/16", False)


def test_a_network_in_the_clouds_own_words_has_its_addresses_too(service: Service) -> None:
    def native(deployment: Deployment, cidr: str) -> None:
        spec = ResourceSpec(f"urn:df:s:{deployment.name}:vpc", "vpc", "aws/AWS::EC2::VPC", {"CidrBlock": cidr})
        deployment.digest, _ = service.app.compile(UnitSpec(deployment.id, UNIT, deployment.unit_name, SCOPE, (spec,)))

    shop, other = Deployment(service, "shop"), Deployment(service, "other")
    native(shop, "10.0.0.0/16")
    native(other, "10.0.0.0/16")
    assert shop.run() == ["OperationSucceeded"]
    assert claims(service)["urn:df:s:shop:vpc"] == ("10.0.0.0/16", True)
    assert other.run() == ["OperationFailed ADDRESSES_TAKEN"]
    with pytest.raises(InvalidUnit, match=r"overlaps 10\.0\.0\.0/16 of s/shop/vpc"):
        native(other, "10.0.0.0/8")
    assert Deployment(service, "third").plan(net="auto/16") == {"net": "10.1.0.0/16"}
    native(shop, "10.9.0.0/16")
    assert shop.run() == ["OperationSucceeded"]
    assert claims(service)["urn:df:s:shop:vpc"] == ("10.9.0.0/16", True), "what it had before is free"
    assert shop.run("destroy") == ["OperationSucceeded"]
    assert "urn:df:s:shop:vpc" not in claims(service)


def test_what_fails_and_leaves_nothing_is_only_planned_again(service: Service) -> None:
    shop = Deployment(service, "shop")
    specs = (
        ResourceSpec("urn:df:s:shop:net", "net", "Network", {"cidr": "auto/20"}),
        ResourceSpec("urn:df:s:shop:bad", "bad", "Queue", {"refused": True}),
    )
    shop.digest, _ = service.app.compile(UnitSpec(shop.id, UNIT, shop.unit_name, SCOPE, specs))
    assert shop.run() == ["OperationFailed RESOURCE_FAILED"]
    assert claims(service) == {"urn:df:s:shop:net": ("10.0.0.0/20", False)}


def test_a_plan_that_nobody_carries_out_is_forgotten(service: Service) -> None:
    made, idle = Deployment(service, "made"), Deployment(service, "idle")
    made.plan(net="auto/20")
    made.run()
    idle.plan(net="auto/20")
    ago = datetime.now(UTC) - timedelta(days=8)
    service.app.database.query("UPDATE address_claims SET asked_at = %s", (ago,))
    assert Deployment(service, "new").plan(net="auto/20") == {"net": "10.0.16.0/20"}
    assert set(claims(service)) == {"urn:df:s:made:net", "urn:df:s:new:net"}


def test_many_at_once_never_get_the_same(service: Service) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: Deployment(service, f"d{n}", n).plan(net="auto/24"), range(24)))
    found = service.app.addressing.listed()
    assert len(found) == 24
    assert not any(a.range.overlaps(b.range) for a, b in combinations(found, 2))


def test_submitting_finds_what_a_manifest_alone_can_say(service: Service) -> None:
    nets = [("a", "10.0.0.0/16"), ("b", "10.0.1.0/24"), ("c", "auto/20")]
    specs = [("aws", ResourceSpec(f"urn:df:s:x:{n}", n, "Network", {"cidr": c})) for n, c in nets]
    assert [p.path for p in service.app.check(specs)] == ["b.properties.cidr"]
    assert claims(service) == {}


def test_whose_a_network_is_is_told_to_who_may_see_it(service: Service) -> None:
    Deployment(service, "shop").plan(net="auto/20")
    api: Any = TopologyApi(service.app.addressing, service.app.topology)
    seen = []
    for namespaces in (("s",), ("other",), ("*",)):
        with serving(Call("control-plane", Principal("p", ("viewer",), namespaces))):
            answer = api.Networks(pb.NetworksRequest(), None)
        seen.append([(one.cidr, one.urn) for one in answer.networks])
    mine, hidden = [("10.0.0.0/20", "urn:df:s:shop:net")], [("10.0.0.0/20", "")]
    assert seen == [mine, hidden, mine]
    assert list(answer.pools) == ["10.0.0.0/8"]
