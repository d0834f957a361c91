"""Network security groups and route tables of Azure, and the routes and rules that Azure adds by itself."""

from typing import Any

import pytest
from deployforge_mcal.domain.topology.wiring import Wired
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_reach import allow, arm, asked, said, steps, wired, without


def rule(
    priority: int, access: str, there: str = "*", ports: str = "443", way: str = "Inbound", **more: Any
) -> dict[str, Any]:
    far, near = ("source", "destination") if way == "Inbound" else ("destination", "source")
    said = {
        "priority": priority, "direction": way, "access": access, "protocol": "Tcp", "sourcePortRange": "*",
        "destinationPortRange": ports, f"{far}AddressPrefix": there, f"{near}AddressPrefix": "*",
    }  # fmt: skip
    return {"name": f"r{priority}", "properties": {**said, **more}}


def network(name: str, octet: int, *, nsg: bool = True, table: bool = False) -> list[Wired]:
    """A network with a subnet, and a machine's interface with a public address in it."""
    sub: dict[str, Any] = {"addressPrefix": f"10.{octet}.1.0/24"}
    if nsg:
        sub["networkSecurityGroup"] = {"id": f"/{name}-nsg"}
    if table:
        sub["routeTable"] = {"id": f"/{name}-table"}
    address = {"subnet": {"id": f"/{name}/subnets/s"}, "publicIPAddress": {"id": "/pip"}}
    return [
        arm(name, "virtualNetworks", f"/{name}", addressSpace={"addressPrefixes": [f"10.{octet}.0.0/16"]}),
        arm(f"{name}-sub", "virtualNetworks/subnets", f"/{name}/subnets/s", **sub),
        arm(f"{name}-nic", "networkInterfaces", f"/{name}-nic", ipConfigurations=[{"name": "ip", "properties": address}]),
    ]


def nsg(name: str, *rules: dict[str, Any]) -> Wired:
    return arm(f"{name}-nsg", "networkSecurityGroups", f"/{name}-nsg", securityRules=list(rules))


def peering(here: str, there: str) -> Wired:
    path = f"/{here}/virtualNetworkPeerings/p"
    return arm(f"{here}-{there}", "virtualNetworks/virtualNetworkPeerings", path, remoteVirtualNetwork={"id": f"/{there}"})


def table(name: str, *routes: tuple[str, str]) -> Wired:
    inner = [
        {"name": str(n), "properties": {"addressPrefix": cidr, "nextHopType": hop}} for n, (cidr, hop) in enumerate(routes)
    ]
    return arm(f"{name}-table", "routeTables", f"/{name}-table", routes=inner)


PEERED = [*network("a", 1, nsg=False), *network("b", 2), peering("a", "b"), peering("b", "a")]


@pytest.mark.parametrize(
    ("rules", "source", "reason"),
    [
        ([], "a-nic", "yes"),
        ([], "internet", "network security group: no rule lets tcp/443 in from 0.0.0.0/0"),
        ([rule(100, "Allow", "Internet")], "internet", "yes"),
        ([rule(100, "Allow", "Internet", "80")], "internet", "network security group: no rule lets tcp/443 in from 0.0.0.0/0"),
        (
            [rule(100, "Deny", "VirtualNetwork", "*"), rule(200, "Allow", "10.1.0.0/16")], "a-nic",
            "network security group: rule 100 deny tcp network is in the way of tcp/443 in from 10.1.1.0/24",
        ),
        ([rule(300, "Deny", "VirtualNetwork", "*"), rule(200, "Allow", "10.1.0.0/16")], "a-nic", "yes"),
        ([rule(100, "Deny", "Internet", "*")], "a-nic", "yes"),
        ([rule(100, "Deny", "AzureLoadBalancer", "*")], "a-nic", "yes"),
        ([rule(100, "Deny", "Storage", "*")], "a-nic", "yes"),
        ([rule(100, "Allow", "Storage", "*")], "internet", "network security group: no rule lets tcp/443 in from 0.0.0.0/0"),
        ([rule(100, "Deny", "10.1.1.9", "*")], "a-nic", "network security group: rule 100 deny tcp 10.1.1.9/32 is in the way of tcp/443 in from 10.1.1.0/24"),
        ([rule(100, "Deny", destinationAddressPrefix="10.2.9.0/24")], "a-nic", "yes"),
        ([rule(100, "Deny", destinationAddressPrefix="10.2.1.7")], "a-nic", "network security group: rule 100 deny tcp/443 0.0.0.0/0 is in the way of tcp/443 in from 10.1.1.0/24"),
        ([rule(100, "Allow", "Internet", sourcePortRange="1000")], "internet", "network security group: no rule lets tcp/443 in from 0.0.0.0/0"),
        ([rule(100, "Deny", "*", "*", "Outbound")], "a-nic", "yes"),
        ([rule(100, "Deny", "*", protocol="Udp")], "a-nic", "yes"),
        ([rule(100, "Allow", "Internet", "", destinationPortRanges=["80", "440-450"])], "internet", "yes"),
        ([rule(100, "Allow", "Internet"), rule(90, "Deny", "203.0.113.0/24")], "internet", "yes"),
    ],
)  # fmt: skip
def test_rules_by_priority_tags_and_what_azure_adds(rules: list[dict[str, Any]], source: str, reason: str) -> None:
    assert said(asked([*PEERED, nsg("b", *rules)], source, "b-nic")) == reason


def test_what_leaves_is_judged_too_and_answers_are_not() -> None:
    closed = [*network("b", 2), nsg("b", rule(100, "Deny", "Internet", "*", "Outbound"), rule(100, "Allow", "Internet"))]
    assert said(asked(closed, "b-nic", "internet")).startswith(
        "network security group: rule 100 deny tcp internet is in the way"
    )
    assert said(asked(closed, "internet", "b-nic")) == "yes", "a group remembers what it let in"


def test_every_group_around_a_machine_must_let_pass() -> None:
    own = arm(
        "own", "networkInterfaces", "/own", networkSecurityGroup={"id": "/own-nsg"},
        ipConfigurations=[{"properties": {"subnet": {"id": "/b/subnets/s"}}}],
    )  # fmt: skip
    there = [*PEERED, nsg("b"), own, nsg("own", rule(100, "Deny"))]
    assert said(asked(there, "a-nic", "own")).startswith("network security group: rule 100 deny tcp/443 0.0.0.0/0")
    assert said(asked(there, "a-nic", "own", 80)) == "yes"
    assert said(asked(without(there, "own-nsg"), "a-nic", "own", 80)).startswith(
        "firewall: /own-nsg is not deployed from here"
    )
    assert said(asked(without(there, "b-nsg"), "a-nic", "own", 80)).startswith("firewall: /b-nsg is not deployed from here")


def test_groups_of_machines_are_named_in_rules() -> None:
    web = {"subnet": {"id": "/b/subnets/s"}, "applicationSecurityGroups": [{"id": "/web"}]}
    there = [
        *PEERED, arm("web", "networkInterfaces", "/web-nic", ipConfigurations=[{"properties": web}]),
        nsg("b", rule(100, "Allow", "", sourceApplicationSecurityGroups=[{"id": "/web"}]), rule(200, "Deny", "*", "*")),
    ]  # fmt: skip
    assert said(asked(there, "web", "b-nic")) == "yes"
    assert said(asked(there, "a-nic", "b-nic")).startswith("network security group: rule 200 deny")
    only = nsg("b", rule(100, "Deny", destinationApplicationSecurityGroups=[{"id": "/web"}]))
    assert said(asked([*without(there, "b-nsg"), only], "a-nic", "web")).startswith("network security group: rule 100")
    assert said(asked([*without(there, "b-nsg"), only], "a-nic", "b-nic")) == "yes"


def test_rules_routes_and_subnets_may_be_resources_of_their_own_or_not() -> None:
    group = nsg("b", rule(200, "Allow", "Internet"))
    denial = arm("no", "networkSecurityGroups/securityRules", "/b-nsg/securityRules/no", **rule(100, "Deny")["properties"])
    answer = asked([*PEERED, group, denial], "internet", "b-nic")
    assert answer.blocked is not None and answer.blocked.urn == "urn:df:s:w:no"
    inline = arm(
        "c", "virtualNetworks", "/c", addressSpace={"addressPrefixes": ["10.3.0.0/16"]},
        subnets=[{"name": "s", "properties": {"addressPrefix": "10.3.1.0/24", "networkSecurityGroup": {"id": "/b-nsg"}}}],
    )  # fmt: skip
    assert said(asked([inline, group, denial], "internet", "c")) == "address: s/w/c has no public address"
    assert said(asked([inline, group, denial], "10.3.1.4", "c")).startswith("network security group: rule 100 deny")


def test_a_group_of_the_unified_type_denies_the_rest() -> None:
    wall = wired(
        "b-nsg",
        "SecurityGroup",
        "/b-nsg",
        "azure",
        ingress=[allow("10.1.0.0/16"), {"protocol": "icmp", "cidr": "10.1.0.0/16"}],
    )
    assert said(asked([*PEERED, wall], "a-nic", "b-nsg")) == "yes"
    assert said(asked([*PEERED, wall], "a-nic", "b-nic", 0, "icmp")) == "yes"
    assert said(asked([*PEERED, wall], "a-nic", "b-nic", 22)) == "firewall: no rule lets tcp/22 in from 10.1.1.0/24"
    assert said(asked([*PEERED, wall], "b-nic", "a-nic", 22)) == "yes"
    closed = wired("b-nsg", "SecurityGroup", "/b-nsg", "azure", ingress=[], egress=[allow("10.1.0.0/16")])
    assert said(asked([*PEERED, closed], "b-nic", "a-nic", 22)) == "firewall: no rule lets tcp/22 out to 10.1.1.0/24"


ROUTED = [*network("a", 1, nsg=False, table=True), *network("b", 2, nsg=False), peering("a", "b"), peering("b", "a")]


@pytest.mark.parametrize(
    ("routes", "target", "reason"),
    [
        ([], "b-nic", "yes"),
        ([("0.0.0.0/0", "None")], "b-nic", "yes"),
        ([("10.2.0.0/16", "None")], "b-nic", "route: 10.2.0.0/16 goes to nowhere from s/w/a-nic; what becomes of it there is not known"),
        ([("10.2.1.128/25", "None")], "b-nic", "route: 10.2.1.128/25 goes to nowhere from s/w/a-nic; what becomes of it there is not known"),
        ([("10.0.0.0/8", "None")], "b-nic", "yes"),
        ([("0.0.0.0/0", "None")], "internet", "route: 0.0.0.0/0 goes to nowhere from s/w/a-nic; what becomes of it there is not known"),
        ([("0.0.0.0/0", "Internet")], "internet", "yes"),
        ([("10.1.0.0/16", "None")], "a-sub", "route: 10.1.0.0/16 goes to nowhere from s/w/a-nic; what becomes of it there is not known"),
        ([("10.1.0.0/16", "None"), ("10.1.1.0/24", "VnetLocal")], "a-sub", "yes"),
    ],
)  # fmt: skip
def test_a_table_overrules_routes_that_are_no_more_specific(
    routes: list[tuple[str, str]], target: str, reason: str
) -> None:
    assert said(asked([*ROUTED, table("a", *routes)], "a-nic", target)) == reason


def test_answers_follow_tables_too_and_appliances_are_not_known() -> None:
    own = {"addressPrefix": "10.2.0.0/16", "nextHopType": "VirtualAppliance", "nextHopIpAddress": "10.1.9.4"}
    way = arm("way", "routeTables/routes", "/a-table/routes/way", **own)
    answer = asked([*ROUTED, table("a"), way], "b-nic", "a-nic")
    assert said(answer).startswith("route: 10.2.0.0/16 goes to 10.1.9.4 from s/w/a-nic")
    assert steps(asked([*ROUTED, table("a", ("0.0.0.0/0", "Internet"))], "a-nic", "internet"))[0] == ("route", "a-table")
    assert said(asked(ROUTED, "a-nic", "b-nic")).startswith("route: /a-table is not deployed from here")


_RULES = st.lists(
    st.builds(
        rule, st.integers(100, 400), st.sampled_from(["Allow", "Deny"]),
        st.sampled_from(["*", "Internet", "VirtualNetwork", "10.1.0.0/16", "10.1.1.128/25"]),
        st.sampled_from(["*", "443", "80-500"]), st.sampled_from(["Inbound", "Outbound"]),
    ),
    max_size=4,
    unique_by=lambda one: one["properties"]["priority"],
)  # fmt: skip
_PLACES = st.sampled_from(["a-nic", "internet", "10.1.1.200"])


@settings(max_examples=80)
@given(_RULES, _RULES, _PLACES, st.sampled_from([0, 443]))
def test_a_denial_more_never_opens_a_way(some: list[Any], more: list[Any], source: str, port: int) -> None:
    denials = [one for one in more if one["properties"]["access"] == "Deny"]
    if asked([*PEERED, nsg("b", *some, *denials)], source, "b-nic", port).reachable:
        assert asked([*PEERED, nsg("b", *some)], source, "b-nic", port).reachable


@settings(max_examples=80)
@given(_RULES, _RULES, _PLACES)
def test_groups_remember_so_the_other_direction_of_their_rules_is_not_asked(
    some: list[Any], more: list[Any], source: str
) -> None:
    outward = [one for one in more if one["properties"]["direction"] == "Outbound"]
    one, other = (asked([*PEERED, nsg("b", *some, *extra)], source, "b-nic") for extra in ((), outward))
    assert one.reachable == other.reachable
