"""Who reaches whom, and what is in the way: in networks of native and unified resources as they are deployed."""

from collections.abc import Sequence
from typing import Any

import pytest
from deployforge_mcal.adapters.aws import wiring as aws
from deployforge_mcal.adapters.azure import wiring as azure
from deployforge_mcal.adapters.gcp import wiring as gcp
from deployforge_mcal.domain.topology import unified
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import UnknownPlace, place
from deployforge_mcal.domain.topology.reach import reach
from deployforge_mcal.domain.topology.traffic import Answer, BadTraffic, Traffic
from deployforge_mcal.domain.topology.wiring import Part, Wired
from hypothesis import given, settings
from hypothesis import strategies as st

V = "Microsoft.Network/virtualNetworks"


def wired(name: str, type: str, id: str = "", provider: str = "aws", **properties: Any) -> Wired:
    return Wired(f"urn:df:s:w:{name}", type, provider, "1", "here", id or name, properties)


def native(name: str, type: str, id: str = "", **properties: Any) -> Wired:
    return wired(name, f"aws/AWS::EC2::{type}", id, **properties)


def arm(name: str, type: str, id: str, **properties: Any) -> Wired:
    return wired(name, f"azure/Microsoft.Network/{type}", id, "azure", properties=properties)


def parts(resources: Sequence[Wired]) -> list[Part]:
    readers = {type: one.parts for one in (aws, azure, gcp) for type in one.TYPES}
    return [part for one in resources for part in readers.get(one.type, unified.parts)(one)]


def asked(resources: Sequence[Wired], source: str, target: str, port: int = 443, protocol: str = "tcp") -> Answer:
    whole = NetworkMap(parts(resources))
    ends = [
        place(whole, name if "/" in name or "." in name or name == "internet" else f"s/w/{name}")
        for name in (source, target)
    ]
    return reach(whole, ends[0], ends[1], Traffic.of(protocol, port))


def said(answer: Answer) -> str:
    return "yes" if answer.blocked is None else f"{answer.blocked.what}: {answer.blocked.detail}"


def steps(answer: Answer) -> list[tuple[str, str]]:
    return [(hop.what, hop.urn.rpartition(":")[2]) for hop in answer.hops]


def allow(cidr: str = "", port: int = 443, **more: Any) -> dict[str, Any]:
    return {"protocol": "tcp", "fromPort": port, "toPort": port, **({"cidr": cidr} if cidr else {}), **more}


def net(name: str, octet: int, *, provider: str = "aws", rules: Sequence[dict[str, Any]] = (), **more: Any) -> list[Wired]:
    """A network with a subnet, a route table around it, a firewall and a machine."""
    made = [
        wired(f"{name}-net", "Network", provider=provider, cidr=f"10.{octet}.0.0/16"),
        wired(f"{name}-sub", "Subnet", provider=provider, network=f"{name}-net", cidr=f"10.{octet}.1.0/24", **more),
        wired(
            f"{name}-wall", "SecurityGroup", provider=provider, network=f"{name}-net", description="d", ingress=list(rules)
        ),
        wired(f"{name}-vm", "Compute", provider=provider, subnet=f"{name}-sub", securityGroups=[f"{name}-wall"]),
    ]
    table = native(f"{name}-laid", "SubnetRouteTableAssociation", SubnetId=f"{name}-sub", RouteTableId=f"{name}-table")
    return [*made, table] if provider == "aws" else made


def route(name: str, cidr: str, **target: str) -> Wired:
    return native(f"{name}-route", "Route", RouteTableId=f"{name}-table", DestinationCidrBlock=cidr, **target)


PEERING = native("pcx", "VPCPeeringConnection", VpcId="a-net", PeerVpcId="b-net")
JOINED = [
    *net("a", 1), *net("b", 2, rules=[allow("10.1.1.0/24")]), PEERING,
    route("a", "10.2.0.0/16", VpcPeeringConnectionId="pcx"), route("b", "10.1.0.0/16", VpcPeeringConnectionId="pcx"),
]  # fmt: skip


def without(resources: Sequence[Wired], *names: str) -> list[Wired]:
    return [one for one in resources if one.urn.rpartition(":")[2] not in names]


# --- one network ----------------------------------------------------------------------------------------


def test_within_a_network_firewalls_decide() -> None:
    inside = [*net("a", 1, rules=[allow("10.1.0.0/16")])]
    answer = asked(inside, "a-sub", "a-vm")
    assert steps(answer) == [("network", "a-net"), ("firewall", "a-wall"), ("arrives", "a-vm")]
    assert said(asked(inside, "a-sub", "a-vm", 80)) == (
        "firewall: no rule lets tcp/80 in from 10.1.1.0/24: tcp/443 10.1.0.0/16"
    )
    assert said(asked(inside, "a-sub", "a-vm", 443, "udp")).startswith("firewall: no rule lets udp/443 in")
    assert asked(inside, "a-sub", "a-vm", 0).reachable, "some port is open"


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        (allow("10.1.1.0/24"), True), (allow("10.1.1.0/25"), False), (allow("0.0.0.0/0"), True),
        (allow(group="b-wall"), True), (allow(group="other"), False), ({"protocol": "all", "cidr": "10.0.0.0/8"}, True),
        ({"protocol": "tcp", "fromPort": 1, "toPort": 1024, "cidr": "10.0.0.0/8"}, True),
    ],
)  # fmt: skip
def test_a_rule_must_let_all_of_the_other_in(rule: dict[str, Any], reached: bool) -> None:
    both = [*net("a", 1, rules=[rule]), wired("b-wall", "SecurityGroup", network="a-net", description="d")]
    other = wired("b-vm", "Compute", subnet="a-sub", securityGroups=["b-wall"])
    assert asked([*both, other], "b-vm", "a-vm").reachable is reached


def test_what_goes_out_is_judged_where_rules_are_declared() -> None:
    wall = wired("wall", "SecurityGroup", network="a-net", description="d", egress=[allow("10.9.0.0/16")])
    closed = [
        *net("a", 1, rules=[allow("10.0.0.0/8")]),
        wall,
        wired("vm", "Compute", subnet="a-sub", securityGroups=["wall"]),
    ]
    assert said(asked(closed, "vm", "a-vm")) == "firewall: no rule lets tcp/443 out to 10.1.1.0/24: tcp/443 10.9.0.0/16"
    assert asked(closed, "vm", "a-vm").hops == []


def test_a_machine_without_a_group_and_a_group_of_others_let_nobody_in() -> None:
    bare = [
        *net("a", 1),
        wired("bare", "Compute", subnet="a-sub"),
        wired("far", "Compute", subnet="a-sub", securityGroups=["sg-9"]),
    ]
    assert "default one lets in its own members alone" in said(asked(bare, "a-vm", "bare"))
    assert "sg-9 is not deployed from here" in said(asked(bare, "a-vm", "far"))


# --- two networks ---------------------------------------------------------------------------------------


def test_a_peering_with_routes_both_ways_joins_networks() -> None:
    answer = asked(JOINED, "a-vm", "b-vm")
    assert said(answer) == "yes"
    assert steps(answer) == [
        ("firewall", "a-wall"), ("route", "a-route"), ("peering", "pcx"), ("route", "b-route"), ("firewall", "b-wall"),
        ("arrives", "b-vm"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("gone", "reason"),
    [
        (("pcx",), "network: no link joins s/w/a-net and s/w/b-net"),
        (("a-route",), "route: no route from s/w/a-vm to 10.2.1.0/24 by peering"),
        (("b-route",), "route: no route from s/w/b-vm to 10.1.1.0/24 by peering"),
        (("a-laid",), "route: no route table around s/w/a-vm is deployed from here"),
    ],
)
def test_whatever_is_missing_is_named(gone: tuple[str, ...], reason: str) -> None:
    assert said(asked(without(JOINED, *gone), "a-vm", "b-vm")).startswith(reason)


def test_addresses_are_places_too() -> None:
    assert asked(JOINED, "10.1.1.7", "b-vm").reachable
    assert not asked(JOINED, "10.1.2.7", "b-vm").reachable, "that subnet is not known"
    assert "not known which network 10.9.0.1 is in" in said(asked(JOINED, "a-vm", "10.9.0.1"))


def test_links_are_not_transitive() -> None:
    third = [
        *net("c", 3, rules=[allow("10.0.0.0/8")]),
        native("pcy", "VPCPeeringConnection", VpcId="b-net", PeerVpcId="c-net"),
    ]
    routes = [
        route("a", "10.0.0.0/8", VpcPeeringConnectionId="pcx"),
        route("c", "10.0.0.0/8", VpcPeeringConnectionId="pcy"),
    ]
    assert said(asked([*JOINED, *third, *routes], "a-vm", "c-vm")) == (
        "network: no link joins s/w/a-net and s/w/c-net directly; they have s/w/b-net in common, and links are not transitive"
    )


def test_a_transit_gateway_joins_all_that_are_attached() -> None:
    hub = [native(f"at-{n}", "TransitGatewayAttachment", TransitGatewayId="tgw", VpcId=f"{n}-net") for n in ("a", "b", "c")]
    nets = [*net("a", 1), *net("b", 2), *net("c", 3, rules=[allow("10.0.0.0/8")])]
    routes = [route(n, "10.0.0.0/8", TransitGatewayId="tgw") for n in ("a", "c")]
    assert ("transit gateway", "at-a") in steps(asked([*nets, *hub, *routes], "a-vm", "c-vm"))
    assert said(asked([*nets, *hub, *routes], "b-vm", "c-vm")).startswith("route: no route from s/w/b-vm")


# --- the internet ---------------------------------------------------------------------------------------

_GATEWAY = native("igw-at", "VPCGatewayAttachment", VpcId="a-net", InternetGatewayId="igw")


def test_a_public_machine_is_reached_from_the_internet() -> None:
    open_ = [*net("a", 1, rules=[allow("0.0.0.0/0")], public=True), _GATEWAY, route("a", "0.0.0.0/0", GatewayId="igw")]
    assert asked(open_, "internet", "a-vm").reachable
    assert asked(open_, "a-vm", "internet").reachable
    assert asked(open_, "198.51.100.7", "a-vm").reachable
    inner = [*net("a", 1, rules=[allow("0.0.0.0/0")]), _GATEWAY, route("a", "0.0.0.0/0", GatewayId="igw")]
    assert said(asked(inner, "internet", "a-vm")) == "address: s/w/a-vm has no public address"
    assert said(asked(without(open_, "a-route"), "internet", "a-vm")).startswith(
        "route: no route from s/w/a-vm to 0.0.0.0/0"
    )
    assert said(asked(without(open_, "igw-at"), "internet", "a-vm")) == "network: nothing joins the internet and s/w/a-net"


def test_through_a_nat_gateway_things_go_out_and_nothing_comes_in() -> None:
    outside = [
        wired("out", "Subnet", network="a-net", cidr="10.1.9.0/24", public=True), _GATEWAY,
        native("out-laid", "SubnetRouteTableAssociation", SubnetId="out", RouteTableId="out-table"),
        route("out", "0.0.0.0/0", GatewayId="igw"),
    ]  # fmt: skip
    nat = [
        *net("a", 1, rules=[allow("0.0.0.0/0")]), *outside,
        native("nat", "NatGateway", SubnetId="out"), route("a", "0.0.0.0/0", NatGatewayId="nat"),
    ]  # fmt: skip
    assert steps(asked(nat, "a-vm", "internet")) == [
        ("firewall", "a-wall"), ("route", "a-route"), ("NAT gateway", ""), ("route", "out-route"), ("internet gateway", ""),
        ("arrives", ""),
    ]  # fmt: skip
    assert not asked(nat, "internet", "a-vm").reachable
    assert said(asked(without(nat, "out-route"), "a-vm", "internet")) == (
        "route: no route from the NAT gateway in s/w/out to 0.0.0.0/0 by internet gateway"
    )
    inner = [*without(nat, "nat"), native("nat", "NatGateway", SubnetId="out", ConnectivityType="private")]
    assert said(asked(inner, "a-vm", "internet")).startswith(
        "route: no route from s/w/a-vm to 0.0.0.0/0 by internet gateway"
    )


# --- what CloudFormation says by resources of their own -------------------------------------------------


def test_rules_addresses_and_ranges_may_be_resources_of_their_own() -> None:
    rule = native(
        "rule", "SecurityGroupIngress", GroupId="a-wall", IpProtocol="6", FromPort=443, ToPort=443, CidrIp="0.0.0.0/0"
    )
    machine = native("box", "Instance", SubnetId="a-sub", SecurityGroupIds=["a-wall"])
    address = native("eip", "EIPAssociation", InstanceId="box", AllocationId="x")
    there = [*net("a", 1), rule, machine, address, _GATEWAY, route("a", "0.0.0.0/0", GatewayId="igw")]
    assert said(asked(there, "internet", "box")) == "yes"
    assert said(asked(without(there, "eip"), "internet", "box")) == "address: s/w/box has no public address"
    assert said(asked(without(there, "rule"), "internet", "box")).startswith("firewall: no rule lets tcp/443 in")
    assert (
        said(asked([*there, native("more", "VPCCidrBlock", VpcId="a-net", CidrBlock="10.66.0.0/16")], "10.66.1.1", "box"))
        == "yes"
    )


def test_what_goes_out_is_closed_only_where_the_group_says_so() -> None:
    wall = native("wall", "SecurityGroup", VpcId="a-net", SecurityGroupEgress=[])
    there = [
        *net("a", 1, rules=[allow("10.0.0.0/8")]),
        wall,
        native("box", "Instance", NetworkInterfaces=[{"SubnetId": "a-sub", "GroupSet": ["wall"]}]),
    ]
    rule = native(
        "rule", "SecurityGroupEgress", GroupId="wall", IpProtocol="tcp", FromPort=443, ToPort=443, CidrIp="10.1.0.0/16"
    )
    assert said(asked(there, "box", "a-vm")) == "firewall: no rule lets tcp/443 out to 10.1.1.0/24: no rule at all"
    assert said(asked([*there, rule], "box", "a-vm")) == "yes"
    assert said(asked([*there, rule], "a-vm", "a-vm", 0)) == "yes", "a rule outwards closes nothing that was open"


def test_the_most_specific_route_decides() -> None:
    def more(cidr: str) -> Wired:
        return native("more", "Route", RouteTableId="a-table", DestinationCidrBlock=cidr, NatGatewayId="nat")

    assert said(asked([*JOINED, more("10.2.1.0/24")], "a-vm", "b-vm")) == (
        "route: 10.2.1.0/24 goes elsewhere from s/w/a-vm, by a more specific route"
    )
    assert said(asked([*JOINED, more("10.2.1.128/25")], "a-vm", "b-vm")).startswith("route: 10.2.1.128/25 goes elsewhere")
    assert said(asked([*JOINED, more("10.2.1.128/25")], "a-vm", "10.2.1.7")) == "yes", "it is in the other half"
    assert said(asked([*JOINED, more("10.0.0.0/8")], "a-vm", "b-vm")) == "yes"


def test_every_subnet_of_a_place_needs_its_route() -> None:
    bare = wired("a-bare", "Subnet", network="a-net", cidr="10.1.2.0/24")
    assert said(asked([*JOINED, bare], "a-vm", "b-vm")) == "yes"
    assert said(asked([*JOINED, bare], "b-vm", "a-net")).startswith("route: no route table around s/w/a-net is deployed")


# --- Azure, and from one cloud to another ---------------------------------------------------------------

_HUB, _SPOKE = (
    "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/hub",
    "/x/virtualNetworks/spoke",
)
_AZURE = [
    arm("hub", "virtualNetworks", _HUB, addressSpace={"addressPrefixes": ["10.8.0.0/16"]}),
    wired("spoke", "Network", _SPOKE, "azure", cidr="10.9.0.0/16"),
    wired("wall", "SecurityGroup", "/nsg", "azure", description="d", network=_HUB, ingress=[allow("10.9.0.0/16")]),
    arm(
        "hub-sub",
        "virtualNetworks/subnets",
        f"{_HUB}/subnets/one",
        addressPrefix="10.8.1.0/24",
        networkSecurityGroup={"id": "/nsg"},
    ),
    arm(
        "there",
        "virtualNetworks/virtualNetworkPeerings",
        f"{_HUB}/virtualNetworkPeerings/p",
        remoteVirtualNetwork={"id": _SPOKE},
    ),
    arm(
        "back",
        "virtualNetworks/virtualNetworkPeerings",
        f"{_SPOKE}/virtualNetworkPeerings/p",
        remoteVirtualNetwork={"id": _HUB},
    ),
]


def test_azure_makes_the_routes_itself_and_wants_a_peering_from_each_side() -> None:
    assert steps(asked(_AZURE, "spoke", "hub-sub")) == [("peering", "back"), ("firewall", "wall"), ("arrives", "hub-sub")]
    assert said(asked(without(_AZURE, "there"), "spoke", "hub-sub")) == "peering: s/w/hub has no such link back"
    assert said(asked(without(_AZURE, "back"), "spoke", "hub-sub")).endswith("are joined in the other direction only")
    assert said(asked(_AZURE, "spoke", "hub-sub", 22)).startswith("firewall: no rule lets tcp/22 in from 10.9.0.0/16")


def test_a_tunnel_joins_two_clouds_by_their_addresses() -> None:
    tunnel = [
        *net("a", 1), *_AZURE,
        native("vgw-at", "VPCGatewayAttachment", VpcId="a-net", VpnGatewayId="vgw"),
        native("vpn", "VPNConnection", VpnGatewayId="vgw", CustomerGatewayId="cgw"),
        native("vpn-route", "VPNConnectionRoute", VpnConnectionId="vpn", DestinationCidrBlock="10.8.0.0/16"),
        route("a", "10.8.0.0/16", GatewayId="vgw"),
        arm("gw", "virtualNetworkGateways", "/gw", ipConfigurations=[{"properties": {"subnet": {"id": f"{_HUB}/subnets/GatewaySubnet"}}}]),
        arm("far", "localNetworkGateways", "/far", localNetworkAddressSpace={"addressPrefixes": ["10.1.0.0/16"]}),
        arm("conn", "connections", "/conn", virtualNetworkGateway1={"id": "/gw"}, localNetworkGateway2={"id": "/far"}),
    ]  # fmt: skip
    open_ = [*without(tunnel, "wall"), wired("wall", "SecurityGroup", "/nsg", "azure", ingress=[allow("10.1.0.0/16")])]
    assert steps(asked(open_, "a-vm", "hub-sub")) == [
        ("firewall", "a-wall"), ("route", "a-route"), ("VPN", "vpn"), ("firewall", "wall"), ("arrives", "hub-sub"),
    ]  # fmt: skip
    assert said(asked(without(open_, "conn"), "a-vm", "hub-sub")) == "VPN: s/w/hub has no such link back"
    assert said(asked(without(open_, "vpn-route"), "a-vm", "hub-sub")).startswith("network: s/w/a-net and s/w/hub")


def test_a_network_without_addresses_of_its_own_has_those_of_its_subnets() -> None:
    google = [
        wired("net", "Network", "projects/p/net", "gcp"),
        wired("sub", "Subnet", "s1", "gcp", network="projects/p/net", cidr="10.3.1.0/24"),
        wired("vm", "Compute", "v1", "gcp", subnet="s1", securityGroups=["projects/p/global/firewalls/wall"]),
        wired(
            "wall",
            "SecurityGroup",
            "projects/p/global/firewalls/wall",
            "gcp",
            network="projects/p/net",
            ingress=[allow("10.3.1.0/24")],
        ),
    ]
    assert asked(google, "10.3.1.7", "vm").reachable
    assert "not known which network" in said(asked(google, "10.3.2.7", "vm"))


# --- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["s/w/nobody", "nonsense", "", "urn:df:s:w:x", "pcx"])
def test_what_is_no_place_is_refused(name: str) -> None:
    with pytest.raises(UnknownPlace):
        place(NetworkMap(parts(JOINED)), name)


@pytest.mark.parametrize(("protocol", "port"), [("sctp", 1), ("tcp", 65_536), ("tcp", -1)])
def test_what_is_no_traffic_is_refused(protocol: str, port: int) -> None:
    with pytest.raises(BadTraffic):
        Traffic.of(protocol, port)


# --- what holds whatever there is -----------------------------------------------------------------------

_NAMES = ("a", "b", "c")
_EXTRAS = (
    *(native(f"pcx-{x}{y}", "VPCPeeringConnection", VpcId=f"{x}-net", PeerVpcId=f"{y}-net") for x, y in ("ab", "bc", "ac")),
    *(
        native(f"r-{x}{y}", "Route", RouteTableId=f"{x}-table", DestinationCidrBlock=f"10.{n}.0.0/16", VpcPeeringConnectionId=f"pcx-{''.join(sorted(x + y))}")
        for x in _NAMES for n, y in enumerate(_NAMES, 1) if x != y
    ),
)  # fmt: skip
_RULES = [allow(f"10.{n}.0.0/16") for n in (1, 2, 3)]


def world(extras: frozenset[int], rules: frozenset[int]) -> list[Wired]:
    nets = [one for n, name in enumerate(_NAMES, 1) for one in net(name, n, rules=[_RULES[r] for r in sorted(rules)])]
    return [*nets, *(_EXTRAS[n] for n in sorted(extras))]


some = st.frozensets(st.integers(0, len(_EXTRAS) - 1))
ruled = st.frozensets(st.integers(0, 2))


@settings(max_examples=150)
@given(some, some, ruled, ruled, st.permutations(_NAMES))
def test_more_links_routes_and_rules_never_close_a_way(
    extras: frozenset[int], more: frozenset[int], rules: frozenset[int], wider: frozenset[int], names: list[str]
) -> None:
    source, target = f"{names[0]}-vm", f"{names[1]}-vm"
    if asked(world(extras, rules), source, target).reachable:
        assert asked(world(extras | more, rules | wider), source, target).reachable


@settings(max_examples=150)
@given(some, ruled, st.permutations(_NAMES))
def test_every_resource_on_a_way_is_needed_for_it(extras: frozenset[int], rules: frozenset[int], names: list[str]) -> None:
    there = world(extras, rules)
    answer = asked(there, f"{names[0]}-vm", f"{names[1]}-vm")
    assert answer.reachable == (answer.hops[-1:] != [] and answer.hops[-1].what == "arrives")
    for hop in answer.hops if answer.reachable else ():
        if hop.what in ("route", "peering"):
            rest = [one for one in there if one.urn != hop.urn]
            assert not asked(rest, f"{names[0]}-vm", f"{names[1]}-vm").reachable
