"""Databases, caches, DNS records, machines, functions and load balancers in Azure's words and back, and what Azure does not have of them."""

from typing import Any

import pytest
from deployforge_mcal.adapters.azure.models import model
from deployforge_mcal.adapters.azure.placing import Place
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.domain.units import ResourceSpec

DATABASE = {
    "engine": "postgres", "version": "16", "size": "medium", "storage": "32Gi", "username": "shop",
    "password": "${secret://file/db}", "multiZone": True, "backupRetention": "14d",
}  # fmt: skip
CACHE = {"description": "sessions", "size": "small"}
RECORD = {"zone": "shop.example", "name": "www.shop.example", "record": "A", "values": ["192.0.2.1"]}

_GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network"
SUBNET = f"{_GROUP}/virtualNetworks/net/subnets/sub"
MACHINE = {
    "image": "Canonical:ubuntu-24_04-lts:server:latest", "size": "medium", "subnet": SUBNET, "keyPair": "ops",
    "securityGroups": [f"{_GROUP}/networkSecurityGroups/web"], "startup": "#!/bin/sh\necho \"é\"", "tags": {"a": "b"},
}  # fmt: skip
BALANCER = {"layer": "network", "subnets": [SUBNET, f"{SUBNET}2"], "tags": {"a": "b"}}
FUNCTION = {
    "runtime": "python3.12", "handler": "main.handler", "code": {"store": "uploads1", "key": "a/b.zip"}, "timeout": "5m",
    "role": "/subscriptions/s/resourceGroups/g/providers/Microsoft.ManagedIdentity/userAssignedIdentities/worker",
    "environment": {"STAGE": "t", "EMPTY": ""}, "description": "d", "tags": {"a": "b"},
}  # fmt: skip


def declared(type: str, properties: dict[str, Any]) -> ResourceSpec:
    """A declaration."""
    return ResourceSpec("urn:df:shop:web:it", "it", type, properties)


@pytest.mark.parametrize(
    ("type", "properties", "path"),
    [
        ("Database", {**DATABASE, "engine": "mysql"}, "engine"),
        ("Database", {**DATABASE, "storage": "20Gi"}, "storage"),
        ("Database", {**DATABASE, "size": "db.t3.micro"}, "size"),
        ("Database", {**DATABASE, "size": "small"}, "multiZone"),
        ("Database", {**DATABASE, "username": "admin"}, "username"),
        ("Database", {**DATABASE, "backupRetention": "2d"}, "backupRetention"),
        ("Database", {**DATABASE, "password": "plain"}, "password"),
        ("Database", {**DATABASE, "databaseName": "shop"}, "databaseName"),
        ("Cache", {**CACHE, "replicas": 2}, "replicas"),
        ("Cache", {**CACHE, "size": "P1"}, "replicas"),
        ("Cache", {**CACHE, "size": "cache.t3.micro"}, "size"),
        ("Cache", {**CACHE, "version": "7.1"}, "version"),
        ("Cache", {"size": "small", "description": "x" * 257}, "description"),
        ("Cache", {**CACHE, "encrypted": False}, "encrypted"),
        ("DnsRecord", {**RECORD, "name": "www.other.example"}, "name"),
        ("DnsRecord", {**RECORD, "name": "notshop.example"}, "name"),
        ("DnsRecord", {**RECORD, "zone": "${zone.name}"}, "zone"),
        ("DnsRecord", {**RECORD, "zone": "Shop.example"}, "zone"),
        ("DnsRecord", {**RECORD, "record": "CNAME", "values": ["a.example", "b.example"]}, "values"),
        ("DnsRecord", {**RECORD, "record": "TXT", "values": ["not quoted"]}, "values"),
        ("DnsRecord", {**RECORD, "record": "MX", "values": ["mail.example"]}, "values"),
        ("Compute", {**MACHINE, "image": "ami-0123"}, "image"),
        ("Compute", {**MACHINE, "securityGroups": ["/a", "/b"]}, "securityGroups"),
        ("Compute", {k: v for k, v in MACHINE.items() if k != "keyPair"}, "keyPair"),
        ("Compute", {**MACHINE, "keyPair": "x', '1').a"}, "keyPair"),
        ("Compute", {**MACHINE, "deletionProtection": True}, "deletionProtection"),
        ("Function", {**FUNCTION, "runtime": "go1.22"}, "runtime"),
        ("Function", {**FUNCTION, "runtime": "dotnet8.0"}, "runtime"),
        ("Function", {**FUNCTION, "timeout": "15m"}, "timeout"),
        ("Function", {**FUNCTION, "memory": "1GiB"}, "memory"),
        ("Function", {**FUNCTION, "environment": {"WEBSITE_RUN_FROM_PACKAGE": "1"}}, "environment"),
        ("Function", {**FUNCTION, "description": "x" * 257}, "description"),
        ("LoadBalancer", {**BALANCER, "layer": "application"}, "layer"),
        ("LoadBalancer", {"subnets": [SUBNET]}, "layer"),
        ("LoadBalancer", {**BALANCER, "securityGroups": ["/a"]}, "securityGroups"),
    ],
)  # fmt: skip
def test_what_azure_does_not_have_is_refused_at_its_property(type: str, properties: dict[str, Any], path: str) -> None:
    [problem] = AzureProvider().check([declared(type, properties)])
    assert problem.path == f"it.properties.{path}"
    assert problem.expected


@pytest.mark.parametrize(
    ("type", "properties"),
    [
        ("Database", DATABASE),
        ("Database", {**DATABASE, "size": "Standard_E4ds_v5", "public": True, "multiZone": False}),
        ("Cache", CACHE),
        ("Cache", {**CACHE, "size": "P2", "replicas": 3, "encryptedInTransit": False}),
        ("Compute", MACHINE),
        ("Compute", {k: v for k, v in MACHINE.items() if k not in ("securityGroups", "startup")}),
        ("Compute", {**MACHINE, "image": f"{_GROUP}/images/own", "size": "Standard_E4ds_v5", "securityGroups": []}),
        *(("Function", {**FUNCTION, "runtime": name}) for name in ("nodejs22", "java21", "dotnet8", "python3.9")),
        ("Function", {k: v for k, v in FUNCTION.items() if k not in ("environment", "timeout", "description", "tags")}),
        ("LoadBalancer", BALANCER),
        ("LoadBalancer", {**BALANCER, "public": True}),
        ("LoadBalancer", {**BALANCER, "public": True, "subnets": [SUBNET.replace("/g/", "/other/")]}),
        ("DnsRecord", RECORD),
        *(
            ("DnsRecord", {**RECORD, "record": record, "values": values})
            for record, values in (
                ("AAAA", ["2001:db8::1"]), ("CNAME", ["a.example"]), ("NS", ["ns1.example", "ns2.example"]),
                ("TXT", ['"one \\" quote" "two"', '"three"']), ("MX", ["10 a.example", "20 b.example"]),
                ("SRV", ["1 2 443 a.example"]), ("CAA", ['0 issue "ca.example"', '128 iodef "mailto:a@b.example"']),
            )
        ),
    ],
)  # fmt: skip
def test_what_is_put_is_read_back_as_it_was_declared(type: str, properties: dict[str, Any]) -> None:
    spec = declared(type, properties)
    of = model(type)
    assert AzureProvider().check([spec]) == []
    desired = of.desired(spec)
    id = of.id(Place("s", "g", "westeurope"), "unit", "s/g", spec)
    native = of.linked(id, of.native_of(desired, {}))
    native[""] |= {"id": id, "name": id.rpartition("/")[2]}
    live = of.live(native)
    assert {name: live.get(name) for name in desired if name != "password"} == {
        name: value for name, value in desired.items() if name != "password"
    }
    assert "password" not in live


def test_records_of_one_name_and_of_the_zone_itself_have_ids_of_their_own() -> None:
    place = Place("s", "g", "westeurope")
    ids = [
        model("DnsRecord").id(place, "unit", "s/g", declared("DnsRecord", {**RECORD, **change}))
        for change in ({}, {"record": "TXT", "values": ['"x"']}, {"name": "SHOP.example."})
    ]
    assert [id.partition("/dnsZones/")[2] for id in ids] == [
        "shop.example/A/www",
        "shop.example/TXT/www",
        "shop.example/A/@",
    ]
