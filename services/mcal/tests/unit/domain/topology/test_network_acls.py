"""Network ACLs of AWS: both ways, by number, and the answers too."""

from typing import Any

import pytest
from deployforge_mcal.domain.topology.wiring import Wired
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_reach import JOINED, allow, asked, native, net, said, steps, wired, without

ALL = {"Protocol": -1, "RuleAction": "allow"}


def entry(
    acl: str, number: int, cidr: str, *, out: bool = False, ports: tuple[int, int] | None = None, **more: Any
) -> Wired:
    values: dict[str, Any] = {"Protocol": 6, "RuleAction": "allow", **more}
    if ports:
        values["PortRange"] = {"From": ports[0], "To": ports[1]}
    way = "out" if out else "in"
    return native(
        f"{acl}-{way}-{number}",
        "NetworkAclEntry",
        NetworkAclId=acl,
        RuleNumber=number,
        CidrBlock=cidr,
        Egress=out,
        **values,
    )


def acl(net: str, *entries: Wired) -> list[Wired]:
    around = native(f"{net}-around", "SubnetNetworkAclAssociation", SubnetId=f"{net}-sub", NetworkAclId=f"{net}-acl")
    return [native(f"{net}-acl", "NetworkAcl", VpcId=f"{net}-net"), around, *entries]


#: Requests may come to b, and their answers may leave it.
BEHIND = [
    *JOINED,
    *acl(
        "b",
        entry("b-acl", 100, "10.1.0.0/16", ports=(443, 443)),
        entry("b-acl", 100, "10.1.0.0/16", out=True, ports=(1024, 65535)),
    ),
]


def test_what_an_acl_lets_in_and_back_is_a_way() -> None:
    answer = asked(BEHIND, "a-vm", "b-vm")
    assert said(answer) == "yes"
    assert steps(answer)[-4:] == [
        ("network ACL", "b-acl"),
        ("firewall", "b-wall"),
        ("network ACL", "b-acl"),
        ("arrives", "b-vm"),
    ]
    assert answer.hops[-2].detail == ("lets answers, tcp/32768-65535 out by 100 allow tcp/1024-65535 10.1.0.0/16")


@pytest.mark.parametrize(
    ("more", "gone", "reason"),
    [
        ([], "b-acl-in-100", "network ACL: no rule lets tcp/443 in from 10.1.1.0/24"),
        ([], "b-acl-out-100", "network ACL: no rule lets answers, tcp/32768-65535 out to 10.1.1.0/24"),
        (
            [entry("b-acl", 50, "10.1.1.0/25", RuleAction="deny")], "",
            "network ACL: rule 50 deny tcp 10.1.1.0/25 is in the way of tcp/443 in from 10.1.1.0/24",
        ),
        (
            [entry("b-acl", 50, "10.1.1.7/32", out=True, ports=(40_000, 40_000), RuleAction="deny")], "",
            "network ACL: rule 50 deny tcp/40000 10.1.1.7/32 is in the way of answers, tcp/32768-65535 out to 10.1.1.0/24",
        ),
        ([entry("b-acl", 150, "0.0.0.0/0", RuleAction="deny")], "", "yes"),
        ([entry("b-acl", 50, "0.0.0.0/0", Protocol=17, RuleAction="deny")], "", "yes"),
        (acl("a"), "", "network ACL: no rule lets tcp/443 out to 10.2.1.0/24"),
        (
            acl("a", entry("a-acl", 1, "0.0.0.0/0", out=True, Protocol=-1)), "",
            "network ACL: no rule lets answers, tcp/32768-65535 in from 10.2.1.0/24",
        ),
    ],
)  # fmt: skip
def test_what_an_acl_does_not_let_pass_is_named(more: list[Wired], gone: str, reason: str) -> None:
    assert said(asked([*without(BEHIND, gone), *more], "a-vm", "b-vm")) == reason


def test_the_rules_of_somebody_elses_acl_are_not_known() -> None:
    assert said(asked(without(BEHIND, "b-acl"), "a-vm", "b-vm")) == (
        "firewall: b-acl is not deployed from here: its rules are not known"
    )


def test_within_a_subnet_no_acl_is_asked() -> None:
    inside = [
        *net("a", 1, rules=[allow("10.0.0.0/8")]),
        wired("other", "Compute", subnet="a-sub", securityGroups=["a-wall"]),
    ]
    assert said(asked([*inside, *acl("a")], "other", "a-vm")) == "yes"
    assert not asked([*inside, *acl("a")], "10.1.1.0/24", "internet").reachable


def test_echoes_are_asked_for_and_answered_by_type() -> None:
    ping = [
        *without(BEHIND, "b-wall"), wired("b-wall", "SecurityGroup", network="b-net", ingress=[{"protocol": "icmp", "cidr": "10.0.0.0/8"}]),
        entry("b-acl", 200, "10.1.0.0/16", Protocol=1, Icmp={"Type": 8, "Code": -1}),
    ]  # fmt: skip
    assert said(asked(ping, "a-vm", "b-vm", 0, "icmp")) == "network ACL: no rule lets answers, icmp out to 10.1.1.0/24"
    back = entry("b-acl", 200, "10.1.0.0/16", out=True, Protocol=1, Icmp={"Type": 0, "Code": -1})
    assert said(asked([*ping, back], "a-vm", "b-vm", 0, "icmp")) == "yes"


def test_some_port_is_open_where_both_guards_let_the_same_pass() -> None:
    assert asked(BEHIND, "a-vm", "b-vm", 0).reachable
    apart = [*without(BEHIND, "b-acl-in-100"), entry("b-acl", 100, "10.1.0.0/16", ports=(80, 80))]
    answer = asked(apart, "a-vm", "b-vm", 0)
    assert said(answer) == "firewall: no rule lets tcp in from 10.1.1.0/24: tcp/443 10.1.1.0/24", (
        "one lets 80 in, the other 443"
    )


def test_the_subnet_of_a_nat_gateway_has_its_acl_too() -> None:
    there = [
        *net("a", 1), wired("b-sub", "Subnet", network="a-net", cidr="10.1.9.0/24", public=True),
        native("igw-at", "VPCGatewayAttachment", VpcId="a-net", InternetGatewayId="igw"),
        native("laid", "SubnetRouteTableAssociation", SubnetId="b-sub", RouteTableId="out-table"),
        native("r1", "Route", RouteTableId="out-table", DestinationCidrBlock="0.0.0.0/0", GatewayId="igw"),
        native("nat", "NatGateway", SubnetId="b-sub"),
        native("r2", "Route", RouteTableId="a-table", DestinationCidrBlock="0.0.0.0/0", NatGatewayId="nat"),
    ]  # fmt: skip
    entries = [
        entry("b-acl", 1, "10.1.0.0/16"), entry("b-acl", 2, "0.0.0.0/0", out=True, ports=(443, 443)),
        entry("b-acl", 3, "0.0.0.0/0", ports=(1024, 65535)), entry("b-acl", 4, "10.1.0.0/16", out=True, ports=(1024, 65535)),
    ]  # fmt: skip
    assert said(asked([*there, *acl("b", *entries)], "a-vm", "internet")) == "yes"
    for n, reason in enumerate(
        ("tcp/443 in from 10.1.1.0/24", "tcp/443 out to", "answers, tcp/1024-65535 in from", "answers, ")
    ):
        rest = [one for m, one in enumerate(entries) if m != n]
        assert said(asked([*there, *acl("b", *rest)], "a-vm", "internet")).startswith(f"network ACL: no rule lets {reason}")


_DENIALS = st.lists(
    st.builds(
        lambda acl, number, cidr, out, low, more: entry(
            acl, number, cidr, out=out, ports=(low, low + more), RuleAction="deny"
        ),
        st.sampled_from(["a-acl", "b-acl"]), st.integers(1, 400), st.sampled_from(["10.1.1.0/24", "10.2.1.7/32", "0.0.0.0/0"]),
        st.booleans(), st.integers(1, 60_000), st.integers(0, 5000),
    ),
    max_size=3,
)  # fmt: skip


@settings(max_examples=100)
@given(_DENIALS, _DENIALS, st.sampled_from([0, 443, 22]))
def test_a_denial_more_never_opens_a_way(some: list[Wired], more: list[Wired], port: int) -> None:
    open_ = [entry("a-acl", 300, "0.0.0.0/0", **ALL), entry("a-acl", 300, "0.0.0.0/0", out=True, **ALL)]
    before = [*BEHIND, *acl("a", *open_), *some]
    if asked([*before, *more], "a-vm", "b-vm", port).reachable:
        assert asked(before, "a-vm", "b-vm", port).reachable
