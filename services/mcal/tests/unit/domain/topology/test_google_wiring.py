"""Firewall rules of Google Cloud: the network's, by priority, about those with a tag."""

from collections.abc import Sequence
from typing import Any

import pytest
from deployforge_mcal.adapters.gcp import wiring as gcp
from deployforge_mcal.adapters.gcp.kinds.native import declarable
from deployforge_mcal.domain.topology.wiring import Wired
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_reach import allow, asked, said, wired, without

HOST = "//compute.googleapis.com/"


def google(name: str, type: str, id: str, **properties: Any) -> Wired:
    return wired(name, f"gcp/google_compute_{type}", f"{HOST}projects/p/{id}/{name}", "gcp", **properties)


def machine(name: str, *tags: str, **more: Any) -> Wired:
    interface = {"subnetwork": "projects/p/regions/r/subnetworks/sub", "access_config": {}}
    return google(name, "instance", "zones/z/instances", network_interface=[interface], tags=list(tags), **more)


def rule(name: str, word: str = "allow", ports: Sequence[str] = ("443",), **more: Any) -> Wired:
    return google(
        name, "firewall", "global/firewalls", **{"network": "net", word: {"protocol": "tcp", "ports": list(ports)}, **more}
    )


NET = [
    google("net", "network", "global/networks", auto_create_subnetworks=False),
    google("sub", "subnetwork", "regions/r/subnetworks", network="projects/p/global/networks/net", ip_cidr_range="10.3.1.0/24"),
    machine("web", "web"), machine("db", "db"), machine("job", service_account=[{"email": "job@p"}]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rules", "source", "target", "reason"),
    [
        ([], "web", "db", "firewall: no rule lets tcp/443 in from 10.3.1.0/24"),
        ([rule("r", source_ranges=["10.3.0.0/16"])], "web", "db", "yes"),
        ([rule("r")], "internet", "db", "yes"),
        ([rule("r", target_tags=["web"])], "internet", "db", "firewall: no rule lets tcp/443 in from 0.0.0.0/0"),
        ([rule("r", target_tags=["db"])], "internet", "db", "yes"),
        ([rule("r", source_tags=["web"])], "web", "db", "yes"),
        ([rule("r", source_tags=["web"])], "job", "db", "firewall: no rule lets tcp/443 in from 10.3.1.0/24"),
        ([rule("r", source_service_accounts=["job@p"])], "job", "db", "yes"),
        ([rule("r", source_ranges=["2001:db8::/32"])], "internet", "db", "firewall: no rule lets tcp/443 in from 0.0.0.0/0"),
        ([rule("r"), rule("no", "deny")], "internet", "db", "firewall: rule 1000 deny tcp/443 0.0.0.0/0 is in the way of tcp/443 in from 0.0.0.0/0"),
        ([rule("r"), rule("no", "deny", priority=1001)], "internet", "db", "yes"),
        ([rule("r"), rule("no", "deny", disabled=True)], "internet", "db", "yes"),
        ([rule("r"), rule("no", "deny", priority=1, target_tags=["web"])], "internet", "db", "yes"),
        ([rule("r"), rule("no", "deny", direction="EGRESS", destination_ranges=["10.0.0.0/8"])], "web", "db", "firewall: rule 1000 deny tcp/443 10.0.0.0/8 is in the way of tcp/443 out to 10.3.1.0/24"),
        ([rule("r", ports=["80", "440-450"])], "internet", "db", "yes"),
    ],
)  # fmt: skip
def test_rules_of_the_network_by_priority_and_tag(rules: list[Wired], source: str, target: str, reason: str) -> None:
    assert said(asked([*NET, *rules], source, target)) == reason


def test_of_a_network_that_is_not_known_the_rules_are_not_known() -> None:
    assert said(asked([*without(NET, "net"), rule("r")], "web", "db")) == (
        "firewall: projects/p/global/networks/net is not deployed from here: its rules are not known"
    )


@pytest.mark.parametrize("engine", ["gcp", "gcp-deployment-manager"])
def test_groups_of_the_unified_type_are_tags(engine: str) -> None:
    net = "projects/p/global/networks/n"
    there = [
        wired("n", "Network", HOST + net, engine, cidr="10.4.0.0/16"),
        wired("s", "Subnet", f"{HOST}projects/p/regions/r/subnetworks/s", engine, network=net, cidr="10.4.1.0/24"),
        *(
            wired(f"{name}-wall", "SecurityGroup", f"{HOST}projects/p/global/firewalls/{name}-wall", engine, network=net, ingress=rules)
            for name, rules in (("web", []), ("db", [allow(group="projects/p/global/firewalls/web-wall"), allow("10.9.0.0/16")]))
        ),
        *(
            wired(name, "Compute", name, engine, subnet="projects/p/regions/r/subnetworks/s", securityGroups=[f"projects/p/global/firewalls/{name}-wall"])
            for name in ("web", "db")
        ),
    ]  # fmt: skip
    denied = "firewall: rule 65000 deny all 0.0.0.0/0 is in the way of tcp/443 in from 10.4.1.0/24"
    assert said(asked(there, "web", "db")) == "yes"
    assert said(asked(there, "web-wall", "db-wall")).startswith("yes")
    assert said(asked(there, "db", "web")) == denied
    opened = wired(
        "r",
        "gcp/google_compute_firewall",
        f"{HOST}projects/p/global/firewalls/r",
        "gcp",
        network=net,
        allow=[{"protocol": "all"}],
    )
    assert said(asked([*there, opened], "db", "web")) == "yes", "the group's own rules are not all of the network's"


_RULES = st.lists(
    st.builds(
        lambda n, word, priority, more, ports, way: rule(f"r{n}", word, ports, priority=priority, direction=way, **more),
        st.integers(0, 99), st.sampled_from(["allow", "deny"]), st.integers(1, 5),
        st.sampled_from([{}, {"target_tags": ["db"]}, {"target_tags": ["web"]}, {"source_tags": ["web"]}]),
        st.sampled_from([("443",), ("1-65535",), ("22",)]), st.sampled_from(["INGRESS", "EGRESS"]),
    ),
    max_size=4,
)  # fmt: skip


@settings(max_examples=80)
@given(_RULES, _RULES, st.sampled_from(["web", "internet"]), st.sampled_from([0, 443]))
def test_a_denial_more_never_opens_a_way(some: list[Wired], more: list[Wired], source: str, port: int) -> None:
    denials = [one for one in more if "deny" in one.properties]
    if asked([*NET, *some, *denials], source, "db", port).reachable:
        assert asked([*NET, *some], source, "db", port).reachable


def test_every_native_type_that_is_read_can_be_declared() -> None:
    assert {name.removeprefix("gcp/") for name in gcp.TYPES} <= set(declarable())
