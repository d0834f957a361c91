"""Google Cloud beyond the contract of every provider: every kind, crashes, failures half-way, credentials, secrets, drift."""

from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.gcp import reading
from deployforge_mcal.adapters.gcp.errors import GoogleError
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.pacing import Api, Pacing
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.units import Became, CompiledUnit, Presence, ResourceSpec, Scope, Target

from tests.emulators.gcp.running import DEPLOYER, OTHER, PROJECT, READER, Running, emulator

from .gcp_world import Killed, World, queue, resource

_MARK = "secret://file/shop/db#hmac-sha256:" + "a" * 64
_VALUE = "correct horse battery staple"
_NETWORKS = f"//compute.googleapis.com/projects/{PROJECT}/global/networks"
_TOPICS = f"//pubsub.googleapis.com/projects/{PROJECT}/topics"


EVERY_KIND = (
    resource("net", "Network", {"cidr": "10.20.0.0/16", "dnsSupport": True}),
    resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.20.1.0/24"}),
    resource(
        "firewall", "SecurityGroup",
        {
            "network": "${net.id}", "description": "web",
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "cidr": "10.20.0.0/16", "description": "inside"},
                {"protocol": "udp", "fromPort": 8000, "toPort": 8080, "cidr": "0.0.0.0/0"},
            ],
            "egress": [{"protocol": "all", "cidr": "10.0.0.0/8"}],
        },
    ),
    resource("inner", "SecurityGroup", {"network": "${net.id}", "description": "db", "ingress": [{"fromPort": 5432, "group": "${firewall.id}"}]}),
    resource("dead", "Queue", {"messageRetention": "14d"}),
    resource("orders", "Queue", {"visibilityTimeout": "30s", "deadLetter": "${dead.address}", "maxReceives": 5, "encrypted": True, "tags": {"env": "t"}},
             native={"retain_acked_messages": True}),
    resource("events", "Topic", {"subscriptions": [{"protocol": "queue", "endpoint": "${orders.address}"}], "tags": {"env": "t"}}),
    resource("carts", "Table", {"hashKey": {"name": "id", "type": "N"}, "pointInTimeRecovery": True, "ttlAttribute": "until"}),
    resource("uploads", "ObjectStore", {"versioning": True, "encryption": "AES256", "tags": {"env": "t"}}),
    resource("worker", "Role", {"usedBy": ["function"], "description": "works"}),
    resource("logs", "LogGroup", {"retention": "30d"}),
    resource("cache", "Cache", {"description": "carts", "version": "7.2", "size": "medium", "replicas": 1, "tags": {"env": "t"}}),
    resource("box", "Compute", {"image": "projects/debian-cloud/global/images/family/debian-12", "size": "small", "subnet": "${sub.id}",
                                "securityGroups": ["${firewall.id}"], "startup": "#!/bin/sh\necho $${HOSTNAME} %{x}", "tags": {"env": "t"}}),
    resource("work", "Function", {"runtime": "python3.12", "handler": "main.handler", "code": {"store": "${uploads.name}", "key": "app.zip"}, "role": "${worker.address}",
                                  "memory": "256Mi", "timeout": "30s", "environment": {"CACHE": "${cache.host}:${cache.port}", "QUEUE": "${orders.address}"}}),
    resource("www", "DnsRecord", {"zone": "example-com", "name": "www.example.com", "record": "A", "ttl": "1m", "values": ["10.0.0.1", "10.0.0.2"]}),
    resource("proxies", "gcp/google_compute_subnetwork", {"network": "${net.id}", "ip_cidr_range": "10.20.9.0/24", "purpose": "REGIONAL_MANAGED_PROXY", "role": "ACTIVE"}),
    resource("front", "LoadBalancer", {"subnets": ["${sub.id}"], "tags": {"env": "t"}}, depends_on=("proxies",)),
    resource("edge", "LoadBalancer", {"layer": "network", "public": True, "subnets": ["${sub.id}"]}),
    resource("inner-edge", "LoadBalancer", {"layer": "network", "subnets": ["${sub.id}"]}),
    resource("dns", "DnsRecord", {"zone": "example-com", "name": "edge.example.com", "record": "A", "values": ["${edge.host}"]}),
    resource("open", "Topic", {}),
    resource("audit", "gcp/google_pubsub_subscription", {"topic": "${open.id}", "filter": 'attributes.kind = "order"', "ack_deadline_seconds": 20, "labels": {"env": "t"}}),
    resource("inside", "gcp/google_compute_firewall", {"name": "inside", "network": "${net.id}", "direction": "INGRESS", "source_ranges": ["10.0.0.0/8"],
                                                       "allow": [{"protocol": "tcp", "ports": ["22"]}]}),
    resource("told", "Function", {"runtime": "go1.22", "handler": "Run", "code": {"store": "${uploads.name}", "key": "b.zip"}, "role": "${worker.address}",
                                  "environment": {"LINK": "${inside.self_link}", "SUB": "${audit.name}"}}),
)  # fmt: skip


class KnownSecret:
    """One secret."""

    def value(self, marked: str) -> str:
        assert marked == _MARK
        return _VALUE

    def filled(self, values: Any) -> Any:
        if isinstance(values, dict):
            return {name: self.filled(inner) for name, inner in values.items()}
        return _VALUE if values == _MARK else values


@pytest.fixture
def world(gcp: Running) -> Any:
    """A project in which nothing is, and of which nothing is left."""
    reading.recent.forget()
    world = World(gcp)
    yield world
    world.do("destroy", unit=world.unit)
    for full in reversed(world.left()):
        gcp.rest("DELETE", full)


NET = resource("net", "Network", {"cidr": "10.0.0.0/16"})


# --- what is deployed is as declared --------------------------------------------------------------------


def test_every_kind_is_deployed_scanned_without_drift_and_destroyed(world: World) -> None:
    made = world.apply(*EVERY_KIND)
    assert {o.status for o in made.values()} == {Became.CREATED}
    assert world.drift() == {}
    reading.recent.forget()
    assert world.drift() == {}, "read in bulk, by Cloud Asset Inventory"
    assert {o.status for o in world.apply(*EVERY_KIND).values()} == {Became.UNCHANGED}
    assert {o.status for o in world.do("destroy", unit=world.unit)} == {Became.DELETED}
    assert world.left() == []


def test_progress_is_told_of_every_resource(world: World) -> None:
    made = world.apply(queue(), NET)
    assert {urn for urn, status, _ in world.ticks if status == "RECONCILED"} >= {o.urn for o in made.values()}


def test_ownership_is_in_the_labels_and_labels_of_others_are_left_alone(world: World) -> None:
    store = resource("up", "ObjectStore", {"tags": {"a": "1", "b": "2"}})
    id = world.apply(store)["up"].physical_id
    live = world.gcp.rest("GET", id)[1]["labels"]
    assert live["deployforge-unit"] == world.unit_name
    assert live["deployforge-name"] == "up"
    assert [value for name, value in live.items() if name.startswith("team-")] != []
    world.gcp.rest("PATCH", id, {"labels": {**live, "theirs": "x"}})
    assert world.drift() == {}
    world.apply(resource("up", "ObjectStore", {"tags": {"a": "1"}}))
    labels = world.gcp.rest("GET", id)[1]["labels"]
    assert (labels["a"], labels["theirs"], "b" in labels) == ("1", "x", False)


def test_a_change_that_google_cannot_make_in_place_makes_another_resource(world: World) -> None:
    first = world.apply(queue())["q"]
    second = world.apply(queue(fifo=True))["q"]
    assert first.physical_id != second.physical_id
    assert world.gcp.rest("GET", first.physical_id)[0] == 404
    assert world.drift() == {}


def test_under_a_fixed_name_the_first_makes_room(world: World) -> None:
    first = world.apply(resource("q", "Queue", {"name": "orders"}))["q"]
    second = world.apply(resource("q", "Queue", {"name": "orders", "fifo": True}))["q"]
    assert first.physical_id == second.physical_id
    assert world.drift() == {}


def test_an_existing_resource_is_adopted_as_it_is_and_then_held_to_its_declaration(world: World) -> None:
    id = f"{_TOPICS}/theirs"
    assert world.gcp.rest("PUT", id, {"labels": {"their": "own"}})[0] == 200
    wanted = world.compile(resource("t", "Topic", {"name": "theirs", "tags": {"a": "b"}}, import_id=id))
    adopted = world.do("adopt", unit=wanted, adopt={"urn:df:shop:web:t": id})
    assert [(o.status, o.physical_id) for o in adopted] == [(Became.ADOPTED, id)]
    assert [o.status for o in world.do("apply", unit=wanted, adopt={"urn:df:shop:web:t": id})] == [Became.UPDATED]
    world.unit = wanted
    labels = world.gcp.rest("GET", id)[1]["labels"]
    assert (labels["a"], labels["their"]) == ("b", "own")
    missing = world.compile(resource("x", "Topic", {}, import_id=f"{id}x"))
    failure = world.refused("adopt", unit=missing, adopt={"urn:df:shop:web:x": f"{id}x"})
    assert (failure.code, failure.restored) == ("NOT_FOUND", True)


def test_what_would_be_replaced_and_nobody_has_approved_is_refused(world: World) -> None:
    first = world.apply(queue())["q"]
    wanted = world.compile(resource("q", "Queue", {"visibilityTimeout": 30}, native={"filter": 'attributes.a = "b"'}))
    failure = world.refused(unit=wanted, previous=world.unit, replaces=())
    assert (failure.code, failure.urn, failure.restored) == ("MORE_WOULD_CHANGE", first.urn, True)
    assert "filter" in failure.message
    assert world.gcp.rest("GET", first.physical_id)[1].get("filter") is None
    [done] = world.do("apply", unit=wanted, previous=world.unit, replaces=(first.urn,))
    world.unit = wanted
    assert world.gcp.rest("GET", done.physical_id)[1]["filter"] == 'attributes.a = "b"'
    id = "//storage.googleapis.com/far-away-0002"
    world.gcp.rest("PUT", id, {"location": "US-EAST1"})
    taken = world.compile(
        resource("q", "Queue", {"visibilityTimeout": 30}, native={"filter": 'attributes.a = "b"'}),
        resource("up", "ObjectStore", {"name": "far-away-0002"}, import_id=id),
    )
    failure = world.refused(unit=taken, previous=wanted, adopt={"urn:df:shop:web:up": id}, replaces=())
    assert (failure.code, failure.urn) == ("MORE_WOULD_CHANGE", "urn:df:shop:web:up")
    assert world.gcp.rest("GET", id)[1]["location"] == "US-EAST1"


def test_what_was_adopted_outlives_a_change_that_fails(world: World) -> None:
    id = f"{_TOPICS}/theirs"
    world.gcp.rest("PUT", id, {})
    unit = world.compile(resource("t", "Topic", {"name": "theirs"}, import_id=id), queue(deadLetter="nowhere"))
    failure = world.refused(unit=unit, adopt={"urn:df:shop:web:t": id})
    assert failure.restored
    assert world.left() == [id]


def test_what_is_retained_when_its_declaration_goes_lives_on(world: World) -> None:
    made = world.apply(queue("a"), queue("b"))
    after = world.apply(queue("b"), retain=(made["a"].urn,))
    assert (after["a"].status, after["b"].status) == (Became.UNCHANGED, Became.UNCHANGED)
    assert world.gcp.rest("GET", made["a"].physical_id)[0] == 200


def test_what_is_in_the_project_is_listed_by_type(world: World) -> None:
    mine = world.apply(NET, queue())["net"].physical_id
    theirs = f"{_NETWORKS}/theirs"
    assert world.gcp.rest("PUT", theirs, {"autoCreateSubnetworks": False})[0] == 200
    session = world.provider.open_reader(world.gcp.credential, world.scope, ["Network"])
    assert {mine, theirs} <= set(world.provider.list_ids(session, "Network"))
    far = "//storage.googleapis.com/far-away-0001"
    world.gcp.rest("PUT", far, {"location": "US-EAST1"})
    for name in world.provider.listable():
        assert far not in world.provider.list_ids(session, name)


# --- crashes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", range(1, 5))
def test_killed_before_any_change_the_second_attempt_ends_the_same(world: World, change: int) -> None:
    before = world.apply(queue("old"), queue("same"))
    wanted, token, count = world.compile(queue("same", tags={"a": "b"}), queue("new")), str(uuid4()), [0]

    def hold() -> None:
        count[0] += 1
        if count[0] == change:
            raise Killed

    # Note, blueprint, update: whoever is not stopped by these must have ended.
    try:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, hold=hold)
    except Killed:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, resumed=True)
    assert change > 3 or count[0] == change
    became = {o.urn.rpartition(":")[2]: o.status for o in outcomes}
    assert became == {"same": Became.UPDATED, "new": Became.CREATED, "old": Became.DELETED}
    assert world.gcp.rest("GET", before["old"].physical_id)[0] == 404
    world.unit = wanted
    assert world.drift() == {}


# --- failures -------------------------------------------------------------------------------------------


def test_a_failure_half_way_takes_back_what_was_made_and_only_that(world: World) -> None:
    fault = {
        "kind": "resource",
        "match": "storage.googleapis.com",
        "status": 403,
        "code": "quotaExceeded",
        "message": "Quota exceeded: none left",
    }
    world.gcp.control("faults", fault)
    failure = world.refused(unit=world.compile(queue(), NET, resource("up", "ObjectStore", {})))
    assert (failure.code, failure.urn, failure.restored) == ("LIMIT_EXCEEDED", "urn:df:shop:web:up", True)
    assert "none left" in failure.message
    assert failure.hint
    assert world.left() == []


def test_what_could_not_be_put_back_is_not_claimed(world: World) -> None:
    world.apply(queue())
    world.gcp.control("faults", {"kind": "resource", "match": "/subscriptions/r-", "message": "none left"})
    world.gcp.control("faults", {"kind": "resource", "match": "/subscriptions/q-", "after": 1, "message": "busy"})
    failure = world.refused(unit=world.compile(queue(tags={"a": "b"}), queue("r")), previous=world.unit)
    assert not failure.restored
    assert "putting it back failed too" in failure.message


@pytest.mark.parametrize(
    ("declared", "code", "said"),
    [
        (resource("a", "ObjectStore", {"name": "taken0001"}), "ALREADY_EXISTS", "taken0001"),
        (queue(deadLetter=f"projects/{PROJECT}/topics/nowhere"), "NOT_FOUND", "nowhere"),
        (resource("n", "Queue", {"name": "goog|"}), "INVALID", "goog|"),
        (resource("n", "Queue", {}, native={"no_such_argument": 1}), "INVALID", "no_such_argument"),
    ],
)  # fmt: skip
def test_what_google_refuses_is_said_in_its_words_and_leaves_nothing(
    world: World, declared: ResourceSpec, code: str, said: str
) -> None:
    taken = "//storage.googleapis.com/taken0001"
    world.gcp.call(
        "PUT",
        f"/storage.googleapis.com/storage/v1/b/taken0001?project={OTHER}",
        {"location": "EUROPE-WEST1"},
        "the-operator",
    )
    failure = world.refused(unit=world.compile(declared))
    assert (failure.code, failure.restored, failure.urn) == (code, True, declared.urn)
    assert said in failure.message
    assert world.left() == []
    world.gcp.rest("DELETE", taken)


def test_a_region_that_is_none_is_named(gcp: Running) -> None:
    world = World(gcp)
    world.scope = replace(world.scope, location="atlantis")
    failure = world.refused(unit=world.compile(resource("up", "ObjectStore", {})))
    assert (failure.code, failure.restored) == ("NOT_AVAILABLE", True)
    assert "atlantis" in failure.message


def test_a_bucket_for_blueprints_that_is_not_there_is_named(world: World) -> None:
    failure = world.refused(root={**world.gcp.credential, "bucket": "nowhere"}, unit=world.compile(queue()))
    assert (failure.code, failure.restored) == ("NOT_FOUND", True)
    assert "nowhere" in failure.message


def test_throttling_is_waited_for_as_long_as_google_says_and_no_longer(world: World) -> None:
    at = {"kind": "throttle", "method": "POST", "path": "/deployments$"}
    world.gcp.control("faults", {**at, "times": 2, "retryAfter": 1})
    world.apply(queue())
    world.gcp.control("faults", {**at, "method": "PATCH", "path": "/deployments/", "retryAfter": 3600})
    failure = world.refused(unit=world.unit, previous=world.unit)
    assert (failure.code, failure.retryable) == ("THROTTLED", True)


def test_a_scan_that_is_throttled_halves_what_it_asks_at_once_and_heeds_the_pause(world: World) -> None:
    world.apply(queue())
    pacing = Pacing()
    world.provider.paced(pacing)
    fault = {"kind": "throttle", "method": "GET", "path": "/subscriptions/|/topics/", "times": 1}
    world.gcp.control("faults", {**fault, "retryAfter": 1})
    assert world.drift(scanning=True) == {}
    assert pacing.lane(Api("gcp", PROJECT, "pubsub.googleapis.com")).pace.limit < 8
    world.gcp.control("faults", {**fault, "retryAfter": 3600})
    # Refused once; the second time nobody asks.
    assert [world.drift(scanning=True) for _ in range(2)] == [{"q": Presence.NOT_CHECKED}] * 2
    # Whoever reads for a deployment is not held up by what a scan was told.
    assert world.drift() == {}


def test_nobody_who_answers_is_a_failure_that_may_pass(gcp: Running, unused_port: Any, monkeypatch: Any) -> None:
    from deployforge_mcal.adapters.gcp import credentials

    monkeypatch.setattr(credentials, "PATIENCE_SECONDS", 0.1)
    provider = GcpProvider(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ProviderFailure) as failed:
        provider.open(gcp.credential, Work(str(uuid4()), Scope("gcp", PROJECT, "europe-west1", "gcp-test"), "d", "u"))
    assert (failed.value.failure.code, failed.value.failure.retryable) == ("CLOUD_UNREACHABLE", True)


# --- credentials ----------------------------------------------------------------------------------------


def test_a_token_is_that_of_the_deployer_and_ends_after_ten_minutes(world: World) -> None:
    made = world.apply(queue())["q"]
    session = world.provider.open(world.gcp.credential, Work(str(uuid4()), world.scope, "d", world.unit_name))
    assert DEPLOYER in session.grant.scope[0]
    assert session.get(made.physical_id) is not None
    with pytest.raises(GoogleError, match="denied"):
        session.get(f"//pubsub.googleapis.com/projects/{OTHER}/topics/x")
    world.gcp.control("clock", {"seconds": 601})
    try:
        with pytest.raises(GoogleError, match="expired"):
            session.get(made.physical_id)
    finally:
        world.gcp.control("clock", {"seconds": -601})


def test_a_credential_for_reading_changes_nothing(world: World) -> None:
    made = world.apply(queue())["q"]
    session = world.provider.open_reader(world.gcp.credential, world.scope, ["Queue"])
    assert (READER in session.grant.scope[0], session.grant.read_only) == (True, True)
    with pytest.raises(GoogleError, match="denied"):
        session.delete(made.physical_id)
    assert world.drift() == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"key": {"client_email": "x@y", "private_key": "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----"}}, "CREDENTIAL_REFUSED"),
        ({"key": None}, "CREDENTIAL_INCOMPLETE"), ({"serviceAccount": ""}, "CREDENTIAL_INCOMPLETE"),
        ({"serviceAccount": "stranger@x.iam.gserviceaccount.com"}, "CREDENTIAL_REFUSED"),
        ({"token": "ya29.stale"}, "CREDENTIAL_REFUSED"),
    ],
)  # fmt: skip
def test_a_wrong_root_credential_is_refused_typed_and_without_its_secret(
    world: World, change: dict[str, Any], code: str
) -> None:
    failure = world.refused(root={**world.gcp.credential, **change}, unit=world.compile(queue()))
    assert failure.code == code
    assert "PRIVATE KEY" not in failure.message
    assert "c2VjcmV0" not in failure.message
    assert "stale" not in failure.message


def test_a_key_that_is_not_the_accounts_is_refused(world: World, tmp_path: Path) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    other = rsa.generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    key = {**world.gcp.credential["key"], "private_key": other}
    failure = world.refused(root={**world.gcp.credential, "key": key}, unit=world.compile(queue()))
    assert failure.code == "CREDENTIAL_REFUSED"
    assert "Invalid JWT Signature" in failure.message


def test_a_permission_that_lacks_is_named_with_who_lacks_it(world: World) -> None:
    root = {**world.gcp.credential, "actuationServiceAccount": READER}
    failure = world.refused(root=root, unit=world.compile(queue()))
    assert (failure.code, failure.restored) == ("ACCESS_DENIED", True)
    assert READER in failure.message
    assert failure.hint


# --- secrets --------------------------------------------------------------------------------------------


def test_a_secret_goes_past_the_blueprint_into_one_call(world: World) -> None:
    declared = resource("db", "Secret", {"value": "${secret://file/shop/db}", "tags": {"env": "t"}})
    unit = world.compile(declared)
    marked = replace(unit, resources=tuple(replace(r, desired={**r.desired, "value": _MARK}) for r in unit.resources))
    made = world.do("apply", unit=marked, secrets=KnownSecret())[0]
    world.unit = marked

    def values() -> list[str]:
        return list(world.gcp.control("secrets", {"full": made.physical_id})["values"])

    assert values() == [_VALUE]
    assert _VALUE not in str(world.gcp.rest("GET", made.physical_id)) + str(world.ticks)
    assert [o.status for o in world.do("apply", unit=marked, previous=marked, secrets=KnownSecret())] == [Became.UNCHANGED]
    assert values() == [_VALUE], "what has not changed is not set again"
    assert world.drift() == {}
    target = Target(made.urn, "Secret", made.physical_id, {"value": _MARK, "tags": {"env": "t"}}, ("value",))
    assert world.do("correct", unit=marked, targets=(target,), secrets=KnownSecret())[0].status is Became.CORRECTED
    assert values() == [_VALUE, _VALUE]
    state = world.gcp.process.args
    assert _VALUE.encode() not in b"".join(p.read_bytes() for p in Path(str(state[state.index("--state") + 1])).glob("log"))


def test_an_administrator_is_made_past_the_blueprint_and_a_new_password_is_set(world: World) -> None:
    properties = {
        "engine": "postgres",
        "version": "16",
        "size": "small",
        "storage": "20Gi",
        "username": "root",
        "backupRetention": "7d",
        "tags": {"env": "t"},
    }
    unit = world.compile(resource("db", "Database", {**properties, "password": "${secret://file/shop/db}"}))
    marked = replace(unit, resources=tuple(replace(r, desired={**r.desired, "password": _MARK}) for r in unit.resources))
    made = world.do("apply", unit=marked, secrets=KnownSecret())[0]
    world.unit = marked
    assert made.attributes["port"] == "5432"
    assert made.attributes["host"].endswith(".sql.goog.")
    assert world.drift() == {}
    kept = world.gcp.control("secrets", {"full": made.physical_id})
    assert kept["users"] == {"root": _VALUE}
    world.gcp.rest("DELETE", made.physical_id, suffix="/users?name=root")
    assert world.drift() == {"db": ["username"]}
    target = world.target(made, "password")
    assert world.do("correct", unit=marked, targets=(target,), secrets=KnownSecret())[0].status is Became.CORRECTED
    assert world.drift() == {}
    world.gcp.rest("PATCH", made.physical_id, {"settings": {"tier": "db-custom-8-30720"}})
    assert world.drift() == {"db": ["size"]}
    world.do("correct", unit=marked, targets=(world.target(made, "size"),))
    assert world.drift() == {}


CODE = resource("code", "ObjectStore", {})
WORKERS = (resource("worker", "Role", {"usedBy": ["function"]}), resource("other", "Role", {"usedBy": ["function"]}))


def with_secrets(world: World, *names: str, role: str = "worker", **properties: Any) -> CompiledUnit:
    """A function with secrets, and what it needs."""
    given = {"secrets": dict.fromkeys(names, "${secret://file/shop/db}")} if names else {}
    work = {"runtime": "python3.12", "handler": "main.handler", "code": {"store": "${code.name}", "key": "app.zip"}}
    function = resource("work", "Function", {**work, "role": f"${{{role}.address}}", **given, **properties})
    unit = world.compile(CODE, *WORKERS, function)
    marked = {"secrets": dict.fromkeys(names, _MARK)} if names else {}
    return replace(unit, resources=tuple(
        replace(r, desired={**r.desired, **marked}) if r.type == "Function" else r for r in unit.resources
    ))  # fmt: skip


def variables(world: World, id: str) -> dict[str, str]:
    """Variable → what the function starts with."""
    found = world.gcp.rest("GET", id)[1]["serviceConfig"].get("secretEnvironmentVariables", [])
    at = {v["key"]: f"//secretmanager.googleapis.com/projects/{v['projectId']}/secrets/{v['secret']}" for v in found}
    kept = {key: world.gcp.control("secrets", {"full": full})["values"] for key, full in at.items()}
    return {v["key"]: kept[v["key"]][int(v["version"]) - 1] for v in found}


def test_secrets_of_a_function_go_past_the_blueprint_and_only_its_account_may_read_them(world: World) -> None:
    secrets = KnownSecret()
    first = with_secrets(world, "TOKEN", "KEY")
    made = world.do("apply", unit=first, secrets=secrets)[-1]
    world.unit = first
    assert variables(world, made.physical_id) == {"TOKEN": _VALUE, "KEY": _VALUE}
    assert _VALUE not in str(world.gcp.rest("GET", made.physical_id)) + str(world.ticks)
    assert world.drift() == {}
    again = world.do("apply", unit=first, previous=first, secrets=secrets)
    assert {o.status for o in again} == {Became.UNCHANGED}
    second = with_secrets(world, "TOKEN", role="other", memory="512Mi")
    after = world.do("apply", unit=second, previous=first, secrets=secrets)
    world.unit = second
    assert after[-1].status is Became.UPDATED
    assert variables(world, made.physical_id) == {"TOKEN": _VALUE}
    assert [full for full in world.left() if full.endswith("-key")] == []
    assert world.drift() == {}
    target = Target(made.urn, "Function", made.physical_id, {"secrets": {"TOKEN": _MARK}}, ("secrets.TOKEN",))
    assert world.do("correct", unit=second, targets=(target,), secrets=secrets)[0].status is Became.CORRECTED
    none = with_secrets(world, role="other")
    world.do("apply", unit=none, previous=second)
    world.unit = none
    assert variables(world, made.physical_id) == {}
    assert [full for full in world.left() if "secretmanager" in full] == []


def test_a_function_gets_back_the_secret_that_it_let_go_of_for_a_change_that_failed(world: World) -> None:
    first = with_secrets(world, "TOKEN", "KEY")
    made = world.do("apply", unit=first, secrets=KnownSecret())[-1]
    world.unit = first
    world.gcp.control("faults", {"kind": "resource", "match": "cloudfunctions", "after": 1, "times": 1, "message": "busy"})
    failure = world.refused(unit=with_secrets(world, "TOKEN", memory="512Mi"), previous=first, secrets=KnownSecret())
    assert ("busy" in failure.message, failure.restored) == (True, True)
    assert variables(world, made.physical_id) == {"TOKEN": _VALUE, "KEY": _VALUE}
    assert world.drift() == {}


def test_what_was_let_go_of_before_a_change_that_could_not_begin_is_not_called_restored(world: World) -> None:
    first = with_secrets(world, "TOKEN", "KEY")
    made = world.do("apply", unit=first, secrets=KnownSecret())[-1]
    world.unit = first
    refusal = {"kind": "refuse", "method": "PATCH", "path": "/deployments/", "status": 400, "message": "not now"}
    world.gcp.control("faults", refusal)
    failure = world.refused(unit=with_secrets(world, "TOKEN"), previous=first, secrets=KnownSecret())
    assert ("not now" in failure.message, failure.restored) == (True, False)
    world.do("apply", unit=first, previous=first, secrets=KnownSecret())
    assert variables(world, made.physical_id) == {"TOKEN": _VALUE, "KEY": _VALUE}


def test_a_secret_of_a_function_that_vanished_comes_back_with_its_value(world: World) -> None:
    unit = with_secrets(world, "TOKEN")
    made = world.do("apply", unit=unit, secrets=KnownSecret())[-1]
    world.unit = unit
    [secret] = [full for full in world.left() if full.endswith("-token")]
    world.gcp.rest("DELETE", secret)
    assert world.drift() == {"work": Presence.MISSING}
    target = Target(made.urn, "Function", made.physical_id, unit.resources[-1].desired)
    assert [o.status for o in world.do("recreate", unit=unit, targets=(target,), secrets=KnownSecret())] == [
        Became.RECREATED
    ]
    assert variables(world, made.physical_id) == {"TOKEN": _VALUE}


def test_what_a_function_cannot_start_with_is_told_by_its_operation(world: World) -> None:
    unit = with_secrets(world, "TOKEN")
    made = world.do("apply", unit=unit, secrets=KnownSecret())[-1]
    world.unit = unit
    body = {"serviceConfig": {"serviceAccountEmail": READER}}
    session = world.provider.open(world.gcp.credential, Work(str(uuid4()), world.scope, "d", world.unit_name))
    with pytest.raises(GoogleError, match="Secret Manager Secret Accessor"):
        session.finish(session.url(made.physical_id), session.call("PATCH", session.url(made.physical_id), body).json())


# --- drift ----------------------------------------------------------------------------------------------


def test_rules_that_are_too_much_or_missing_are_drift_and_are_corrected(world: World) -> None:
    group = world.apply(*EVERY_KIND[:1], EVERY_KIND[2])["firewall"]
    tag = group.physical_id.rpartition("/")[2]
    rules = [full for full in world.left() if "/firewalls/" in full and not full.endswith(f"/{tag}")]
    body = world.gcp.rest("GET", group.physical_id)[1]
    extra = f"{group.physical_id.rpartition('/')[0]}/theirs"
    wrongs = (
        lambda: world.gcp.rest("PUT", extra, {"network": body["network"], "direction": "INGRESS", "targetTags": [tag], "sourceRanges": ["0.0.0.0/0"],
                                              "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}),
        lambda: world.gcp.rest("DELETE", next(f for f in rules if "allowed" in world.gcp.rest("GET", f)[1] and world.gcp.rest("GET", f)[1]["direction"] == "INGRESS")),
        lambda: world.gcp.rest("PATCH", group.physical_id, {"disabled": True}),
    )  # fmt: skip
    for wrong in wrongs:
        assert wrong()[0] == 200
        assert world.drift() == {"firewall": ["ingress"]}
        target = world.target(group, "ingress")
        assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
        assert world.drift() == {}


def test_a_subscriber_that_nobody_declared_is_drift_and_is_removed(world: World) -> None:
    topic = world.apply(*EVERY_KIND[4:7])["events"]
    extra = f"//pubsub.googleapis.com/projects/{PROJECT}/subscriptions/extra"
    world.gcp.rest("PUT", extra, {"topic": topic.attributes["id"]})
    assert world.drift() == {"events": ["subscriptions"]}
    world.do("correct", unit=world.unit, targets=(world.target(topic, "subscriptions"),))
    assert world.drift() == {}
    assert world.gcp.rest("GET", extra)[0] == 404


def test_what_nobody_declared_anything_about_is_neither_drift_nor_removed(world: World) -> None:
    group = resource("g", "SecurityGroup", {"network": "${net.id}", "description": "d", "ingress": []})
    made = world.apply(NET, group, resource("t", "Topic", {}))
    subscription = f"//pubsub.googleapis.com/projects/{PROJECT}/subscriptions/theirs"
    rule = f"{made['g'].physical_id.rpartition('/')[0]}/theirs-too"
    tag, network = made["g"].physical_id.rpartition("/")[2], world.gcp.rest("GET", made["g"].physical_id)[1]["network"]
    world.gcp.rest("PUT", subscription, {"topic": made["t"].attributes["id"]})
    outwards = {
        "network": network,
        "direction": "EGRESS",
        "targetTags": [tag],
        "destinationRanges": ["0.0.0.0/0"],
        "denied": [{"IPProtocol": "all"}],
    }
    world.gcp.rest("PUT", rule, outwards)
    assert world.drift() == {}
    world.apply(NET, group, resource("t", "Topic", {"tags": {"a": "b"}}))
    # Theirs may stay; the network could not go while the rule is in it.
    assert [world.gcp.rest("DELETE", full)[0] for full in (subscription, rule)] == [200, 200]


def test_a_part_that_vanished_is_missed_and_comes_back(world: World) -> None:
    made = world.apply(queue())["q"]
    world.gcp.rest("DELETE", made.physical_id.replace("/subscriptions/", "/topics/"))
    assert world.drift() == {"q": Presence.MISSING}
    assert [o.status for o in world.do("recreate", unit=world.unit, targets=(world.target(made),))] == [Became.RECREATED]
    assert world.drift() == {}


def test_what_nobody_asked_to_repair_is_left_as_it_is(world: World) -> None:
    made = world.apply(queue("a"), queue("b"), queue("c"))
    for name in ("a", "b"):
        world.gcp.rest("PATCH", made[name].physical_id, {"subscription": {"ackDeadlineSeconds": 99}})
    world.gcp.rest("DELETE", made["c"].physical_id)
    assert world.drift() == {"a": ["visibilityTimeout"], "b": ["visibilityTimeout"], "c": Presence.MISSING}
    world.do("correct", unit=world.unit, targets=(world.target(made["a"], "visibilityTimeout"),))
    assert world.drift() == {"b": ["visibilityTimeout"], "c": Presence.MISSING}
    world.do("recreate", unit=world.unit, targets=(world.target(made["c"]),))
    assert world.drift() == {"b": ["visibilityTimeout"]}


def test_what_cannot_be_changed_is_not_corrected_in_place(world: World) -> None:
    made = world.apply(queue(fifo=True))["q"]
    target = Target(made.urn, "Queue", made.physical_id, {"fifo": False}, ("fifo",))
    assert world.refused("correct", unit=world.unit, targets=(target,)).code == "REPLACEMENT_NEEDED"


AUDIT = (resource("open", "Topic", {}), resource("audit", "gcp/google_pubsub_subscription", {
    "topic": "${open.id}", "filter": 'attributes.kind = "order"', "ack_deadline_seconds": 20,
}))  # fmt: skip


def test_of_terraforms_own_arguments_infrastructure_manager_is_asked_before_a_repair(world: World) -> None:
    audit = world.apply(*AUDIT)["audit"]
    world.gcp.rest("PATCH", audit.physical_id, {"subscription": {"ackDeadlineSeconds": 99}})
    target = world.target(audit, "ack_deadline_seconds")
    assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
    assert (audit.urn, "DRIFTED", "ack_deadline_seconds") in world.ticks
    assert world.drift() == {}


def test_what_a_repair_would_replace_is_not_repaired(world: World) -> None:
    audit = world.apply(*AUDIT)["audit"]
    live = world.gcp.rest("GET", audit.physical_id)[1]
    world.gcp.rest("DELETE", audit.physical_id)
    world.gcp.rest("PUT", audit.physical_id, {**live, "filter": "attributes:theirs"})
    assert world.drift() == {"audit": ["filter"]}
    failure = world.refused("correct", unit=world.unit, targets=(world.target(audit, "filter"),))
    assert (failure.code, failure.urn, failure.restored) == ("REPLACEMENT_NEEDED", audit.urn, True)
    assert "filter" in failure.message
    assert world.gcp.rest("GET", audit.physical_id)[1]["filter"] == "attributes:theirs"


def test_what_only_rest_shows_otherwise_is_no_drift_to_infrastructure_manager(world: World) -> None:
    made = world.apply(resource("up", "gcp/google_storage_bucket", {"location": "europe-west1"}))["up"]
    assert world.drift() == {"up": ["location"]}
    failure = world.refused("correct", unit=world.unit, targets=(world.target(made, "location"),))
    assert (failure.code, failure.restored) == ("NOT_AS_DESIRED", True)
    assert "sees no difference" in failure.message
    assert failure.hint


def test_an_inventory_that_lags_is_not_believed_about_what_was_just_changed(tmp_path: Path) -> None:
    with emulator(tmp_path, seconds=0.0, lag=600.0) as gcp:
        world = World(gcp)
        world.apply(*(resource(f"n{i}", "Network", {"cidr": f"10.{i}.0.0/16"}) for i in range(4)))
        assert world.drift() == {}
        reading.recent.forget()
        assert world.drift() == {}, "what the inventory does not have is asked of the service"
