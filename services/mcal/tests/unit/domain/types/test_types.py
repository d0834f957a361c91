"""The sixteen types: a vocabulary that is the same everywhere, with honest support tables."""

from typing import Any

import pytest
from deployforge_mcal.domain.references import Unresolved
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import disagreements, enforced, missing_type, normalised, resolved
from deployforge_mcal.domain.types.vocabulary import Level

NAMES = (
    "Network", "Subnet", "SecurityGroup", "ObjectStore", "Queue", "Topic", "Table", "Database", "Cache", "Compute",
    "Function", "LoadBalancer", "DnsRecord", "Secret", "Role", "LogGroup",
)  # fmt: skip
PROVIDERS = {"aws", "azure", "gcp", "terraform"}


def test_there_are_sixteen_types() -> None:
    assert tuple(TYPES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_type_speaks_of_its_own_properties_and_of_every_provider(name: str) -> None:
    of = TYPES[name]
    own = {p.name for p in of.properties}
    assert len(own) == len(of.properties)
    assert of.support.keys() == PROVIDERS
    for support in of.support.values():
        assert {*support.lacks, *support.fixed, *support.implied} <= own
        assert not support.lacks & {*support.fixed, *support.implied}
    assert {n for names in of.alternatives for n in names} <= own
    assert of.attributes[0] == "id"


@pytest.mark.parametrize("name", NAMES)
def test_defaults_and_the_fixed_are_canonical(name: str) -> None:
    for prop in TYPES[name].properties:
        if prop.has_default:
            assert prop.normalise(prop.default) == prop.default
        for support in TYPES[name].support.values():
            if prop.name in support.fixed:
                assert prop.normalise(support.fixed[prop.name]) == support.fixed[prop.name]


def problems(name: str, provider: str, **given: Any) -> list[tuple[str, str]]:
    _, found = normalised(TYPES[name], provider, given, "x.properties")
    return [(p.path, p.message) for p in found]


def test_an_unsupported_property_is_refused_by_name_with_the_providers_that_have_it() -> None:
    assert problems("Queue", "azure", contentDeduplication=True) == [
        ("x.properties.contentDeduplication", "`contentDeduplication` is not supported on azure; aws has it")
    ]
    assert problems("ObjectStore", "gcp", versioning=True) == []
    said = "`maxSession` is not supported on gcp; aws has it"
    assert problems("Role", "gcp", maxSession="1h") == [("x.properties.maxSession", said)]
    said = "`tags` is not supported on azure; aws and gcp have it"
    assert problems("Queue", "azure", tags={"a": "b"}) == [("x.properties.tags", said)]


def test_a_type_that_a_provider_does_not_have_is_refused_with_those_that_have_it() -> None:
    [problem] = missing_type(TYPES["Secret"], "terraform", "x")
    assert (problem.path, problem.message) == (
        "x.type", "Secret is not supported on terraform; aws, azure and gcp have it",
    )  # fmt: skip
    assert missing_type(TYPES["Secret"], "azure", "x") == []
    assert TYPES["Secret"].on("elsewhere").level is Level.NONE


def test_what_a_cloud_always_does_may_be_declared_so_and_not_otherwise() -> None:
    assert problems("Queue", "gcp", encrypted=True) == []
    [(path, message)] = problems("Queue", "gcp", encrypted="no")
    assert path == "x.properties.encrypted"
    assert message == "encrypted: false is not supported on gcp; there it is always true"


def test_what_means_nothing_on_a_cloud_is_taken_and_not_enforced() -> None:
    values, found = normalised(TYPES["Role"], "azure", {"usedBy": ["function"], "name": "w"})
    assert found == []
    assert enforced(TYPES["Role"], "azure", values) == {"name": "w"}
    assert enforced(TYPES["Role"], "aws", values) == values


def test_what_a_reference_gives_as_text_is_the_number_that_its_property_holds() -> None:
    desired = {
        "visibilityTimeout": "${clock.second}",
        "fifo": "${clock.even}",
        "tags": {"since": "${clock.day}"},
        "delay": 3,
    }
    known = {"clock.second": "42", "clock.even": "true", "clock.day": "7"}
    expected = {"visibilityTimeout": 42, "fifo": True, "tags": {"since": "7"}, "delay": 3}
    assert resolved(TYPES["Queue"], desired, known) == expected
    assert resolved(TYPES["Queue"], desired, {}) == desired
    assert resolved(TYPES["Queue"], desired, {"clock.second": "noon"})["visibilityTimeout"] == "noon"
    assert resolved(TYPES["Queue"], desired, {"clock.second": "30s"})["visibilityTimeout"] == 30
    left = resolved(TYPES["Queue"], desired, {"clock.second": "30s"})
    assert isinstance(left["fifo"], Unresolved) and isinstance(left["tags"]["since"], Unresolved)


def test_a_default_is_filled_in_only_for_a_whole_declaration() -> None:
    given = {"hashKey": {"name": "id", "type": "S"}}
    assert normalised(TYPES["Table"], "aws", given)[0] == {**given, "billing": "on-demand"}
    assert normalised(TYPES["Table"], "aws", given, whole=False)[0] == given


def test_one_of_some_is_enough_where_the_provider_has_any_of_them() -> None:
    assert problems("Role", "aws") == [("x.properties.trust", "trust is required")]
    assert problems("Role", "aws", usedBy=["function"]) == []
    assert problems("Role", "gcp") == []


def test_required_is_asked_for_and_unknown_is_refused_with_the_nearest() -> None:
    assert problems("Subnet", "azure", network="n") == [("x.properties.cidr", "cidr is required")]
    _, [problem] = normalised(TYPES["Network"], "aws", {"cidr": "10.0.0.0/8", "dnsSuport": 1}, "x.properties")
    assert problem.hint == "did you mean dnsSupport?"


def test_an_adapter_that_claims_too_much_or_too_little_is_told() -> None:
    names = {p.name for p in TYPES["Secret"].properties}
    assert disagreements([TYPES["Secret"]], "aws", {"Secret": (names, names - {"value"})}) == []
    assert disagreements([TYPES["Secret"]], "aws", {"Secret": (names - {"tags"}, names)}) == [
        "Secret.tags is claimed but not translated",
        "Secret.value is read back but not claimed",
    ]


def test_a_queue_subscribes_in_any_cloud_s_words() -> None:
    for word in ("sqs", "queue"):
        values, _ = normalised(TYPES["Topic"], "aws", {"subscriptions": [{"protocol": word, "endpoint": "q"}]})
        assert values["subscriptions"] == [{"protocol": "queue", "endpoint": "q"}]
