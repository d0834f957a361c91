"""From a plan to what Deployment Manager is told, and what it is not asked for; no cloud."""

import json
import re
from typing import Any

import pytest
from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.legacy.client import HINT, told
from deployforge_mcal.adapters.gcp.legacy.config import configuration, resource_name
from deployforge_mcal.adapters.gcp.legacy.provider import LegacyProvider
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.catalogue import merged
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec
from hypothesis import given
from hypothesis import strategies as st

SCOPE = Scope("gcp-deployment-manager", "shop", "europe-west1", "ref")


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    return ResourceSpec(f"urn:df:s:w:{name}", name, type, properties, **more)


def told_of(*resources: ResourceSpec) -> dict[str, dict[str, Any]]:
    """Resources of the configuration by type."""
    unit = LegacyProvider().compile(UnitSpec("d", "gcp/0.0", "df-u", SCOPE, resources))
    return {one["type"]: one for one in json.loads(configuration(planning.plan(unit, {})))["resources"]}


def test_a_queue_is_two_resources_of_pubsub_in_the_words_of_deployment_manager() -> None:
    made = told_of(resource("q", "Queue", {"visibilityTimeout": "30s", "tags": {"env": "t"}}))
    topic, subscription = made["pubsub.v1.topic"], made["pubsub.v1.subscription"]
    assert subscription["properties"]["topic"] == f"projects/shop/topics/{topic['properties']['topic']}"
    assert subscription["properties"]["subscription"] == topic["properties"]["topic"]
    assert subscription["properties"]["ackDeadlineSeconds"] == 30
    assert subscription["properties"]["labels"]["env"] == "t"
    assert subscription["metadata"] == {"dependsOn": [topic["name"]]}


def test_a_subnet_says_its_region() -> None:
    made = told_of(resource("s", "Subnet", {"network": "projects/shop/global/networks/n", "cidr": "10.0.0.0/24"}))
    assert made["compute.v1.subnetwork"]["properties"]["region"] == "europe-west1"


def test_what_the_living_resource_tells_is_a_reference() -> None:
    net = resource("net", "gcp/compute.v1.network", {"autoCreateSubnetworks": False})
    made = told_of(
        net, resource("f", "gcp/compute.v1.firewall", {"network": "${net.selfLink}", "description": "costs $${x}"})
    )
    properties = made["compute.v1.firewall"]["properties"]
    assert properties["network"] == f"$(ref.{made['compute.v1.network']['name']}.selfLink)"
    assert properties["description"] == "costs ${x}"


def test_a_text_that_deployment_manager_would_evaluate_is_refused() -> None:
    with pytest.raises(ProviderFailure, match="evaluate") as failed:
        told_of(resource("g", "SecurityGroup", {"network": "n", "description": "$(ref.x.y)"}))
    assert (failed.value.failure.urn, failed.value.failure.restored) == ("urn:df:s:w:g", True)


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        (resource("c", "Cache", {"description": "d", "size": "small"}), "c.type"),
        (resource("t", "gcp/google_pubsub_topic", {}), "t.type"),
        (resource("q", "Queue", {}, native={"filter": "x"}), "q.native"),
        (resource("q", "Queue", {"visibilityTimeout": 5}), "q.properties.visibilityTimeout"),
    ],
)
def test_what_it_does_not_have_is_refused_by_name_before_anything_is_touched(declared: ResourceSpec, path: str) -> None:
    assert [p.path for p in LegacyProvider().check([declared])] == [path]
    with pytest.raises(InvalidUnit):
        told_of(declared)


def test_its_types_are_not_infrastructure_managers() -> None:
    [problem] = GcpProvider().check([resource("t", "gcp/pubsub.v1.topic", {})])
    assert (problem.path, problem.expected) == ("t.type", "gcp/google_pubsub_topic")


def test_the_catalogue_tells_what_it_has_and_no_more() -> None:
    engine = LegacyProvider()
    both = {one.type: one for one in merged({"gcp": GcpProvider().types(), engine.type: engine.types()})}
    assert both["Queue"].native_types[engine.type] == "pubsub.v1.subscription"
    assert both["Cache"].support[engine.type] == "none"
    having = {p.name for p in both["Queue"].properties if engine.type in p.providers}
    assert "visibilityTimeout" in having
    assert "delay" not in having


@given(
    st.sets(
        st.from_regex(r"google_[a-z]{3,9}\._?[a-z0-9-]{1,63}(__[a-z0-9]{1,8})?", fullmatch=True), min_size=2, max_size=5
    )
)
def test_names_in_a_deployment_are_apart_and_as_google_wants_them(addresses: set[str]) -> None:
    names = {resource_name(address) for address in addresses}
    assert len(names) == len(addresses)
    assert all(re.fullmatch(r"[a-z][-a-z0-9]{0,61}[a-z0-9]", name) for name in names)


@pytest.mark.parametrize(
    ("status", "content"),
    [(404, b"<html>Not Found</html>"), (404, b"[]"), (410, b""), (501, b"{}"),
     (403, b'{"error": {"code": 403, "message": "m", "errors": [{"reason": "accessNotConfigured"}]}}')],
)  # fmt: skip
def test_answers_of_a_service_that_has_ended_are_its_end(status: int, content: bytes) -> None:
    said = told(status, {}, content)
    assert isinstance(said, ProviderFailure)
    assert (said.failure.code, said.failure.hint, said.failure.restored) == ("NOT_AVAILABLE", HINT, True)


def test_what_is_not_there_is_not_the_end_of_the_service() -> None:
    said = told(404, {}, b'{"error": {"code": 404, "message": "The object is not found."}}')
    assert not isinstance(said, ProviderFailure)
