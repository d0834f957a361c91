"""Compliance policies: pure functions over what verification read back from the clouds.

A policy looks at one resource and says what is wrong with it. Values are in the unified vocabulary of the resource's
type, with the provider overlay under `native`; native types have their native property names.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

_BUCKETS: Final = ("ObjectStore", "AWS::S3::Bucket")
_GROUPS: Final = ("SecurityGroup", "AWS::EC2::SecurityGroup")
_EVERYONE: Final = frozenset({"0.0.0.0/0", "::/0"})
_BLOCKS: Final = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
_SEALED_ALWAYS: Final = frozenset({"disabled", "none", "off", "false", ""})


@dataclass(frozen=True)
class Verified:
    """One resource as it really is. `type` is the manifest's, `native_type` what follows the slash in it."""

    urn: str
    type: str
    actual: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """The unified type, or the native type without its provider."""
        return self.type.rpartition("/")[2]


@dataclass(frozen=True)
class Finding:
    """One policy that one resource breaks."""

    policy: str
    urn: str
    message: str


@dataclass(frozen=True)
class Policy:
    """A shipped policy: what it demands, the JSON Schema of its parameters, and its judgement."""

    description: str
    params: Mapping[str, Any]
    judge: Callable[[Verified, Mapping[str, Any]], Iterator[str]]


def report(policies: Sequence[Mapping[str, Any]], resources: Iterable[Verified]) -> tuple[Finding, ...]:
    """Every finding of the manifest's `policies` (canonical form) over `resources`; empty means passed."""
    return tuple(
        Finding(chosen["ref"], resource.urn, message)
        for resource in resources
        for chosen in policies
        for message in POLICIES[chosen["ref"]].judge(resource, chosen["params"])
    )


def _no_public_buckets(resource: Verified, params: Mapping[str, Any]) -> Iterator[str]:
    if resource.kind not in _BUCKETS:
        return
    actual = resource.actual
    if resource.kind == "ObjectStore" and "publicAccess" in actual:
        if actual["publicAccess"] != "blocked":
            yield f"public access is {actual['publicAccess']}"
        return
    native = actual.get("native", actual)
    blocked = native.get("PublicAccessBlockConfiguration") or {}
    if opened := [name for name in _BLOCKS if blocked.get(name) not in (True, "true")]:
        yield f"public access is possible: {', '.join(opened)} off"


def _no_open_ingress(resource: Verified, params: Mapping[str, Any]) -> Iterator[str]:
    if resource.kind not in _GROUPS:
        return
    allowed = set(params.get("ports", ()))
    for rule in _ingress(resource):
        source = next((rule[name] for name in _SOURCES if rule.get(name) in _EVERYONE), None)
        if source is None:
            continue
        first, last = _port(rule, "fromPort", "FromPort"), _port(rule, "toPort", "ToPort")
        if first is not None and first >= 0 and set(range(first, (last or first) + 1)) <= allowed:
            continue
        span = f"port {first}" if first == last else f"ports {first} to {last}"
        yield f"{'every port' if first is None or first < 0 else span} open to {source}"


_SOURCES: Final = ("cidr", "cidrIpv6", "CidrIp", "CidrIpv6")


def _ingress(resource: Verified) -> Iterator[Mapping[str, Any]]:
    native = resource.actual.get("native") or {}
    for rules in (
        resource.actual.get("ingress"),
        resource.actual.get("SecurityGroupIngress"),
        native.get("SecurityGroupIngress"),
    ):
        yield from (rule for rule in rules or () if isinstance(rule, Mapping))


def _port(rule: Mapping[str, Any], *names: str) -> int | None:
    value = next((rule[name] for name in names if rule.get(name) is not None), None)
    return None if value is None else int(value)


def _required_tags(resource: Verified, params: Mapping[str, Any]) -> Iterator[str]:
    tags = _tags(resource.actual)
    if tags is None:
        return
    if missing := [tag for tag in params["tags"] if tag not in tags]:
        yield f"tags are missing: {', '.join(missing)}"


def _tags(actual: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The tags of a resource; None for a type that was read without any (it may not have tags at all)."""
    tags = actual.get("tags", actual.get("Tags"))
    if isinstance(tags, Mapping):
        return tags
    if isinstance(tags, list):
        return {entry["Key"]: entry.get("Value") for entry in tags if isinstance(entry, Mapping) and "Key" in entry}
    return None


def _encryption(resource: Verified, params: Mapping[str, Any]) -> Iterator[str]:
    native = resource.actual.get("native") or {}
    for name in _ENCRYPTED.get(resource.kind, ()):
        value = resource.actual.get(name, native.get(name))
        if value is not None and str(value).lower() not in _SEALED_ALWAYS:
            return
    if resource.kind in _ENCRYPTED:
        yield "encryption at rest is not on"


_ENCRYPTED: Final[Mapping[str, tuple[str, ...]]] = {
    "ObjectStore": ("encryption", "BucketEncryption"),
    "Queue": ("encrypted", "SqsManagedSseEnabled", "KmsMasterKeyId"),
    "Topic": ("encryptionKey", "KmsMasterKeyId"),
    "Database": ("encrypted", "StorageEncrypted"),
    "Cache": ("encrypted", "AtRestEncryptionEnabled"),
    "AWS::S3::Bucket": ("BucketEncryption",),
    "AWS::SQS::Queue": ("SqsManagedSseEnabled", "KmsMasterKeyId"),
    "AWS::SNS::Topic": ("KmsMasterKeyId",),
}
"""What says, per type, that data at rest is encrypted. Other types are not judged: tables always are encrypted."""

_NO_PARAMS: Final = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
_PORTS: Final = {
    "type": "object",
    "properties": {
        "ports": {
            "type": "array",
            "items": {"type": "integer", "minimum": 0, "maximum": 65535},
            "description": "Ports that may be open to everyone.",
        }
    },
    "required": [],
    "additionalProperties": False,
}
_TAGS: Final = {
    "type": "object",
    "properties": {"tags": {"type": "array", "items": {"type": "string"}, "minItems": 1}},
    "required": ["tags"],
    "additionalProperties": False,
}

POLICIES: Final[Mapping[str, Policy]] = {
    "org/no-public-buckets": Policy("Nobody outside can read an object store.", _NO_PARAMS, _no_public_buckets),
    "org/no-open-ingress": Policy("No port but the listed ones is open to the world.", _PORTS, _no_open_ingress),
    "org/required-tags": Policy("Every resource that has tags has these.", _TAGS, _required_tags),
    "org/encryption": Policy("Data at rest is encrypted.", _NO_PARAMS, _encryption),
}
