"""A role's credentials in the program's environment, and never the root's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_terraform import assuming
from deployforge_terraform.credentials import TerraformSession, session
from moto import mock_aws

ROLE = "arn:aws:iam::123456789012:role/terraform"
AWS = {"accessKeyId": "AKIAROOTCANARY", "secretAccessKey": "root-secret-canary", "roleArn": ROLE}
ROOT = {
    "stateUrl": "postgres://u:p@db/states", "stateKey": "0123456789abcdef-key", "aws": AWS,
    "environment": {"AWS_REGION": "eu-west-1", "OTHER": "value"},
}  # fmt: skip


def opened(root: dict[str, Any], *, read_only: bool = False) -> TerraformSession:
    return session(root, "tf-test", "df-1", read_only=read_only, encrypts=True)


class Sts:
    """Keeps what it is asked."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.made: dict[str, Any] = {}

    def __call__(self, service: str, **made: Any) -> "Sts":
        self.made = made
        return self

    def assume_role(self, **asked: Any) -> dict[str, Any]:
        self.asked.append(asked)
        until = datetime.now(UTC) + timedelta(hours=1)
        keys = {"AccessKeyId": "ASIASESSION", "SecretAccessKey": "session-secret", "SessionToken": "session-token"}
        return {"Credentials": {**keys, "Expiration": until}}


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Sts:
    made = Sts()
    monkeypatch.setattr(assuming.boto3, "client", made)
    return made


def test_the_program_gets_a_roles_credentials_and_not_the_roots(sts: Sts) -> None:
    made = opened(ROOT)
    assert made.environment == {
        "AWS_REGION": "eu-west-1", "OTHER": "value", "AWS_ACCESS_KEY_ID": "ASIASESSION",
        "AWS_SECRET_ACCESS_KEY": "session-secret", "AWS_SESSION_TOKEN": "session-token",
    }  # fmt: skip
    assert "PolicyArns" not in sts.asked[0]
    assert sts.asked[0]["RoleSessionName"] == "df-1"
    assert timedelta(minutes=55) < made.grant.expires_at - datetime.now(UTC) <= timedelta(hours=1)
    assert made.scrubbed("it said session-secret and session-token") == "it said (secret) and (secret)"


def test_what_only_reads_can_change_nothing(sts: Sts) -> None:
    assert opened(ROOT, read_only=True).grant.read_only
    assert sts.asked[0]["PolicyArns"] == [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    china = {**AWS, "roleArn": ROLE.replace("arn:aws:", "arn:aws-cn:")}
    opened({**ROOT, "aws": china}, read_only=True)
    assert sts.asked[1]["PolicyArns"] == [{"arn": "arn:aws-cn:iam::aws:policy/ReadOnlyAccess"}]


def test_an_emulator_is_asked_where_the_environment_says(sts: Sts) -> None:
    opened({**ROOT, "environment": {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}})
    assert (sts.made["endpoint_url"], sts.made["region_name"]) == ("http://127.0.0.1:1", "us-east-1")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"aws": {}}, "CREDENTIAL_INCOMPLETE"), ({"aws": "x"}, "CREDENTIAL_INCOMPLETE"),
        ({"aws": {**AWS, "roleArn": ""}}, "CREDENTIAL_INCOMPLETE"),
        ({"environment": {"AWS_ACCESS_KEY_ID": "x"}}, "CREDENTIAL_REFUSED"),
    ],
)  # fmt: skip
def test_what_is_no_role_is_refused_by_name(sts: Sts, change: dict[str, Any], code: str) -> None:
    with pytest.raises(ProviderFailure) as refused:
        opened({**ROOT, **change})
    assert refused.value.failure.code == code
    assert "canary" not in str(refused.value).lower()
    assert sts.asked == []


def test_sts_itself_takes_what_is_asked() -> None:
    with mock_aws():
        assert opened(ROOT).environment["AWS_ACCESS_KEY_ID"].startswith("ASIA")
        assert opened(ROOT, read_only=True).environment["AWS_SESSION_TOKEN"]


def test_a_refusal_of_aws_says_nothing_of_the_root(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(self: Any, operation: str, arguments: Any) -> Any:
        said = {"Error": {"Code": "InvalidClientTokenId", "Message": "AKIAROOTCANARY is no key"}}
        raise boto3.client("sts", region_name="us-east-1").exceptions.ClientError(said, operation)

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", refuses)
    with pytest.raises(ProviderFailure) as refused:
        opened(ROOT)
    assert (refused.value.failure.code, refused.value.failure.message) == ("CREDENTIAL_REFUSED", "(secret) is no key")
    assert refused.value.__cause__ is None
