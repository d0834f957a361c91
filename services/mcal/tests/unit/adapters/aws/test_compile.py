"""Declarations to templates, held against golden files; and what is refused."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.application.ports import InvalidUnit, TooLarge
from deployforge_mcal.domain.units import CompiledUnit, ResourceSpec, Scope, UnitSpec

GOLDEN = Path(__file__).parent / "golden"
SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")

CASES: dict[str, tuple[dict[str, Any], ...]] = {
    "network": ({"name": "net", "type": "Network", "properties": {"cidr": "10.0.0.7/16", "dnsSupport": "yes"}},),
    "subnet": (
        {"name": "net", "type": "Network", "properties": {"cidr": "10.0.0.0/16"}},
        {"name": "sub", "type": "Subnet", "properties": {"network": "${net.id}", "cidr": "10.0.1.0/24", "zone": "eu-west-1a"}},
    ),
    "security_group": (
        {"name": "web", "type": "SecurityGroup", "properties": {
            "network": "${net.id}", "description": "web",
            "ingress": [{"protocol": "tcp", "fromPort": 443, "cidr": "::/0"}, {"protocol": "-1", "group": "${lb.id}"}],
        }},
    ),
    "queue": (
        {"name": "dead", "type": "Queue", "properties": {"fifo": True}, "retain_on_delete": True},
        {"name": "orders", "type": "Queue", "properties": {"visibilityTimeout": "2m", "deadLetter": "${dead.arn}", "tags": {"n": 1}},
         "native": {"RedriveAllowPolicy": {"redrivePermission": "denyAll"}}, "initial": {"delay": "5s"}},
    ),
    "topic": (
        {"name": "events", "type": "Topic", "properties": {
            "displayName": "to ${far-away.name} $${x}", "subscriptions": [{"protocol": "sqs", "endpoint": "${q.arn}"}]},
         "depends_on": ("q",)},
        {"name": "q", "type": "Queue", "properties": {}},
    ),
    "object_store": (
        {"name": "files", "type": "ObjectStore", "properties": {"versioning": True, "encryption": "aws:kms"}},
    ),
    "table": (
        {"name": "carts", "type": "Table", "properties": {
            "hashKey": {"name": "id", "type": "S"}, "rangeKey": {"name": "at", "type": "N"}, "billing": "provisioned",
            "readCapacity": 5, "ttlAttribute": "ttl", "pointInTimeRecovery": True}},
    ),
    "role": (
        {"name": "worker", "type": "Role", "properties": {
            "trust": {"account": "111122223333"}, "managedPolicies": ["arn:aws:iam::aws:policy/ReadOnlyAccess"],
            "policies": [{"name": "p", "document": {"Statement": {"Effect": "Allow", "Action": "*", "Resource": "${files.arn}/*"}}}]}},
        {"name": "files", "type": "ObjectStore", "properties": {}},
    ),
    "secret": (
        {"name": "db", "type": "Secret", "properties": {
            "description": "of the shop", "value": "${secret://file/shop/db}", "tags": {"env": "t"}}},
        {"name": "again", "type": "aws/AWS::SecretsManager::Secret", "properties": {"SecretString": "${secret://file/shop/db}"}},
    ),
    "log_group": ({"name": "logs", "type": "LogGroup", "properties": {"retention": "30d", "tags": {"env": "t"}}},),
    "dns_record": (
        {"name": "www", "type": "DnsRecord", "properties": {
            "zone": "Z123", "name": "WWW.Example.com.", "record": "CNAME", "values": ["${lb.host}"]}},
        {"name": "lb", "type": "LoadBalancer", "properties": {"subnets": ["subnet-1", "subnet-2"], "idleTimeout": "2m"}},
    ),
    "load_balancer": (
        {"name": "lb", "type": "LoadBalancer", "properties": {
            "public": True, "subnets": ["subnet-2", "subnet-1"], "deletionProtection": False, "tags": {"env": "t"}}},
    ),
    "function": (
        {"name": "resize", "type": "Function", "properties": {
            "runtime": "nodejs22.x", "handler": "main.handler", "code": {"store": "${code.name}", "key": "app.zip"},
            "role": "${worker.address}", "memory": "256Mi", "timeout": "30s", "environment": {"STAGE": "t", "PORT": 80},
            "secrets": {"TOKEN": "${secret://file/token}"}}},
        {"name": "code", "type": "ObjectStore", "properties": {}},
        {"name": "worker", "type": "Role", "properties": {"usedBy": ["function"]}},
    ),
    "database": (
        {"name": "db", "type": "Database", "properties": {
            "engine": "postgres", "version": "16", "size": "small", "storage": "20Gi", "username": "shop",
            "password": "${secret://file/db}", "backupRetention": "7d", "securityGroups": ["sg-2", "sg-1"]}},
    ),
    "cache": (
        {"name": "carts", "type": "Cache", "properties": {
            "description": "carts", "size": "small", "password": "${secret://file/cache}", "version": 7}},
    ),
    "compute": (
        {"name": "web", "type": "Compute", "properties": {
            "image": "ami-0abcdef1234567890", "size": "small", "subnet": "${sub.id}", "startup": "#!/bin/sh\necho $${HOME}",
            "securityGroups": ["sg-1"]}},
        {"name": "batch", "type": "Compute", "properties": {
            "image": "ami-0abcdef1234567890", "size": "t3.nano", "subnet": "subnet-1", "startup": "echo ${q.url}"}},
        {"name": "q", "type": "Queue", "properties": {}},
    ),
    "native": (
        {"name": "logs", "type": "aws/AWS::Logs::LogGroup", "properties": {"RetentionInDays": 7, "Tags": [{"Key": "a", "Value": "b"}]}},
        {"name": "rule", "type": "aws/AWS::SNS::Topic", "properties": {"DisplayName": "${logs.Arn}"}},
    ),
}  # fmt: skip


FUNCTION = {
    "runtime": "python3.12",
    "handler": "main.go",
    "code": {"store": "code-1", "key": "a.zip"},
    "role": "arn:aws:iam::123456789012:role/r",
}
DATABASE = {"engine": "mysql", "size": "small", "storage": "20Gi", "username": "root", "password": "${secret://file/db}"}


def compiled(*declared: dict[str, Any]) -> CompiledUnit:
    specs = tuple(ResourceSpec(f"urn:df:shop:web:{d['name']}", **d) for d in declared)
    return AwsProvider().compile(
        UnitSpec("7d2f7a0e-2f4e-5a0b-9a53-2f0d4c1b7a11", "aws/0.0", "df-a", SCOPE, specs, {"team": "t"})
    )


@pytest.mark.parametrize("case", CASES)
def test_a_kind_compiles_to_its_golden_template(case: str) -> None:
    unit = compiled(*CASES[case])
    found = {
        "template": unit.template, "inputs": unit.inputs, **({"secrets": unit.secrets} if unit.secrets else {}),
        "resources": {
            r.name: {"desired": r.desired, "createOnly": r.create_only_paths, "sets": r.set_paths, "dependsOn": r.depends_on}
            for r in unit.resources
        },
    }  # fmt: skip
    text = json.dumps(found, indent=1, sort_keys=True) + "\n"
    path = GOLDEN / f"{case}.json"
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(text)
    assert text == path.read_text()


@pytest.mark.parametrize("case", CASES)
def test_a_template_is_not_longer_than_a_planner_expects(case: str) -> None:
    # Whoever splits deployments into units reckons with 640 bytes a resource and twice its declaration.
    parts = ("properties", "native", "initial")
    declared = sum(len(json.dumps([d.get(part, {}) for part in parts], separators=(",", ":"))) for d in CASES[case])
    template = compiled(*CASES[case]).template
    assert len(json.dumps(template["Resources"], separators=(",", ":"))) <= 640 * len(CASES[case]) + 2 * declared


@pytest.mark.parametrize(
    ("type", "properties", "path", "words"),
    [
        ("Queue", {"visibilityTimout": 3}, "x.properties.visibilityTimout", "visibilityTimeout"),
        ("Queue", {"delay": "1h"}, "x.properties.delay", "out of range"),
        ("Queue", {"name": "${nope}"}, "x.properties.name", "not a reference"),
        ("Subnet", {"cidr": "10.0.0.0/24"}, "x.properties.network", "required"),
        ("Network", {"cidr": "everything"}, "x.properties.cidr", "10.0.0.0/16"),
        ("ObjectStore", {"publicAccess": "maybe"}, "x.properties.publicAccess", "blocked"),
        ("SecurityGroup", {"network": "n", "description": "d", "ingress": [{"protcol": "tcp"}]}, "x.properties.ingress", "fromPort"),
        ("Role", {}, "x.properties.trust", "required"),
        ("Quue", {}, "x.type", "Queue"),
        ("Topic", {"subscriptions": [{"protocol": "sqs"}]}, "x.properties.subscriptions", "endpoint"),
        ("Role", {"usedBy": ["humans"]}, "x.properties.usedBy", "compute, function"),
        ("aws/AWS::SQS::Quue", {}, "x.type", "aws/AWS::SQS::Queue"),
        ("aws/AWS::SQS::Queue", {"Arn": "a"}, "x.properties.Arn", "set by AWS"),
        ("aws/AWS::EC2::Subnet", {}, "x.properties.VpcId", "required"),
        ("aws/AWS::S3::Bucket", {"VersioningConfiguration": {"Status": "On"}}, "x.properties.VersioningConfiguration.Status", "Enabled"),
        ("aws/AWS::Logs::LogGroup", {"RetentionInDays": "long"}, "x.properties.RetentionInDays", "integer"),
        ("Queue", {"name": "${secret://file/db}"}, "x.properties.name", "never gives back"),
        ("Queue", {"tags": {"a": "${secret://file/db}"}}, "x.properties.tags.a", "would see its value"),
        ("Secret", {"value": "hunter2"}, "x.properties.value", "type: secret"),
        ("Secret", {"value": "a ${secret://file/db}"}, "x.properties.value", "whole value"),
        ("Secret", {}, "x.properties.value", "required"),
        ("LogGroup", {"retention": "36h"}, "x.properties.retention", "whole days"),
        ("LogGroup", {"retention": "2d"}, "x.properties.retention", "one of"),
        ("DnsRecord", {"zone": "Z", "name": "a.b", "record": "PTR", "values": ["x"]}, "x.properties.record", "CNAME"),
        ("Function", {**FUNCTION, "runtime": "cobol85"}, "x.properties.runtime", "python3.12"),
        ("Function", {**FUNCTION, "secrets": {"A": "${secret://file/a}", "B": "hunter2"}}, "x.properties.secrets.B", "type: secret"),
        ("Function", {**FUNCTION, "environment": {"A": "${secret://file/a}"}}, "x.properties.environment.A", "would see its value"),
        ("Function", {**FUNCTION, "environment": {"A": "1"}, "secrets": {"A": "${secret://file/a}"}}, "x.properties.secrets.A", "in one of them"),
        ("Database", {**DATABASE, "password": "hunter2"}, "x.properties.password", "type: secret"),
        ("Database", {**DATABASE, "storage": "20GB"}, "x.properties.storage", "whole gibibytes"),
        ("Database", {**DATABASE, "version": "16.3.1"}, "x.properties.version", "major version"),
        ("aws/AWS::SSM::Parameter", {"Type": "String", "Value": "${secret://file/db}"}, "x.properties.Value", "cannot hold a secret"),
        ("aws/AWS::ElastiCache::User", {"UserId": "u", "UserName": "u", "Engine": "redis", "Passwords": ["${secret://file/db}"]},
         "x.properties.Passwords[0]", "cannot hold a secret"),
        ("aws/AWS::IAM::User", {"LoginProfile": {"Password": "${secret://file}"}}, "x.properties.LoginProfile", "not a reference"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(type: str, properties: dict[str, Any], path: str, words: str) -> None:
    found = AwsProvider().check([ResourceSpec("urn:df:s:w:x", "x", type, properties)])
    assert [p.path for p in found] == [path]
    assert words in f"{found[0].message} {found[0].expected} {found[0].hint}"


def test_an_overlay_cannot_contradict_the_vocabulary() -> None:
    with pytest.raises(InvalidUnit, match="is declared as visibilityTimeout"):
        compiled({"name": "q", "type": "Queue", "properties": {}, "native": {"VisibilityTimeout": 3}})


def test_an_unknown_attribute_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidUnit) as invalid:
        compiled(
            {"name": "q", "type": "Queue", "properties": {"deadLetter": "${d.colour}"}},
            {"name": "d", "type": "Queue", "properties": {}},
        )
    assert invalid.value.problems[0].expected == "id, url, arn, name, address"


def test_two_names_never_share_a_logical_id() -> None:
    template = compiled(*({"name": n, "type": "Queue", "properties": {}} for n in ("a-b", "ab", "a-b0"))).template
    assert len(template["Resources"]) == 3


def test_the_order_of_a_set_and_the_spelling_of_values_do_not_change_the_template() -> None:
    rules = [{"protocol": "tcp", "fromPort": p, "toPort": p, "cidr": f"10.{p}.0.0/16"} for p in (1, 2, 3)]
    one, two = (
        compiled({"name": "g", "type": "SecurityGroup", "properties": {"network": "n", "description": "d", "ingress": i}})
        for i in (rules, rules[::-1])
    )
    assert one == two


def test_a_secret_may_stand_wherever_aws_never_gives_it_back() -> None:
    user = {"LoginProfile": {"Password": "${secret://file/pw}"}}
    unit = compiled({"name": "u", "type": "aws/AWS::IAM::User", "properties": user})
    [(reference, parameter)] = unit.secrets.items()
    assert reference == "secret://file/pw"
    assert unit.template["Parameters"] == {parameter: {"Type": "String", "NoEcho": True}}
    [entry] = unit.template["Resources"].values()
    assert entry["Properties"]["LoginProfile"] == {"Password": {"Ref": parameter}}
    assert unit.resources[0].desired["LoginProfile"] == user["LoginProfile"]
    assert unit.inputs == {}


def test_initial_values_hold_no_secret() -> None:
    spec = ResourceSpec(
        "urn:df:s:w:x", "x", "aws/AWS::SecretsManager::Secret", {}, {}, {"SecretString": "${secret://file/db}"}
    )
    assert [p.path for p in AwsProvider().check([spec])] == ["x.initial.SecretString"]


def test_what_aws_never_gives_back_is_not_taken_from_it() -> None:
    of = model("aws/AWS::SecretsManager::Secret")
    assert of.live({"Name": "n", "SecretString": "hush"}) == {"Name": "n"}
    assert model("Secret").live({"Name": "n", "SecretString": "hush"}) == {"name": "n"}


def queues(count: int, tag: str) -> CompiledUnit:
    """That many, with a tag of that text."""
    specs = tuple(ResourceSpec(f"urn:df:s:w:q{i}", f"q{i}", "Queue", {"tags": {"t": tag}}) for i in range(count))
    return AwsProvider().compile(UnitSpec("d", "aws/0.0", "df-unit", SCOPE, specs))


def test_a_template_without_room_to_grow_says_so_and_one_that_no_call_takes_is_refused() -> None:
    assert [AwsProvider().too_large(queues(n, "x" * 200)) for n in (40, 100)] == [False, True]
    with pytest.raises(TooLarge) as refused:
        queues(120, "x" * 200)
    [problem] = refused.value.problems
    assert problem.message.endswith("bytes in one template")
    with pytest.raises(TooLarge) as refused:
        queues(501, "")
    assert [p.expected for p in refused.value.problems] == ["at most 500", "at most 51200"]
