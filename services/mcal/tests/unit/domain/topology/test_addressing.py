"""Addresses: never the same twice, the same again for whoever asks again, and a refusal that names the other."""

from ipaddress import IPv4Network
from itertools import combinations
from typing import Any

import pytest
from deployforge_mcal.domain.topology.addressing import (
    Addressed,
    Claim,
    Rules,
    addressed,
)
from deployforge_mcal.domain.topology.declared import declared_overlaps, placeholders
from deployforge_mcal.domain.topology.ranges import first_free, parsed, wanted_prefix
from deployforge_mcal.domain.units import ResourceSpec
from hypothesis import given, settings
from hypothesis import strategies as st

TEN = IPv4Network("10.0.0.0/8")
RULES = Rules((TEN,))


def net(cidr: str, name: str = "net", deployment: str = "shop:web", **more: Any) -> ResourceSpec:
    return ResourceSpec(f"urn:df:{deployment}:{name}", name, "Network", {"cidr": cidr, **more})


def sub(cidr: str, name: str = "sub", network: str = "${net.id}", deployment: str = "shop:web") -> ResourceSpec:
    return ResourceSpec(f"urn:df:{deployment}:{name}", name, "Subnet", {"cidr": cidr, "network": network})


def place(provider: str = "aws", location: str = "eu-west-1") -> Claim:
    return Claim("", "", "0.0.0.0/0", "", provider, "1", location)


def claim(cidr: str, urn: str = "urn:df:other:app:net", *, asked: str = "", in_use: bool = True, parent: str = "") -> Claim:
    return Claim(urn, asked or cidr, cidr, parent, "azure", "s/g", "westeurope", in_use)


def give(*specs: ResourceSpec, held: tuple[Claim, ...] = (), rules: Rules = RULES) -> Addressed:
    return addressed(specs, place(), held, rules)


def cidrs(found: Addressed) -> list[str]:
    assert found.problems == ()
    return [str(spec.properties["cidr"]) for spec in found.specs]


# --- the ranges themselves ------------------------------------------------------------------------------

ranges = st.builds(
    lambda prefix, number: IPv4Network(((10 << 24) + (number << (32 - prefix)) % (1 << 24), prefix)),
    st.integers(10, 28), st.integers(0, 2**20),
)  # fmt: skip


@given(st.lists(ranges, max_size=12), st.integers(8, 28))
def test_what_is_free_is_in_the_pool_and_apart_from_all_that_is_taken(taken: list[IPv4Network], prefix: int) -> None:
    found = first_free(prefix, [TEN], taken)
    if found is None:
        # Nothing of that size is left: every one of them has something of what is taken in it.
        assert sum(one.num_addresses for one in taken) > 0
        some = list(TEN.subnets(new_prefix=prefix))[:4096] if prefix <= 20 else []
        assert all(any(one.overlaps(t) for t in taken) for one in some)
        return
    assert found.prefixlen == prefix
    assert found.subnet_of(TEN)
    assert not any(found.overlaps(one) for one in taken)
    # And there is none below it.
    below = (
        IPv4Network((int(found.network_address) - found.num_addresses, prefix)) if found.network_address > TEN[0] else None
    )
    assert below is None or any(below.overlaps(one) for one in taken)


def test_the_next_pool_is_used_when_the_first_is_full() -> None:
    small, other = IPv4Network("10.0.0.0/24"), IPv4Network("172.16.0.0/12")
    assert first_free(24, [small, other], [small]) == IPv4Network("172.16.0.0/24")
    assert first_free(20, [small], []) is None


@pytest.mark.parametrize("value", ["auto", "auto/", "auto/200", "10.0.0.0/16", None, 20, "AUTO/20", "auto/20 x"])
def test_what_asks_for_nothing(value: Any) -> None:
    assert wanted_prefix(value) is None


def test_ranges_of_the_new_protocol_are_nobodys_here() -> None:
    assert parsed("fd00::/8") is None
    assert parsed("10.0.0.7/8") == TEN


# --- across deployments and providers -------------------------------------------------------------------

step = st.tuples(
    st.sampled_from(["take", "free", "again"]), st.integers(0, 9), st.sampled_from(["aws", "azure", "gcp"]),
    st.integers(12, 28),
)  # fmt: skip


@settings(max_examples=150)
@given(st.lists(step, max_size=40))
def test_no_two_networks_ever_have_an_address_in_common(steps: list[tuple[str, int, str, int]]) -> None:
    held: dict[str, Claim] = {}
    for what, number, provider, prefix in steps:
        spec = net(f"auto/{prefix}", deployment=f"ns:d{number}")
        if what == "free":
            held.pop(spec.urn, None)
            continue
        if what == "again" and spec.urn in held:
            spec = net(held[spec.urn].asked, deployment=f"ns:d{number}")
        before = held.get(spec.urn)
        found = addressed([spec], place(provider), list(held.values()), RULES)
        if found.problems:
            continue
        [made] = found.claims
        if before is not None and before.asked == made.asked:
            assert made.cidr == before.cidr, "asked for again, it is the same"
        held[spec.urn] = made
        assert not any(a.range.overlaps(b.range) for a, b in combinations(held.values(), 2))


def test_it_is_the_lowest_free_one_and_so_the_same_for_the_same_claims() -> None:
    taken = (claim("10.0.0.0/16"), claim("10.1.16.0/20", "urn:df:x:y:z"))
    assert cidrs(give(net("auto/20"), held=taken)) == ["10.1.0.0/20"]
    assert cidrs(give(net("auto/16"), held=taken)) == ["10.2.0.0/16"]


def test_two_of_one_unit_are_apart_and_reserved_ranges_are_left_alone() -> None:
    rules = Rules((TEN,), reserved=(IPv4Network("10.0.0.0/12"),))
    found = give(net("auto/20", "a"), net("auto/20", "b"), rules=rules)
    assert cidrs(found) == ["10.16.0.0/20", "10.16.16.0/20"]
    assert [one.asked for one in found.claims] == ["auto/20"] * 2


def test_another_size_is_another_range_beside_the_old_one() -> None:
    mine = claim("10.0.0.0/20", "urn:df:shop:web:net", asked="auto/20")
    assert cidrs(give(net("auto/21"), held=(mine,))) == ["10.0.16.0/21"]
    assert cidrs(give(net("auto/20"), held=(mine,))) == ["10.0.0.0/20"]


def test_what_is_full_says_so() -> None:
    [problem] = give(net("auto/8"), held=(claim("10.3.0.0/16"),)).problems
    assert (problem.path, problem.message) == ("net.properties.cidr", "no /8 is free in 10.0.0.0/8")


@pytest.mark.parametrize("asked", ["auto/7", "auto/29", "auto/0"])
def test_a_size_that_no_cloud_makes_is_refused(asked: str) -> None:
    [problem] = give(net(asked)).problems
    assert problem.expected == "auto/8 to auto/28"


# --- declared ranges ------------------------------------------------------------------------------------


def test_an_overlap_is_refused_with_the_other_named() -> None:
    [problem] = give(net("10.4.0.0/16"), held=(claim("10.4.128.0/20"),)).problems
    assert problem.message == "10.4.0.0/16 overlaps 10.4.128.0/20 of other/app/net on azure westeurope"
    assert "auto/16" in problem.hint


def test_what_was_only_planned_does_not_stand_in_the_way_of_who_declares() -> None:
    planned = claim("10.4.0.0/16", in_use=False)
    assert cidrs(give(net("10.4.0.0/16"), held=(planned,))) == ["10.4.0.0/16"]
    # What was promised to somebody does; and nobody is given what somebody has planned.
    assert give(net("10.4.0.0/16"), held=(claim("10.4.0.0/20", asked="auto/20", in_use=False),)).problems
    assert cidrs(give(net("auto/16"), held=(claim("10.0.0.0/16", in_use=False),))) == ["10.1.0.0/16"]


def test_a_deployments_own_old_network_and_shared_ranges_may_be_met() -> None:
    mine = claim("10.4.0.0/16", "urn:df:shop:web:old")
    assert cidrs(give(net("10.4.0.0/16"), held=(mine,))) == ["10.4.0.0/16"]
    rules = Rules((TEN,), shared=(IPv4Network("10.4.0.0/14"),))
    assert cidrs(give(net("10.4.0.0/16"), held=(claim("10.4.0.0/16"),), rules=rules)) == ["10.4.0.0/16"]
    assert give(net("10.0.0.0/12"), held=(claim("10.4.0.0/16"),), rules=rules).problems


def test_networks_of_one_manifest_may_not_overlap_either() -> None:
    [problem] = declared_overlaps(
        [net("10.0.0.0/16", "a"), net("10.1.0.0/16", "b"), net("10.0.8.0/24", "c"), net("auto/16")]
    )
    assert (problem.path, problem.message) == ("c.properties.cidr", "10.0.8.0/24 overlaps the addresses of a")


# --- subnets --------------------------------------------------------------------------------------------


def test_subnets_take_parts_of_their_network() -> None:
    found = give(sub("auto/24", "a"), net("auto/20"), sub("auto/25", "b"), sub("10.0.2.0/24", "c"))
    assert cidrs(found) == ["10.0.0.0/24", "10.0.0.0/20", "10.0.1.0/25", "10.0.2.0/24"]
    assert {one.parent for one in found.claims} == {"", "urn:df:shop:web:net"}


def test_a_subnet_keeps_its_part_and_leaves_those_of_others_alone() -> None:
    held = give(net("auto/20"), sub("auto/24", "a"), sub("auto/24", "b")).claims
    again = give(net("auto/20"), sub("auto/24", "b"), sub("auto/24", "new"), held=held)
    assert cidrs(again) == ["10.0.0.0/20", "10.0.1.0/24", "10.0.2.0/24"]


def test_a_subnet_of_another_unit_finds_its_network() -> None:
    held = give(net("auto/20")).claims
    assert cidrs(give(sub("auto/24"), held=held)) == ["10.0.0.0/24"]


@pytest.mark.parametrize(
    ("subnet", "message"),
    [
        (sub("auto/24", network="vpc-1"), "auto/24 needs a network of this manifest"),
        (sub("auto/15"), "no /15 is free in 10.0.0.0/16 of shop/web/net on aws eu-west-1"),
        (sub("10.1.0.0/24"), "10.1.0.0/24 is not a part of 10.0.0.0/16 of shop/web/net on aws eu-west-1"),
    ],
)
def test_what_is_no_part_is_refused(subnet: ResourceSpec, message: str) -> None:
    [problem] = give(net("10.0.0.0/16"), subnet).problems
    assert (problem.path, problem.message) == ("sub.properties.cidr", message)


def test_subnets_of_a_network_may_not_overlap() -> None:
    [problem] = give(net("10.0.0.0/16"), sub("10.0.0.0/24", "a"), sub("10.0.0.128/25", "b")).problems
    assert problem.message.startswith("10.0.0.128/25 overlaps 10.0.0.0/24 of shop/web/a")


def test_a_network_that_changes_is_the_new_one_to_its_subnets() -> None:
    old = give(net("auto/20"), sub("auto/24")).claims
    assert cidrs(give(net("auto/16"), sub("auto/24"), held=old)) == ["10.1.0.0/16", "10.1.0.0/24"]


def test_before_anything_is_given_sizes_stand_in() -> None:
    [first, second] = placeholders([net("auto/20"), net("10.1.0.0/16")])
    assert (first.properties["cidr"], second.properties["cidr"]) == ("10.0.0.0/20", "10.1.0.0/16")
    assert placeholders([net("auto/99")])[0].properties["cidr"] == "auto/99"
