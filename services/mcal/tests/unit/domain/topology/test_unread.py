"""What Terraform's resources say of networks is not read: where they mention what a way leads by, nobody says yes."""

from typing import Any

import pytest
from deployforge_mcal.domain.topology import unread
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import place
from deployforge_mcal.domain.topology.reach import reach
from deployforge_mcal.domain.topology.traffic import Answer, Traffic
from deployforge_mcal.domain.topology.wiring import Wired

from .test_reach import JOINED, parts, without


def terraform(name: str, type: str, **properties: Any) -> Wired:
    return Wired(f"urn:df:s:w:{name}", f"terraform/{type}", "terraform", "a", "l", name, unread.reduced(properties))


def asked(*more: Wired, source: str = "a-vm", target: str = "b-vm", there: list[Wired] = JOINED) -> Answer:
    whole = NetworkMap([*parts(there), *map(unread.part, more)])
    return reach(whole, place(whole, f"s/w/{source}"), place(whole, f"s/w/{target}"), Traffic.of("tcp", 443))


@pytest.mark.parametrize(
    "mentions",
    [
        {"network_acl_id": "x", "subnet_ids": ["b-sub"]}, {"vpc": {"id": "a-net"}}, {"route_table_id": "a-table"},
        {"security_group_id": "b-wall"},
    ],
)  # fmt: skip
def test_a_yes_is_not_known_where_terraform_may_have_a_say(mentions: dict[str, Any]) -> None:
    answer = asked(terraform("acl", "aws_network_acl", **mentions))
    assert (answer.reachable, answer.blocked) == (False, None)
    assert [(hop.detail, hop.urn) for hop in answer.unread] == [("terraform/aws_network_acl", "urn:df:s:w:acl")]


def test_what_mentions_nothing_on_the_way_has_no_say() -> None:
    assert asked(terraform("acl", "aws_network_acl", vpc_id="elsewhere", note="")).reachable


def test_a_no_stays_and_says_what_was_not_read() -> None:
    answer = asked(terraform("r", "aws_route", route_table_id="b-table"), there=without(JOINED, "b-route"))
    assert answer.blocked is not None and [hop.urn for hop in answer.unread] == ["urn:df:s:w:r"]


def test_an_end_that_is_terraforms_is_not_known() -> None:
    answer = asked(terraform("vpc", "aws_vpc"), target="vpc")
    assert (answer.hops, answer.blocked, [hop.urn for hop in answer.unread]) == ([], None, ["urn:df:s:w:vpc"])


@pytest.mark.parametrize(
    ("type", "bears"),
    [
        ("terraform/aws_vpc", True), ("terraform/azurerm_network_security_rule", True), ("terraform/module", True),
        ("terraform/google_compute_router_nat", True), ("terraform/aws_route53_record", True), ("terraform/aws_sqs_queue", False),
        ("terraform/random_pet", False), ("terraform/aws_signature", False),
    ],
)  # fmt: skip
def test_types_that_have_a_part_in_networks(type: str, bears: bool) -> None:
    assert unread.bears("terraform", type) is bears
    assert not unread.bears("aws", type)


def test_only_what_could_be_an_id_is_kept() -> None:
    kept = unread.reduced({"a": ["x", {"b": "y" * 501}], "c": 3, "d": "x"})
    assert kept == {"mentions": ["x"]}
