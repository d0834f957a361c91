"""Session policies: what is in them, what is not, and that they fit."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from deployforge_mcal.adapters.aws import credentials, policies
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.units import ResourceSpec, Scope, UnitSpec

SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")
NEEDED: dict[str, dict[str, Any]] = {
    "Network": {"cidr": "10.0.0.0/16"},
    "Subnet": {"network": "n", "cidr": "10.0.0.0/24"},
    "SecurityGroup": {"network": "n", "description": "d"},
    "Table": {"hashKey": {"name": "id", "type": "S"}},
    "Secret": {"value": "${secret://file/db}"},
    "LogGroup": {},
    "DnsRecord": {"zone": "Z1", "name": "www.example.com", "record": "A", "values": ["10.0.0.1"]},
    "LoadBalancer": {"subnets": ["s-1", "s-2"]},
    "Function": {
        "runtime": "python3.12",
        "handler": "main.go",
        "code": {"store": "code-1", "key": "a.zip"},
        "role": "arn:aws:iam::000000000000:role/r",
    },
    "Database": {
        "engine": "mysql",
        "size": "small",
        "storage": "20Gi",
        "username": "root",
        "password": "${secret://file/db}",
    },
    "Cache": {"size": "small", "description": "d"},
    "Compute": {"image": "ami-0abcdef1234567890", "size": "small", "subnet": "subnet-1"},
    "Role": {"trust": {"service": "lambda.amazonaws.com"}},
}


def work_of(*types: str, **properties: Any) -> Work:
    specs = tuple(ResourceSpec(f"urn:df:s:w:{t.lower()}", t.lower(), t, {**NEEDED.get(t, {}), **properties}) for t in types)
    unit = AwsProvider().compile(UnitSpec("d", "aws/0.0", "df-s-w-aws-0-0", SCOPE, specs))
    return Work("token", SCOPE, "d", "df-s-w-aws-0-0", unit=unit)


def test_a_queues_policy_speaks_of_nothing_else() -> None:
    statements = credentials.operation_statements(work_of("Queue"))
    services = {a.partition(":")[0] for s in statements for a in s["Action"]}
    assert services == {"cloudformation", "sqs"}
    assert statements[-1]["Resource"] == ["arn:aws:sqs:eu-west-1:000000000000:df-s-w-aws-0-0-*"]
    assert "sqs:ReceiveMessage" not in statements[-1]["Action"]


def test_a_function_may_get_its_role_and_its_archive_and_nothing_else_elsewhere() -> None:
    statements = credentials.operation_statements(work_of("Function"))
    foreign = {
        a: s["Resource"] for s in statements for a in s["Action"] if not a.startswith(("lambda:", "cloudformation:"))
    }
    assert foreign == {
        "iam:PassRole": ["arn:aws:iam::000000000000:role/*"], "s3:GetObject": ["arn:aws:s3:::code-1/a.zip"],
    }  # fmt: skip


def test_a_service_without_regions_is_not_confined_to_one() -> None:
    [found] = [s for s in credentials.operation_statements(work_of("DnsRecord")) if "route53" in s["Action"][0]]
    assert "Condition" not in found


def test_a_fixed_name_is_in_the_policy() -> None:
    statements = credentials.operation_statements(work_of("Queue", name="orders"))
    assert "arn:aws:sqs:eu-west-1:000000000000:orders" in statements[-1]["Resource"]


def test_reading_changes_nothing_and_opens_no_data() -> None:
    actions = {a for s in credentials.read_statements(KINDS) for a in s["Action"]}
    assert all(a.partition(":")[2].startswith(("Get", "List", "Describe", "Head")) for a in actions)
    assert not actions & {"s3:GetObject", "dynamodb:GetItem", "secretsmanager:GetSecretValue"}


def test_an_incomplete_root_credential_is_named_without_its_values() -> None:
    with pytest.raises(ProviderFailure) as failed:
        AwsProvider().open({"accessKeyId": "AKIASECRET"}, work_of("Queue"))
    assert failed.value.failure.code == "CREDENTIAL_INCOMPLETE"
    assert "AKIASECRET" not in str(failed.value)


def test_a_unit_says_when_its_credential_cannot_say_exactly_what_it_needs() -> None:
    few = work_of("Network", "Subnet", "SecurityGroup", "Queue", "Topic").unit
    many = work_of(*KINDS).unit
    assert few is not None
    assert many is not None
    assert [AwsProvider().too_many_types(unit) for unit in (few, many)] == [False, True]


ROOT = {"accessKeyId": "AKIAROOT", "secretAccessKey": "shh", "roleArn": "arn:aws:iam::000000000000:role/r"}
_SAID = "Packed size of session policy consumes 113% of allotted space, please use smaller policy."


class Sts:
    """Assumes a role unless the policy names more than so many services; the policies that it was asked for."""

    def __init__(self, most: int) -> None:
        self.most, self.asked = most, list[dict[str, Any]]()

    def __call__(self, client: Any, operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
        assert operation == "AssumeRole"
        policy = json.loads(arguments["Policy"])
        self.asked.append(policy)
        named = {
            a.partition(":")[0]
            for s in policy["Statement"]
            for a in ([s["Action"]] if isinstance(s["Action"], str) else s["Action"])
        }
        if len(named) > self.most:
            raise ClientError({"Error": {"Code": "PackedPolicyTooLarge", "Message": _SAID}}, operation)
        until = datetime.now(UTC) + timedelta(minutes=15)
        return {"Credentials": {"AccessKeyId": "ASIA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": until}}


def test_a_policy_that_packs_badly_fails_the_operation_in_sts_s_words_and_is_not_widened(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    work, sts = work_of("Queue", "Topic"), Sts(most=2)
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *call: sts(*call))
    with pytest.raises(ProviderFailure) as failed:
        AwsProvider().open(ROOT, work)
    failure = failed.value.failure
    assert (failure.code, failure.message, failure.restored) == ("POLICY_TOO_LONG", _SAID, True)
    assert "provider block of their own" in (failure.hint or "")
    assert [policies.written(p) for p in sts.asked] == [
        policies.written(policies.exact(credentials.operation_statements(work)))
    ]


def test_a_policy_that_packs_badly_splits_reading_and_none_of_the_parts_is_wider(monkeypatch: pytest.MonkeyPatch) -> None:
    types, sts = ["Queue", "Topic", "Table", "LogGroup"], Sts(most=3)
    monkeypatch.setattr(BaseClient, "_make_api_call", lambda *call: sts(*call))
    found = AwsProvider().open_reader(ROOT, SCOPE, types)
    assert set(found.sessions) == set(types)
    assert len(set(map(id, found.sessions.values()))) == 2
    parts = (["LogGroup", "Queue"], ["Table", "Topic"])
    exact = [policies.exact(credentials.read_statements(some)) for some in parts]
    assert set(found.grant.actions) == {a for one in exact for s in one["Statement"] for a in s["Action"]}


@pytest.mark.parametrize(
    ("unit_name", "service", "pattern"),
    [
        ("df-a-B-aws-0-0", "s3", "df-a-b-aws-0-0-*"),
        ("df-a-B-aws-0-0", "iam", "df-a-B-aws-0-0-*"),
        ("df-" + "n" * 60, "s3", "df-" + "n" * 21 + "*"),
        ("df-" + "n" * 60, "sns", "df-" + "n" * 60 + "-*"),
    ],
)
def test_generated_names_are_matched_as_the_service_writes_them(unit_name: str, service: str, pattern: str) -> None:
    work = work_of("Queue")
    named = Work("t", SCOPE, "d", unit_name, unit=work.unit)
    assert credentials._generated(named, service) == pattern
