"""Networks in the clouds' own words have addresses of their own too, which nobody else gets."""

from ipaddress import IPv4Network
from typing import Any

from deployforge_mcal.adapters.aws.wiring import TYPES as AWS
from deployforge_mcal.adapters.aws.wiring import parts as aws
from deployforge_mcal.adapters.azure.wiring import TYPES as AZURE
from deployforge_mcal.adapters.azure.wiring import parts as azure
from deployforge_mcal.domain.topology.addressing import Addressed, Claim, addressed
from deployforge_mcal.domain.topology.declared import declared_overlaps, native_ranges
from deployforge_mcal.domain.units import ResourceSpec

from .test_addressing import RULES, claim, net, place
from .test_addressing import sub as subnet

NATIVE = native_ranges({**dict.fromkeys(AWS, aws), **dict.fromkeys(AZURE, azure)})


def spec(name: str, type: str, **properties: Any) -> ResourceSpec:
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties)


def vpc(cidr: str, name: str = "vpc") -> ResourceSpec:
    return spec(name, "aws/AWS::EC2::VPC", CidrBlock=cidr)


def vnet(*cidrs: str, name: str = "vnet") -> ResourceSpec:
    return spec(
        name, "azure/Microsoft.Network/virtualNetworks", properties={"addressSpace": {"addressPrefixes": list(cidrs)}}
    )


def give(*specs: ResourceSpec, held: tuple[Claim, ...] = ()) -> Addressed:
    return addressed(specs, place(), held, RULES, NATIVE)


def test_what_is_declared_is_claimed_every_range_of_it() -> None:
    found = give(vpc("10.1.0.0/16"), vnet("10.2.0.0/16", "10.3.0.0/16"))
    assert [(one.urn.rpartition(":")[2], one.cidr) for one in found.claims] == [
        ("vpc", "10.1.0.0/16"), ("vnet", "10.2.0.0/16"), ("vnet", "10.3.0.0/16"),
    ]  # fmt: skip
    assert found.specs == (vpc("10.1.0.0/16"), vnet("10.2.0.0/16", "10.3.0.0/16")), "they are said as they were"


def test_auto_finds_room_beside_it_in_the_same_manifest_and_in_others() -> None:
    here = give(net("auto/16"), vpc("10.0.0.0/16"))
    assert [one.cidr for one in here.claims] == ["10.0.0.0/16", "10.1.0.0/16"]
    there = give(net("auto/16", deployment="other:app"), held=here.claims)
    assert [one.cidr for one in there.claims] == ["10.2.0.0/16"]


def test_an_overlap_is_refused_with_the_other_network_named() -> None:
    found = give(vnet("10.8.0.0/16", "10.9.0.0/16"), held=(claim("10.9.128.0/17"),))
    [problem] = found.problems
    assert (problem.path, problem.message) == (
        "vnet.properties", "10.9.0.0/16 overlaps 10.9.128.0/17 of other/app/net on azure westeurope",
    )  # fmt: skip


def test_within_a_manifest_networks_of_all_words_are_compared() -> None:
    problems = declared_overlaps([vpc("10.1.0.0/16"), net("10.0.0.0/8"), vnet("10.1.1.0/24", "10.1.0.0/24")], NATIVE)
    assert [(one.path, one.message) for one in problems] == [
        ("net.properties.cidr", "10.0.0.0/8 overlaps the addresses of vpc"),
        ("vnet.properties", "10.1.1.0/24 overlaps the addresses of vpc"),
        ("vnet.properties", "10.1.0.0/24 overlaps the addresses of vpc"),
    ]


def test_a_subnet_may_be_a_part_of_any_range_of_it() -> None:
    there = vnet("10.2.0.0/16", "10.3.0.0/16", name="net")
    assert [one.cidr for one in give(there, subnet("10.2.1.0/24")).claims][-1] == "10.2.1.0/24"
    assert [one.cidr for one in give(there, subnet("auto/24")).claims][-1] == "10.3.0.0/24"
    [problem] = give(there, subnet("10.4.1.0/24")).problems
    assert "10.4.1.0/24 is not a part of 10.3.0.0/16" in problem.message


def test_what_is_not_known_yet_or_is_no_network_has_none() -> None:
    assert NATIVE("aws/AWS::EC2::VPC", {"CidrBlock": "${parameters.range}"}) == ()
    assert NATIVE("aws/AWS::EC2::NetworkAclEntry", {"RuleNumber": "${parameters.n}"}) == ()
    assert NATIVE("aws/AWS::SQS::Queue", {"CidrBlock": "10.0.0.0/8"}) == ()
    assert NATIVE("aws/AWS::EC2::VPCCidrBlock", {"CidrBlock": "10.7.0.0/16"}) == (IPv4Network("10.7.0.0/16"),)
