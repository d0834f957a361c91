"""Azure beyond the contract of every provider: every kind, crashes, failures half-way, credentials, secrets, drift."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.azure import planning, reading
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.application.pacing import Api, Pacing
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.units import Became, Presence, ResourceSpec, Scope, Target

from tests.emulators.arm.running import SUBSCRIPTION, Running, emulator

from .unit_world import UnitWorld

_NET, _BUS, _STORE = "2024-05-01", "2021-11-01", "2023-05-01"
_MARK = "secret://file/shop/db#hmac-sha256:" + "a" * 64
_VALUE = "correct horse battery staple"


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    """A declaration."""
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties, **more)


EVERY_KIND = (
    resource("net", "Network", {"cidr": "10.20.0.0/16", "tags": {"env": "t"}}),
    resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.20.1.0/24"}),
    resource(
        "firewall", "SecurityGroup",
        {
            "network": "${net.id}", "description": "web", "tags": {"tier": "web"},
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "cidr": "10.20.0.0/16", "description": "inside"},
                {"protocol": "udp", "fromPort": 8000, "toPort": 8080, "cidr": "0.0.0.0/0"},
            ],
            "egress": [{"protocol": "all", "cidr": "10.0.0.0/8"}],
        },
    ),
    resource("dead", "Queue", {"messageRetention": "14d"}),
    resource("orders", "Queue", {"visibilityTimeout": "30s", "deadLetter": "${dead.address}", "maxReceives": 5, "encrypted": True}),
    resource("events", "Topic", {"subscriptions": [{"protocol": "queue", "endpoint": "${orders.address}"}]}),
    resource("carts", "Table", {"hashKey": {"name": "id", "type": "N"}, "pointInTimeRecovery": True, "tags": {"env": "t"}}),
    resource("uploads", "ObjectStore", {"versioning": True, "encryption": "AES256", "tags": {"env": "t"}}),
    resource("worker", "Role", {"usedBy": ["function"], "tags": {"env": "t"}}),
    resource(
        "resize", "Function",
        {"description": "makes them small", "runtime": "python3.12", "handler": "main.handler", "role": "${worker.address}", "timeout": "90s",
         "code": {"store": "${uploads.name}", "key": "apps/resize.zip"}, "environment": {"STAGE": "t", "QUEUE": "${orders.url}"}, "tags": {"env": "t"}},
    ),
    resource("logs", "LogGroup", {"retention": "30d"}),
    resource("cache", "Cache", {"description": "sessions", "size": "small", "replicas": 1, "version": "6", "tags": {"env": "t"}}),
    resource("zone", "azure/Microsoft.Network/dnsZones", {"name": "shop.example", "location": "global"}),
    resource("www", "DnsRecord", {"zone": "shop.example", "name": "WWW.shop.example.", "record": "A", "values": ["192.0.2.2", "192.0.2.1"]}, depends_on=("zone",)),
    resource("alias", "DnsRecord", {"zone": "shop.example", "name": "cache.shop.example", "record": "CNAME", "ttl": "1m", "values": ["${cache.host}"]}, depends_on=("zone",)),
    resource("text", "DnsRecord", {"zone": "shop.example", "name": "shop.example", "record": "TXT", "values": ['"v=spf1 -all"', '"a" "b"']}, depends_on=("zone",)),
    resource("mail", "DnsRecord", {"zone": "shop.example", "name": "shop.example", "record": "MX", "values": ["10 mx.shop.example"]}, depends_on=("zone",)),
    resource("key", "azure/Microsoft.Compute/sshPublicKeys", {"name": "ops", "properties": {"publicKey": "ssh-ed25519 AAAA ops"}}),
    resource(
        "vm", "Compute",
        {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "small", "subnet": "${sub.id}", "securityGroups": ["${firewall.id}"],
         "keyPair": "ops", "startup": "#!/bin/sh\necho é", "tags": {"env": "t"}},
        depends_on=("key",),
    ),
    resource("front", "LoadBalancer", {"layer": "network", "public": True, "subnets": ["${sub.id}"], "tags": {"env": "t"}}),
    resource("inside", "LoadBalancer", {"layer": "network", "subnets": ["${sub.id}"]}),
    resource(
        "hosts", "DnsRecord", {"zone": "shop.example", "name": "all.shop.example", "record": "A", "values": ["${vm.privateIp}", "${inside.host}"]},
        depends_on=("zone",),
    ),
    resource(
        "app", "DnsRecord", {"zone": "shop.example", "name": "app.shop.example", "record": "CNAME", "values": ["${resize.host}"]},
        depends_on=("zone",),
    ),
    resource(
        "entry", "DnsRecord", {"zone": "shop.example", "name": "entry.shop.example", "record": "CNAME", "values": ["${front.host}"]},
        depends_on=("zone",),
    ),
    resource(
        "raw", "azure/Microsoft.Storage/storageAccounts",
        {"sku": {"name": "Standard_LRS"}, "name": "raw0001", "kind": "StorageV2", "properties": {"accessTier": "Cool"}},
    ),
    resource("hook", "azure/Microsoft.Network/publicIPAddresses", {"properties": {"note": "[${raw.primaryEndpoints.blob}]"}}),
)  # fmt: skip


class Killed(BaseException):
    """The process is gone."""


class KnownSecret:
    """One secret."""

    def value(self, marked: str) -> str:
        assert marked == _MARK
        return _VALUE

    def filled(self, values: Any) -> Any:
        return values


@dataclass
class World(UnitWorld):
    """One unit in one resource group."""

    planning = planning
    tags: ClassVar[Mapping[str, str]] = {"team": "shop"}

    arm: Running
    group: str
    unit_name: str = field(default_factory=lambda: f"df-shop-web-{uuid4().hex[:6]}-azure-0-0", kw_only=True)

    def __post_init__(self) -> None:
        self.provider = AzureProvider(self.arm.url)
        self.credential = self.arm.credential
        self.scope = Scope("azure", f"{SUBSCRIPTION}/{self.group}", "westeurope", "azure-test")
        self.at = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{self.group}"

    def left(self) -> list[str]:
        """What is in the group."""
        return [r["type"] for r in self.arm.rest("GET", f"{self.at}/resources")[1]["value"]]


@pytest.fixture
def world(arm: Running, resource_group: str) -> World:
    """A clean group."""
    reading.recent.forget()
    return World(arm, resource_group)


def queue(name: str = "q", **properties: Any) -> ResourceSpec:
    """A queue."""
    return resource(name, "Queue", {"visibilityTimeout": 30, **properties})


# --- what is deployed is as declared --------------------------------------------------------------------


def test_every_kind_is_deployed_scanned_without_drift_and_destroyed(world: World) -> None:
    made = world.apply(*EVERY_KIND)
    assert {o.status for o in made.values()} == {Became.CREATED}
    assert made["hook"].attributes["note"] == "[https://raw0001.blob.core.windows.net/]"
    assert made["vm"].attributes["privateIp"].startswith("10.20.1.")
    held = world.arm.rest("GET", made["hosts"].physical_id, "2018-05-01")[1]["properties"]["ARecords"]
    assert {one["ipv4Address"] for one in held} == {made["vm"].attributes["privateIp"], made["inside"].attributes["host"]}
    assert made["front"].attributes["host"].endswith(".westeurope.cloudapp.azure.com")
    assert world.drift() == {}
    reading.recent.forget()
    assert world.drift() == {}, "read in bulk, by Resource Graph"
    assert {o.status for o in world.apply(*EVERY_KIND).values()} == {Became.UNCHANGED}
    assert {o.status for o in world.do("destroy", unit=world.unit)} == {Became.DELETED}
    assert world.left() == []


def test_what_azure_logs_is_found_by_the_operations_id(world: World) -> None:
    token = str(uuid4())
    world.apply(queue(), token=token)
    session = world.provider.open_reader(world.arm.credential, world.scope, ["Queue"])
    [begun] = session.deployments.deployments.list_by_resource_group(world.group)
    assert begun.as_dict()["properties"]["correlationId"] == token


def test_progress_is_told_of_every_resource(world: World) -> None:
    made = world.apply(queue(), resource("net", "Network", {"cidr": "10.0.0.0/16"}))
    assert {urn for urn, status, _ in world.ticks if status == "SUCCEEDED"} >= {o.urn for o in made.values()}


def test_a_change_that_azure_cannot_make_in_place_makes_another_resource_and_removes_the_first(world: World) -> None:
    first = world.apply(queue())["q"]
    second = world.apply(queue(fifo=True))["q"]
    assert first.physical_id != second.physical_id
    assert world.arm.rest("GET", first.physical_id, _BUS)[0] == 404
    assert world.drift() == {}


def test_under_a_fixed_name_the_first_makes_room(world: World) -> None:
    first = world.apply(resource("q", "Queue", {"name": "orders"}))["q"]
    second = world.apply(resource("q", "Queue", {"name": "orders", "fifo": True}))["q"]
    assert first.physical_id == second.physical_id
    assert world.drift() == {}


def test_what_would_be_replaced_and_nobody_has_approved_is_refused_before_anything_changes(world: World) -> None:
    site = {"name": "first", "location": "West Europe", "properties": {"publicIPAllocationMethod": "Static"}}
    address = resource("a", "azure/Microsoft.Network/publicIPAddresses", site)
    plain, fixed = queue(fifo=False), resource("f", "Queue", {"name": "orders", "fifo": False})
    made = world.apply(plain, fixed, address)
    assert world.drift() == {}
    for name, wanted in {
        "q": (queue(fifo=True), fixed, address),
        "f": (plain, resource("f", "Queue", {"name": "orders", "fifo": True}), address),
        "a": (plain, fixed, replace(address, properties={**site, "name": "second"})),
    }.items():
        unit = world.compile(*wanted)
        others = tuple(o.urn for n, o in made.items() if n != name)
        failure = world.refused(unit=unit, previous=world.unit, replaces=others)
        assert (failure.code, failure.urn, failure.restored) == ("MORE_WOULD_CHANGE", made[name].urn, True)
        assert world.drift() == {}
        after = world.apply(*wanted, replaces=(made[name].urn,))
        assert world.drift() == {}
        world.apply(plain, fixed, address)
        assert after[name].status in (Became.CREATED, Became.UPDATED)


def test_what_others_tagged_is_left_alone_and_what_was_declared_goes(world: World) -> None:
    id = world.apply(resource("net", "Network", {"cidr": "10.0.0.0/16", "tags": {"a": "1", "b": "2"}}))["net"].physical_id
    live = world.arm.rest("GET", id, _NET)[1]
    world.arm.rest("PATCH", id, _NET, {"tags": {**live["tags"], "theirs": "x"}})
    world.apply(resource("net", "Network", {"cidr": "10.0.0.0/16", "tags": {"a": "1"}}))
    tags = world.arm.rest("GET", id, _NET)[1]["tags"]
    assert (tags["a"], tags["theirs"], "b" in tags) == ("1", "x", False)


def test_an_existing_resource_is_adopted_as_it_is_and_then_held_to_its_declaration(world: World) -> None:
    id = f"{world.at}/providers/Microsoft.Network/virtualNetworks/theirs"
    world.arm.rest(
        "PUT", id, _NET, {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}}
    )
    wanted = world.compile(resource("net", "Network", {"cidr": "10.0.0.0/16", "tags": {"a": "b"}}, import_id=id))
    adopted = world.do("adopt", unit=wanted, adopt={"urn:df:shop:web:net": id})
    assert [(o.status, o.physical_id) for o in adopted] == [(Became.ADOPTED, id)]
    assert world.arm.rest("GET", id, _NET)[1]["tags"] == {}
    assert [o.status for o in world.do("apply", unit=wanted, adopt={"urn:df:shop:web:net": id})] == [Became.UPDATED]
    assert world.arm.rest("GET", id, _NET)[1]["tags"]["a"] == "b"
    missing = world.compile(resource("x", "Network", {"cidr": "10.0.0.0/16"}, import_id=f"{id}x"))
    failure = world.refused("adopt", unit=missing, adopt={"urn:df:shop:web:x": f"{id}x"})
    assert (failure.code, failure.restored) == ("NOT_FOUND", True)


def test_what_is_in_the_group_is_listed_by_type(world: World) -> None:
    mine = world.apply(resource("net", "Network", {"cidr": "10.0.0.0/16"}), queue())["net"].physical_id
    theirs = f"{world.at}/providers/Microsoft.Network/virtualNetworks/theirs"
    world.arm.rest(
        "PUT",
        theirs,
        _NET,
        {"location": "westeurope", "properties": {"addressSpace": {"addressPrefixes": ["10.0.0.0/16"]}}},
    )
    session = world.provider.open_reader(world.arm.credential, world.scope, ["Network"])
    assert sorted(world.provider.list_ids(session, "Network")) == sorted([mine, theirs])
    others = set(world.provider.listable()) - {"Network"}
    assert others == {
        "SecurityGroup",
        "ObjectStore",
        "Table",
        "Role",
        "LogGroup",
        "Database",
        "Cache",
        "Compute",
        "LoadBalancer",
        "Function",
    }
    assert [world.provider.list_ids(session, name) for name in sorted(others)] == [[]] * 10


# --- crashes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", range(1, 4))
def test_killed_before_any_change_the_second_attempt_ends_the_same(world: World, change: int) -> None:
    before = world.apply(queue("old"), queue("same"))
    wanted, token, count = world.compile(queue("same", maxReceives=7), queue("new")), str(uuid4()), [0]

    def hold() -> None:
        count[0] += 1
        if count[0] == change:
            raise Killed

    # begin, delete, and (for a second deletion) nothing: whoever is not stopped must have ended.
    try:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, hold=hold)
    except Killed:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, resumed=True)
    became = {o.urn.rpartition(":")[2]: o.status for o in outcomes}
    assert became == {"same": Became.UPDATED, "new": Became.CREATED, "old": Became.DELETED}
    assert world.arm.rest("GET", before["old"].physical_id, _BUS)[0] == 404
    world.unit = wanted
    assert world.drift() == {}


# --- failures -------------------------------------------------------------------------------------------


def test_a_failure_half_way_takes_back_what_was_made_and_only_that(world: World) -> None:
    world.arm.control(
        "faults", {"kind": "resource", "match": "/storageaccounts/", "code": "SkuNotAvailable", "message": "none left"}
    )
    failure = world.refused(
        unit=world.compile(queue(), resource("net", "Network", {"cidr": "10.0.0.0/16"}), resource("up", "ObjectStore", {}))
    )
    assert (failure.code, failure.urn, failure.restored) == ("NOT_AVAILABLE", "urn:df:shop:web:up", True)
    assert "none left" in failure.message
    assert world.left() == []


def test_what_could_not_be_put_back_is_not_claimed(world: World) -> None:
    world.apply(queue())
    world.arm.control(
        "faults", {"kind": "resource", "match": "/queues/", "times": 2, "code": "Conflict", "message": "busy"}
    )
    failure = world.refused(unit=world.compile(queue(maxReceives=3)), previous=world.unit)
    assert not failure.restored
    assert "putting it back failed too" in failure.message


@pytest.mark.parametrize(
    ("declared", "code", "said"),
    [
        (resource("a", "ObjectStore", {"name": "taken0001"}), "ALREADY_EXISTS", "taken0001"),
        (queue(deadLetter="nowhere"), "BadRequest", "nowhere"),
        (resource("s", "azure/Microsoft.Storage/storageAccounts", {"apiVersion": "1999-01-01", "name": "abc", "sku": {"name": "Standard_LRS"}}), "API_VERSION_UNKNOWN", "2023-05-01"),
        (resource("s", "azure/Microsoft.Storage/storageAccounts", {"location": "atlantis", "name": "abc", "sku": {"name": "Standard_LRS"}}), "NOT_AVAILABLE", "atlantis"),
        (resource("s", "azure/Microsoft.Storage/storageAccounts", {"name": "abc", "sku": {"name": "Standard_LRS"}, "properties": {"acessTier": "Hot"}}), "InvalidRequestContent", "acessTier"),
    ],
)  # fmt: skip
def test_what_azure_refuses_is_said_in_its_words_and_leaves_nothing(
    world: World, declared: ResourceSpec, code: str, said: str
) -> None:
    other = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/other"
    world.arm.rest("PUT", other, body={"location": "westeurope"})
    world.arm.rest(
        "PUT",
        f"{other}/providers/Microsoft.Storage/storageAccounts/taken0001",
        _STORE,
        {"location": "westeurope", "sku": {"name": "Standard_LRS"}},
    )
    failure = world.refused(unit=world.compile(declared))
    assert (failure.code, failure.restored) == (code, True)
    assert said in failure.message
    assert world.left() == []


def test_a_group_that_is_not_there_is_named(arm: Running) -> None:
    world = World(arm, "nowhere")
    failure = world.refused(unit=world.compile(queue()))
    assert failure.code == "NOT_FOUND"
    assert "nowhere" in failure.message


def test_throttling_is_waited_for_as_long_as_azure_says_and_no_longer(world: World) -> None:
    world.arm.control("faults", {"kind": "throttle", "method": "PUT", "path": "/deployments/", "times": 2, "retryAfter": 1})
    world.apply(queue())
    world.arm.control(
        "faults", {"kind": "throttle", "method": "PUT", "path": "/deployments/", "times": 1, "retryAfter": 3600}
    )
    failure = world.refused(unit=world.unit, previous=world.unit)
    assert (failure.code, failure.retryable) == ("THROTTLED", True)


def test_a_scan_that_is_throttled_halves_what_it_asks_at_once_and_heeds_the_pause(world: World) -> None:
    world.apply(queue())
    pacing = Pacing()
    world.provider.paced(pacing)
    api = Api("azure", world.scope.account, "Microsoft.ServiceBus")
    fault = {"kind": "throttle", "method": "GET", "path": "/queues/", "times": 1}
    world.arm.control("faults", {**fault, "retryAfter": 1})
    assert world.drift(scanning=True) == {}
    assert pacing.lane(api).pace.limit < 8
    world.arm.control("faults", {**fault, "retryAfter": 3600})
    # Refused once; the second time nobody asks.
    assert [world.drift(scanning=True) for _ in range(2)] == [{"q": Presence.NOT_CHECKED}] * 2
    # Whoever reads for a deployment is not held up by what a scan was told.
    assert world.drift() == {}


def test_what_cannot_be_read_is_not_missing(world: World) -> None:
    world.apply(queue())
    world.arm.control(
        "faults",
        {"kind": "refuse", "method": "GET", "path": "/queues/", "times": 9, "status": 403, "code": "AuthorizationFailed"},
    )
    assert world.drift() == {"q": Presence.NOT_CHECKED}


def test_a_cloud_that_is_away_is_a_failure_in_time(unused_port: Callable[[], int], world: World) -> None:
    provider = AzureProvider(f"http://127.0.0.1:{unused_port()}")
    with pytest.raises(ProviderFailure) as failed:
        provider.open_reader(world.arm.credential, world.scope, ["Queue"])
    assert (failed.value.failure.code, failed.value.failure.retryable) == ("CLOUD_UNREACHABLE", True)


# --- credentials ----------------------------------------------------------------------------------------


def test_a_token_opens_its_resource_group_only_and_ends(world: World) -> None:
    made = world.apply(queue())["q"]
    session = world.provider.open(world.arm.credential, Work(str(uuid4()), world.scope, "d", world.unit_name))
    assert session.grant.scope == (world.at,)
    assert session.get(made.physical_id) is not None
    with pytest.raises(Exception, match="does not have authorization"):
        session.resources.resource_groups.get("other-group")
    world.arm.control("clock", {"seconds": 3700})
    try:
        with pytest.raises(Exception, match="ExpiredAuthenticationToken"):
            session.get(made.physical_id)
    finally:
        world.arm.control("clock", {"seconds": -3700})


def test_a_credential_for_reading_changes_nothing(world: World) -> None:
    made = world.apply(queue())["q"]
    session = world.provider.open_reader(world.arm.credential, world.scope, ["Queue"])
    with pytest.raises(Exception, match="does not have authorization"):
        session.delete(made.physical_id)
    assert world.drift() == {}


def test_a_principal_of_the_group_is_used_where_there_is_one(world: World) -> None:
    own = {"clientId": f"only-{world.group}", "clientSecret": "s", "assignments": [{"scope": world.at, "role": "Reader"}]}
    world.arm.control("principals", own)
    root = {**world.arm.credential, "groups": {world.group: {"clientId": own["clientId"], "clientSecret": "s"}}}
    failure = world.refused(root=root, unit=world.compile(queue()))
    assert failure.code == "ACCESS_DENIED"
    assert f"only-{world.group}" in failure.message


@pytest.mark.parametrize(
    ("change", "code"),
    [({"clientSecret": "wrong"}, "CREDENTIAL_REFUSED"), ({"clientId": "nobody"}, "CREDENTIAL_REFUSED"), ({"clientSecret": ""}, "CREDENTIAL_INCOMPLETE")],
)  # fmt: skip
def test_a_wrong_root_credential_is_refused_typed_and_without_its_secret(
    world: World, change: dict[str, str], code: str
) -> None:
    failure = world.refused(root={**world.arm.credential, **change}, unit=world.compile(queue()))
    assert failure.code == code
    assert "secret" not in failure.message.lower() or "wrong" not in failure.message


# --- secrets --------------------------------------------------------------------------------------------


def test_a_secret_goes_into_the_call_and_nowhere_else(world: World) -> None:
    declared = resource("db", "Secret", {"value": "${secret://file/shop/db}", "tags": {"env": "t"}})
    unit = world.compile(declared)
    marked = replace(
        unit, resources=tuple(replace(r, desired={**r.desired, "value": _MARK}) for r in unit.resources),
        secrets={_MARK: next(iter(unit.secrets.values()))},
    )  # fmt: skip
    made = world.do("apply", unit=marked, secrets=KnownSecret())[0]
    deployments = world.arm.rest("GET", f"{world.at}/providers/Microsoft.Resources/deployments/")[1]
    assert _VALUE not in str(deployments)
    assert _VALUE not in str(world.arm.rest("GET", made.physical_id, "2023-07-01")) + str(world.ticks)
    assert world.arm.control("secrets", {"id": made.physical_id})["value"] == _VALUE
    world.unit = marked
    assert world.drift() == {}
    target = Target(made.urn, "Secret", made.physical_id, {"value": _MARK, "tags": {"env": "t"}}, ("value",))
    assert world.do("correct", unit=marked, targets=(target,), secrets=KnownSecret())[0].status is Became.CORRECTED
    assert {o.status for o in world.do("destroy", unit=marked)} == {Became.DELETED}
    assert world.left() == []


def test_the_password_of_a_database_goes_into_the_call_and_nowhere_else(world: World) -> None:
    properties = {
        "engine": "postgres", "version": "16", "size": "medium", "storage": "32Gi", "username": "shop",
        "password": "${secret://file/shop/db}", "multiZone": True, "backupRetention": "14d", "tags": {"env": "t"},
    }  # fmt: skip
    unit = world.compile(resource("db", "Database", properties))
    marked = replace(
        unit, resources=tuple(replace(r, desired={**r.desired, "password": _MARK}) for r in unit.resources),
        secrets={_MARK: next(iter(unit.secrets.values()))},
    )  # fmt: skip
    made = world.do("apply", unit=marked, secrets=KnownSecret())[0]
    assert world.arm.control("secrets", {"id": made.physical_id})["administratorLoginPassword"] == _VALUE
    assert _VALUE not in str(world.arm.rest("GET", made.physical_id, "2024-08-01")) + str(world.ticks)
    world.unit = marked
    assert world.drift() == {}
    live = world.arm.rest("GET", made.physical_id, "2024-08-01")[1]
    network = {"properties": {"network": {"publicNetworkAccess": "Enabled"}}}
    assert live["properties"]["network"] == {"publicNetworkAccess": "Disabled"}
    world.arm.rest("PATCH", made.physical_id, "2024-08-01", network)
    assert world.drift() == {"db": ["public"]}
    target = Target(made.urn, "Database", made.physical_id, world.target(made).desired, ("public",))
    assert world.do("correct", unit=marked, targets=(target,), secrets=KnownSecret())[0].status is Became.CORRECTED
    assert world.drift() == {}
    assert {o.status for o in world.do("destroy", unit=marked)} == {Became.DELETED}
    assert world.left() == []


def function(**properties: Any) -> ResourceSpec:
    """A function app."""
    of = {"runtime": "python3.12", "handler": "main.handler", "role": "${worker.address}"}
    return resource("fn", "Function", {**of, "code": {"store": "${uploads.name}", "key": "fn.zip"}, **properties})


def test_settings_of_a_function_are_read_by_an_action_and_its_secrets_never(world: World) -> None:
    needed = [r for r in EVERY_KIND if r.name in ("worker", "uploads")]
    unit = world.compile(*needed, function(environment={"STAGE": "t"}, secrets={"TOKEN": "${secret://file/shop/db}"}))
    marked = replace(
        unit, secrets={_MARK: next(iter(unit.secrets.values()))},
        resources=tuple(replace(r, desired={**r.desired, "secrets": {"TOKEN": _MARK}}) if r.name == "fn" else r for r in unit.resources),
    )  # fmt: skip
    made = next(o for o in world.do("apply", unit=marked, secrets=KnownSecret()) if o.urn.endswith(":fn"))
    world.unit = marked
    assert world.drift() == {}
    listed = f"{made.physical_id}/config/appsettings/list"
    settings = world.arm.rest("POST", listed, "2023-12-01")[1]["properties"]
    assert (settings["TOKEN"], settings["STAGE"]) == (_VALUE, "t")
    assert settings["AzureWebJobsStorage__clientId"] == world.arm.rest("GET", settings["WEBSITE_RUN_FROM_PACKAGE_BLOB_MI_RESOURCE_ID"], "2023-01-31")[1]["properties"]["clientId"]  # fmt: skip
    session = world.provider.open_reader(world.arm.credential, world.scope, ["Function"])
    assert session.grant.actions == ("*/read", "Microsoft.Web/sites/config/list/action")
    seen = world.provider.observe(session, world.scope, [Target(made.urn, "Function", made.physical_id)])
    assert _VALUE not in str(seen) + str(world.ticks)
    lesser = world.provider.open_reader(world.arm.credential, world.scope, ["Queue"])
    [unread] = world.provider.observe(lesser, world.scope, [Target(made.urn, "Function", made.physical_id)])
    assert (unread.presence, "Microsoft.Web/sites/config/list/action" in unread.reason) == (Presence.NOT_CHECKED, True)

    world.arm.rest("PUT", listed.removesuffix("/list"), "2023-12-01", {"properties": {**settings, "STAGE": "live"}})
    assert world.drift() == {"fn": ["environment.STAGE"]}
    desired = {**world.target(made).desired}
    target = Target(made.urn, "Function", made.physical_id, desired, ("environment.STAGE",))
    assert world.do("correct", unit=marked, targets=(target,), secrets=KnownSecret())[0].status is Became.CORRECTED
    assert world.arm.rest("POST", listed, "2023-12-01")[1]["properties"] == settings
    world.do("destroy", unit=marked)
    assert world.left() == []


# --- drift ----------------------------------------------------------------------------------------------


def test_rules_that_are_too_much_or_missing_are_drift_and_are_corrected(world: World) -> None:
    group = world.apply(EVERY_KIND[0], EVERY_KIND[2])["firewall"]
    live = world.arm.rest("GET", group.physical_id, _NET)[1]
    rules = live["properties"]["securityRules"]
    opened = {"name": "open", "properties": {"priority": 200, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
              "destinationPortRange": "22", "sourceAddressPrefix": "Internet", "destinationAddressPrefix": "*"}}  # fmt: skip
    for wrong in ([*rules, opened], [r for r in rules if r["name"] != "df-deny-inbound"]):
        world.arm.rest(
            "PUT",
            group.physical_id,
            _NET,
            {"location": "westeurope", "tags": live["tags"], "properties": {"securityRules": wrong}},
        )
        assert world.drift() == {"firewall": ["ingress"]}
        target = world.target(group, "ingress")
        assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
        assert world.drift() == {}


def machine(**properties: Any) -> tuple[ResourceSpec, ...]:
    """A virtual machine with what it needs."""
    of = {"image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "small", "subnet": "${sub.id}", "keyPair": "ops"}
    made = [r for r in EVERY_KIND if r.name in ("net", "sub", "firewall", "key")]
    groups = {"securityGroups": ["${firewall.id}"]}
    return (*made, resource("vm", "Compute", {**of, **groups, **properties}, depends_on=("key",)))


def test_what_drifted_beside_a_machine_is_seen_there_and_corrected(world: World) -> None:
    vm = world.apply(*machine())["vm"]
    beside = vm.physical_id.replace("Microsoft.Compute/virtualMachines", "Microsoft.Network/networkInterfaces")
    live = world.arm.rest("GET", beside, _NET)[1]
    opened = {name: value for name, value in live["properties"].items() if name != "networkSecurityGroup"}
    world.arm.rest("PUT", beside, _NET, {"location": "westeurope", "tags": live["tags"], "properties": opened})
    assert world.drift() == {"vm": ["securityGroups"]}
    target = world.target(vm, "securityGroups")
    assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
    assert world.drift() == {}
    session = world.provider.open(world.arm.credential, Work(str(uuid4()), world.scope, "d", world.unit_name))
    session.delete(vm.physical_id)
    recreated = world.do("recreate", unit=world.unit, targets=(world.target(vm),))
    assert [(o.status, o.physical_id) for o in recreated] == [(Became.RECREATED, vm.physical_id)]
    assert recreated[0].attributes["privateIp"] == vm.attributes["privateIp"]
    assert world.drift() == {}


def test_a_machine_that_is_replaced_or_removed_takes_its_network_interface_with_it(world: World) -> None:
    first = world.apply(*machine())["vm"]
    second = world.apply(*machine(startup="#!/bin/sh"))["vm"]
    assert first.physical_id != second.physical_id
    assert world.arm.rest("GET", first.physical_id, "2024-07-01")[0] == 404
    assert world.left().count("Microsoft.Network/networkInterfaces") == 1
    assert world.drift() == {}
    assert world.apply(*machine()[:-1])["vm"].status is Became.DELETED
    assert {"Microsoft.Network/networkInterfaces", "Microsoft.Compute/virtualMachines"}.isdisjoint(world.left())


def test_a_key_that_is_not_there_is_named_and_nothing_is_left(world: World) -> None:
    failure = world.refused(unit=world.compile(*(r for r in machine(keyPair="nobodys") if r.name != "key")))
    assert "nobodys" in failure.message
    assert failure.restored
    assert world.left() == []


def test_the_front_of_a_load_balancer_that_was_moved_is_drift_and_is_corrected(world: World) -> None:
    other = resource("other", "Subnet", {"network": "${net.id}", "cidr": "10.20.2.0/24"})
    subnets = {"layer": "network", "subnets": ["${sub.id}"]}
    made = world.apply(*EVERY_KIND[:2], other, resource("lb", "LoadBalancer", subnets))
    live = world.arm.rest("GET", made["lb"].physical_id, _NET)[1]
    moved = [{"name": "x", "properties": {"subnet": {"id": made["other"].physical_id}}}]
    body = {"location": "westeurope", "sku": live["sku"], "tags": live["tags"]}
    world.arm.rest("PUT", made["lb"].physical_id, _NET, {**body, "properties": {"frontendIPConfigurations": moved}})
    assert world.drift() == {"lb": ["subnets"]}
    world.do("correct", unit=world.unit, targets=(world.target(made["lb"], "subnets"),))
    assert world.drift() == {}


def test_what_azure_adds_inside_items_is_no_drift_and_what_others_change_there_is(world: World) -> None:
    allow = {"priority": 100, "direction": "Inbound", "access": "Allow", "protocol": "Tcp", "sourcePortRange": "*",
             "destinationPortRange": "443", "sourceAddressPrefix": "*", "destinationAddressPrefix": "*"}  # fmt: skip
    rules = [
        {"name": "https", "properties": allow},
        {"name": "http", "properties": {**allow, "priority": 200, "destinationPortRange": "80"}},
    ]
    group = resource("raw", "azure/Microsoft.Network/networkSecurityGroups", {"properties": {"securityRules": rules}})
    probes = {"properties": {"probes": [{"name": "alive", "properties": {"protocol": "Tcp", "port": 80}}]}}
    balanced = resource("lb", "LoadBalancer", {"layer": "network", "subnets": ["${sub.id}"]}, native=probes)
    made = world.apply(*EVERY_KIND[:2], group, balanced)
    live = world.arm.rest("GET", made["raw"].physical_id, _NET)[1]
    assert all("id" in rule for rule in live["properties"]["securityRules"])
    assert world.drift() == {}
    [first, second] = live["properties"]["securityRules"]
    body = {"location": "westeurope", "tags": live["tags"]}
    changed = {**second, "properties": {**second["properties"], "destinationPortRange": "8080"}}
    extra = {"name": "more", "properties": {**allow, "priority": 300}}
    for wrong in ([first, changed], [first], [first, second, extra]):
        world.arm.rest("PUT", made["raw"].physical_id, _NET, {**body, "properties": {"securityRules": wrong}})
        assert world.drift() == {"raw": ["properties.securityRules"]}
    world.arm.rest("PUT", made["raw"].physical_id, _NET, {**body, "properties": {"securityRules": [second, first]}})
    assert world.drift() == {}, "items that have names have no order"
    world.arm.rest("PUT", made["raw"].physical_id, _NET, {**body, "properties": {"securityRules": []}})
    target = world.target(made["raw"], "properties.securityRules")
    assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
    assert world.drift() == {}


def test_a_subscriber_that_nobody_declared_is_drift_and_is_removed(world: World) -> None:
    topic = world.apply(*EVERY_KIND[3:6])["events"]
    extra = f"{topic.physical_id}/subscriptions/extra"
    world.arm.rest("PUT", extra, _BUS, {"properties": {}})
    assert world.drift() == {"events": ["subscriptions"]}
    world.do("correct", unit=world.unit, targets=(world.target(topic, "subscriptions"),))
    assert world.drift() == {}
    assert world.arm.rest("GET", extra, _BUS)[0] == 404


def test_a_part_that_vanished_is_missed_and_comes_back(world: World) -> None:
    store = world.apply(EVERY_KIND[7])["uploads"]
    world.arm.rest("DELETE", f"{store.physical_id}/blobServices/default/containers/objects", _STORE)
    assert world.drift() == {"uploads": Presence.MISSING}
    assert [o.status for o in world.do("recreate", unit=world.unit, targets=(world.target(store),))] == [Became.RECREATED]
    assert world.drift() == {}


def test_what_cannot_be_changed_is_not_corrected_in_place(world: World) -> None:
    made = world.apply(queue(fifo=True))["q"]
    target = Target(made.urn, "Queue", made.physical_id, {"fifo": False}, ("fifo",))
    assert world.refused("correct", unit=world.unit, targets=(target,)).code == "REPLACEMENT_NEEDED"


def test_a_graph_that_lags_is_not_believed_about_what_was_just_changed(tmp_path: Any) -> None:
    with emulator(tmp_path, seconds=0.0, lag=600.0) as arm:
        arm.rest("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/lag", body={"location": "westeurope"})
        world = World(arm, "lag")
        nets = [resource(f"n{i}", "Network", {"cidr": f"10.{i}.0.0/16"}) for i in range(4)]
        world.apply(*nets)
        assert world.drift() == {}
        reading.recent.forget()
        assert world.drift() == {}, "what the graph does not have is asked for by id"
