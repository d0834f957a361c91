"""Declarations that use every property of every unified type, and what a translation makes of them."""

from collections.abc import Callable, Mapping
from typing import Any

from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.declared import normalised

_NAMED = {"name": "shop", "tags": {"env": "t"}}
_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}]}
_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "lambda.amazonaws.com"}}],
}
_ROLE = {
    **_NAMED, "policies": [{"name": "p", "document": _POLICY}], "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
    "description": "works", "maxSession": "2h",
}  # fmt: skip

SAMPLES: Mapping[str, tuple[Mapping[str, Any], ...]] = {
    "Network": ({"cidr": "10.0.0.0/16", "dnsSupport": True, "dnsHostnames": True, "tags": {"a": "b"}},),
    "Subnet": ({"network": "n-1", "cidr": "10.0.1.0/24", "zone": "eu-west-1a", "public": True, "tags": {"a": "b"}},),
    "SecurityGroup": (
        {"network": "n-1", "description": "web", "ingress": [{"fromPort": 443, "cidr": "10.0.0.0/8"}],
         "egress": [{"protocol": "all", "cidr": "0.0.0.0/0"}], "tags": {"a": "b"}},
    ),
    "ObjectStore": ({**_NAMED, "versioning": True, "encryption": "AES256", "publicAccess": "allowed"},),
    "Queue": (
        {**_NAMED, "visibilityTimeout": 30, "messageRetention": "4d", "delay": 1, "maxMessageSize": "64KiB",
         "receiveWait": 2, "fifo": True, "contentDeduplication": True, "deadLetter": "dead-1", "maxReceives": 5,
         "encrypted": True},
    ),
    "Topic": (
        {**_NAMED, "displayName": "Shop", "fifo": True, "contentDeduplication": True, "encryptionKey": "k-1",
         "subscriptions": [{"protocol": "queue", "endpoint": "q-1"}]},
    ),
    "Table": (
        {**_NAMED, "hashKey": {"name": "id", "type": "S"}, "rangeKey": {"name": "at", "type": "N"},
         "billing": "provisioned", "readCapacity": 5, "writeCapacity": 6, "ttlAttribute": "ttl",
         "pointInTimeRecovery": True, "deletionProtection": True},
    ),
    "Database": (
        {**_NAMED, "engine": "postgres", "version": "16", "size": "medium", "storage": "20Gi", "username": "root",
         "password": "v-12345", "databaseName": "shop", "multiZone": True, "public": True, "encrypted": True,
         "backupRetention": "7d", "deletionProtection": True, "port": 5433, "subnetGroup": "inner",
         "securityGroups": ["sg-1"]},
    ),
    "Cache": (
        {**_NAMED, "description": "carts", "version": "6", "size": "large", "replicas": 1, "encrypted": True,
         "encryptedInTransit": True, "password": "v-12345678901234567890", "port": 6380, "subnetGroup": "inner",
         "securityGroups": ["sg-1"]},
    ),
    "Compute": (
        {"image": "ami-1", "size": "large", "subnet": "s-1", "securityGroups": ["sg-1"], "startup": "#!/bin/sh",
         "keyPair": "k", "deletionProtection": True, "tags": {"a": "b"}},
    ),
    "Function": (
        {**_NAMED, "description": "d", "runtime": "nodejs22", "handler": "main.handler", "role": "r-1", "memory": "256Mi",
         "code": {"store": "code", "key": "app.zip"}, "timeout": 30, "environment": {"STAGE": "t"},
         "secrets": {"TOKEN": "v-12345"}},
    ),
    "LoadBalancer": (
        {**_NAMED, "layer": "network", "public": True, "subnets": ["s-1", "s-2"], "securityGroups": ["sg-1"],
         "idleTimeout": 90, "deletionProtection": True},
        {**_NAMED, "layer": "application", "public": False, "subnets": ["s-1"]},
    ),
    "DnsRecord": ({"zone": "example.com", "name": "www.example.com", "record": "A", "ttl": "1m", "values": ["10.0.0.1"]},),
    "LogGroup": ({**_NAMED, "retention": "30d", "encryptionKey": "k-1"},),
    "Secret": ({**_NAMED, "description": "d", "value": "v-12345", "encryptionKey": "k-1"},),
    "Role": (
        {**_ROLE, "usedBy": ["compute", "function"]}, {**_ROLE, "trust": {"service": "lambda.amazonaws.com"}},
        {**_ROLE, "trustPolicy": _TRUST},
    ),
}  # fmt: skip


def mapping(
    name: str, provider: str, to_native: Callable[[Any], Any], from_native: Callable[[Any], Any]
) -> tuple[set[str], set[str]]:
    """The properties of a type that a translation carries over, and those that come back as they were."""
    there: set[str] = set()
    back: set[str] = set()
    mapped = {p.name for p in TYPES[name].mapped(provider)}
    for sample in SAMPLES[name]:
        values, _ = normalised(TYPES[name], provider, {k: v for k, v in sample.items() if k in mapped}, whole=False)
        native = to_native(values)
        there |= {p for p in values if to_native({k: v for k, v in values.items() if k != p}) != native}
        found = from_native(native)
        back |= {p for p in values if found.get(p) == values[p]}
    return there, back
