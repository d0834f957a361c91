"""From declarations to main.tf.json, and from Google's errors to failures; no cloud."""

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.errors import meaning, of_terraform
from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.natives import GOOGLE
from deployforge_mcal.adapters.gcp.placing import PROVIDER, url
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec
from hypothesis import given
from hypothesis import strategies as st

SCOPE = Scope("gcp", "shop", "europe-west1", "ref")


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    return ResourceSpec(f"urn:df:s:w:{name}", name, type, properties, **more)


def plan(*resources: ResourceSpec, **inputs: str) -> planning.Plan:
    unit = GcpProvider().compile(UnitSpec("d", "gcp/0.0", "df-u", SCOPE, resources))
    return planning.plan(unit, {name.replace("__", "."): value for name, value in inputs.items()})


def blueprint(*resources: ResourceSpec, **how: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(plan(*resources).blueprint(**how))
    return found


def test_a_queue_is_a_topic_and_a_subscription_in_that_order() -> None:
    made = blueprint(resource("q", "Queue", {"visibilityTimeout": "30s", "tags": {"env": "t"}}))["resource"]
    [topic], [subscription] = made["google_pubsub_topic"].values(), made["google_pubsub_subscription"].values()
    assert subscription["topic"] == f"projects/shop/topics/{topic['name']}"
    assert subscription["ack_deadline_seconds"] == 30
    assert subscription["labels"]["env"] == "t"
    assert subscription["depends_on"] == ["google_pubsub_topic.q__topic"]
    assert "depends_on" not in topic


def test_a_load_balancer_for_http_has_what_it_passes_on_to_before_it() -> None:
    made = blueprint(resource("b", "LoadBalancer", {"subnets": ["projects/shop/regions/europe-west1/subnetworks/s"]}))[
        "resource"
    ]
    rule = made["google_compute_forwarding_rule"]["b"]
    proxy = made["google_compute_region_target_http_proxy"]["b__proxy"]
    routes = made["google_compute_region_url_map"]["b__routes"]
    backends = made["google_compute_region_backend_service"]["b__backends"]
    assert (rule["load_balancing_scheme"], rule["ip_protocol"], rule["port_range"]) == ("INTERNAL_MANAGED", "TCP", "80")
    assert rule["target"].endswith(f"/targetHttpProxies/{rule['name']}")
    assert proxy["url_map"].endswith(f"/urlMaps/{proxy['name']}")
    assert routes["default_service"].endswith(f"/backendServices/{routes['name']}")
    assert (backends["protocol"], backends["load_balancing_scheme"]) == ("HTTP", "INTERNAL_MANAGED")
    assert backends["lifecycle"]["ignore_changes"] == ["backend", "health_checks"], "who serves attaches itself"
    assert "google_compute_region_target_http_proxy.b__proxy" in rule["depends_on"]
    assert "google_compute_region_backend_service.b__backends" in routes["depends_on"]


FUNCTION = {"runtime": "python3.12", "handler": "main.run", "code": {"store": "s", "key": "k"}, "role": "a@shop.test"}


def test_a_function_s_account_may_read_its_secrets_before_the_function_is_there() -> None:
    mark = "secret://file/shop/db#hmac-sha256:" + "a" * 64
    declared = resource("f", "Function", FUNCTION)
    unit = GcpProvider().compile(UnitSpec("d", "gcp/0.0", "df-u", SCOPE, (declared,)))
    [one] = unit.resources
    marked = replace(one, desired={**one.desired, "secrets": {"TOKEN": mark, "KEY": mark}})
    made = json.loads(planning.plan(replace(unit, resources=(marked,)), {}).blueprint())
    resources, function = made["resource"], made["resource"]["google_cloudfunctions2_function"]["f"]
    [access, _] = resources["google_secret_manager_secret_iam_member"].values()
    assert access["member"] == "serviceAccount:a@shop.test"
    assert [a.partition(".")[0] for a in access["depends_on"]] == ["google_secret_manager_secret"]
    assert len([a for a in function["depends_on"] if "iam_member" in a]) == 2
    assert "service_config[0].secret_environment_variables" in function["lifecycle"]["ignore_changes"]
    assert "secret://" not in str(made)
    plain = blueprint(resource("f", "Function", FUNCTION))["resource"]["google_cloudfunctions2_function"]["f"]
    assert "ignore_changes" not in plain["lifecycle"]


def test_a_public_load_balancer_lies_in_no_subnet() -> None:
    made = plan(resource("b", "LoadBalancer", {"layer": "network", "public": True, "subnets": ["s-1", "s-2"]}))
    [rule] = [p.arguments for p in made.pieces if not p.part]
    assert (rule["load_balancing_scheme"], rule["all_ports"], "subnetwork" in rule) == ("EXTERNAL", True, False)
    assert "subnets" not in made.declared[0].desired
    assert {p.part for p in made.pieces} == {"", "backends"}


def test_references_are_names_and_dependencies() -> None:
    made = blueprint(
        resource("net", "Network", {"cidr": "10.0.0.0/16"}),
        resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.0.1.0/24"}),
    )["resource"]
    name = made["google_compute_network"]["net"]["name"]
    sub = made["google_compute_subnetwork"]["sub"]
    assert (sub["network"], sub["depends_on"]) == (f"projects/shop/global/networks/{name}", ["google_compute_network.net"])
    assert (sub["region"], sub["ip_cidr_range"]) == ("europe-west1", "10.0.1.0/24")


def test_what_other_units_tell_is_filled_in_and_what_nobody_has_told_is_refused() -> None:
    queue = resource("q", "Queue", {"deadLetter": "${dead.address}"})
    [piece] = [p for p in plan(queue, dead__address="projects/shop/topics/dead").pieces if not p.part]
    assert piece.arguments["dead_letter_policy"]["dead_letter_topic"] == "projects/shop/topics/dead"
    with pytest.raises(ProviderFailure, match=r"dead\.address"):
        plan(queue)


@given(st.text(st.sampled_from("${}%a ."), max_size=12))
def test_no_text_is_evaluated_by_terraform(text: str) -> None:
    escaped = planning._rendered({"x": [text]})["x"][0]
    assert escaped.replace("$${", "${").replace("%%{", "%{") == text
    left = escaped.replace("$${", "\0").replace("%%{", "\0")
    assert "${" not in left
    assert "%{" not in left


def test_what_is_held_still_ignores_everything_and_what_is_missing_is_left_out() -> None:
    made = blueprint(
        resource("a", "Topic", {}), resource("b", "Topic", {}, depends_on=("a",)), resource("c", "Topic", {}),
        still={"google_pubsub_topic.b"}, without={"google_pubsub_topic.a"}, imports={"google_pubsub_topic.c": "projects/shop/topics/c"},
    )  # fmt: skip
    topics = made["resource"]["google_pubsub_topic"]
    assert set(topics) == {"b", "c"}
    assert topics["b"]["lifecycle"]["ignore_changes"] == "all"
    assert "depends_on" not in topics["b"]
    assert made["import"] == [{"to": "google_pubsub_topic.c", "id": "projects/shop/topics/c"}]


def test_initial_values_are_set_and_never_enforced() -> None:
    made = blueprint(resource("q", "Queue", {}, initial={"visibilityTimeout": 30}))["resource"][
        "google_pubsub_subscription"
    ]["q"]
    assert made["ack_deadline_seconds"] == 30
    assert made["lifecycle"]["ignore_changes"] == ["ack_deadline_seconds"]


def test_a_name_of_ones_own_is_not_made_twice_at_once() -> None:
    made = blueprint(resource("a", "Topic", {"name": "abc"}), resource("b", "Topic", {}))["resource"]["google_pubsub_topic"]
    assert "lifecycle" not in made["a"]
    assert made["b"]["lifecycle"] == {"create_before_destroy": True}


@pytest.mark.parametrize(
    ("declared", "path"),
    [
        (resource("q", "Queue", {"visibilityTimeout": 5}), "q.properties.visibilityTimeout"),
        (resource("q", "Queue", {"maxReceives": 7}), "q.properties.maxReceives"),
        (resource("q", "Queue", {"tags": {"Env": "t"}}), "q.properties.tags"),
        (resource("q", "Queue", {}, native={"Not-An-Argument": 1}), "q.native.Not-An-Argument"),
        (resource("t", "Topic", {"subscriptions": [{"protocol": "email", "endpoint": "a@b"}]}), "t.properties.subscriptions"),
        (resource("g", "SecurityGroup", {"network": "n", "description": "d", "egress": [{"group": "g"}]}), "g.properties.egress"),
        (resource("b", "LoadBalancer", {"subnets": ["s"], "public": True}), "b.properties.public"),
        (resource("b", "LoadBalancer", {"subnets": ["s", "t"]}), "b.properties.subnets"),
        (resource("b", "LoadBalancer", {"subnets": ["s"], "idleTimeout": "60s"}), "b.properties.idleTimeout"),
        (resource("s", "Secret", {"value": "in clear"}), "s.properties.value"),
        (resource("f", "Function", {**FUNCTION, "secrets": {"A-B": "${secret://file/a/b}"}}), "f.properties.secrets"),
        (resource("f", "Function", {**FUNCTION, "secrets": {"A": "in clear"}}), "f.properties.secrets"),
        (resource("x", "gcp/google_pubsub_topik", {}), "x.type"), (resource("x", "gcp/google_firestore_field", {}), "x.properties.database"),
        (resource("x", "gcp/google_pubsub_topic", {}, native={"a": 1}), "x.native"), (resource("x", "gcp/google_secret_manager_secret", {}), "x.type"),
    ],
)  # fmt: skip
def test_what_google_cannot_have_is_refused_before_anything_is_touched(declared: ResourceSpec, path: str) -> None:
    assert [p.path for p in GcpProvider().check([declared])][:1] == [path]
    with pytest.raises(InvalidUnit):
        plan(declared)


def test_a_label_may_be_what_another_cloud_gives() -> None:
    assert GcpProvider().check([resource("q", "Queue", {"tags": {"uploads": "${uploads.name}"}})]) == []


def test_what_is_known_later_is_not_judged_before() -> None:
    elsewhere = {
        "description": "d",
        "size": "${other.size}",
        "version": "${other.version}",
        "tags": {"from": "${other.name}"},
    }
    assert GcpProvider().check([resource("c", "Cache", elsewhere)]) == []
    wrong = {"description": "d", "size": "tiny", "version": "1.0", "replicas": 9}
    found = [p.path for p in GcpProvider().check([resource("c", "Cache", wrong)])]
    assert found == ["c.properties.size", "c.properties.replicas", "c.properties.version"]


@given(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True), st.sampled_from(sorted(KINDS)))
def test_generated_names_fit_their_service_and_are_the_same_again(name: str, type: str) -> None:
    kind = KINDS[type]
    made = {kind.generated(seed) for seed in [planning_seed(name)] * 2}
    assert len(made) == 1
    assert all(len(one) <= kind.longest and one[0].isalpha() for one in made)


def planning_seed(name: str) -> Any:
    from deployforge_mcal.adapters.bodies import Seed

    return Seed("df-u", "shop", name)


@pytest.mark.parametrize(
    ("status", "message", "reason", "code"),
    [
        (403, "denied", "IAM_PERMISSION_DENIED", "ACCESS_DENIED"),
        (403, "Quota 'CPUS' exceeded", "QUOTA_EXCEEDED", "LIMIT_EXCEEDED"),
        (403, "Quota exceeded for buckets", "", "LIMIT_EXCEEDED"),
        (403, "has not been used in project 1 before or it is disabled", "SERVICE_DISABLED", "NOT_AVAILABLE"),
        (409, "exists", "", "ALREADY_EXISTS"),
        (400, "'atlantis' is not a valid location.", "", "NOT_AVAILABLE"),
        (400, "Invalid resource name given", "", "INVALID"),
        (413, "too big", "", "TOO_LARGE"),
        (429, "slow down", "RATE_LIMIT_EXCEEDED", "THROTTLED"),
        (503, "away", "", "CLOUD_UNREACHABLE"),
        (401, "no", "", "CREDENTIAL_REFUSED"),
    ],
)  # fmt: skip
def test_errors_of_google_are_typed_and_keep_their_words(status: int, message: str, reason: str, code: str) -> None:
    failure = meaning(status, message, "urn:x", reason=reason)
    assert (failure.code, failure.message, failure.urn) == (code, message, "urn:x")
    assert failure.hint or code == "INVALID"
    told = {
        "http_response_code": status,
        "error_description": message,
        "error": {"details": [{"reason": reason}] if reason else []},
    }
    assert of_terraform(told, "urn:x") == failure


def test_what_is_mapped_is_told_with_where_google_holds_it() -> None:
    for doc in GcpProvider().types():
        told = {p.name for p in doc.properties if p.native.get(PROVIDER)}
        assert told == {p.name for p in TYPES[doc.type].mapped(PROVIDER)}, doc.type
        assert set(TYPES[doc.type].attributes) <= set(doc.attributes)


def test_every_resource_of_terraforms_has_a_place_in_rest() -> None:
    for one in GOOGLE.values():
        assert url(f"//{one.service}/{one.path}").startswith("https://")


def test_google_s_client_is_not_imported_before_it_is_needed() -> None:
    said = "import sys, deployforge_mcal.adapters.gcp.provider; print([m for m in sys.modules if m.startswith(('google.cloud', 'google.auth'))])"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
