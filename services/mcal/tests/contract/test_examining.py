"""What clouds say of root credentials: whom they take them for, and what these lack."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import ExaminesCredentials, ProviderFailure
from deployforge_mcal.domain.units import Scope

from tests.emulators.arm.running import SUBSCRIPTION, Running
from tests.emulators.gcp.running import DEPLOYER, PROJECT, ROOT_ACCOUNT
from tests.emulators.gcp.running import Running as RunningGcp

AWS = Scope("aws", "000000000000", "eu-west-1", "aws-test")
GROUP = f"{SUBSCRIPTION}/examined"
AZURE = Scope("azure", GROUP, "westeurope", "az-test")


def allowing(*actions: str) -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture
def role(aws: Any, request: pytest.FixtureRequest) -> Callable[..., dict[str, str]]:
    """Makes roles that may do what is said; the root credential for each."""

    def make(*actions: str) -> dict[str, str]:
        iam, name = aws.client("iam"), f"examined-{abs(hash(request.node.name)) % 10_000}"
        document = iam.get_role(RoleName=aws.root["roleArn"].rpartition("/")[2])["Role"]["AssumeRolePolicyDocument"]
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="may", PolicyDocument=allowing(*actions))
        return {**aws.root, "roleArn": arn}

    return make


def test_all_can_say() -> None:
    assert isinstance(GcpProvider(), ExaminesCredentials)
    assert isinstance(AwsProvider(), ExaminesCredentials)
    assert isinstance(AzureProvider(), ExaminesCredentials)


def test_aws_a_role_that_may_everything_lacks_nothing(aws: Any) -> None:
    found = AwsProvider(aws.endpoint).examine(aws.root, [])
    assert found.lacking == ()
    assert found.checked > 100
    assert "user/deployforge" in found.identity


def test_aws_what_a_role_lacks_is_named_with_the_types_that_need_it(aws: Any, role: Any) -> None:
    root = role("iam:*", "s3:*", "cloudformation:*", "sqs:Get*", "sqs:List*")
    found = AwsProvider(aws.endpoint).examine(root, [AWS])
    lacking = {one.permission: one for one in found.lacking}
    assert lacking["sqs:CreateQueue"].needed_by == ("Queue",)
    assert lacking["sqs:CreateQueue"].where.startswith("arn:aws:sqs:eu-west-1:000000000000:df-")
    assert not {"sqs:GetQueueUrl", "s3:CreateBucket", "cloudformation:CreateChangeSet"} & lacking.keys()
    assert "logs:DescribeLogGroups" in lacking


def test_aws_where_a_role_may_not_simulate_listings_are_tried(aws: Any, role: Any) -> None:
    found = AwsProvider(aws.endpoint).examine(role("sns:*", "dynamodb:*", "s3:*"), [AWS])
    assert found.lacking[0].permission == "iam:SimulatePrincipalPolicy"
    assert {one.needed_by for one in found.lacking[1:]} == {("Queue",)}
    assert "only listings were tried" in found.notes[0]


def test_aws_an_account_that_is_not_the_roles_is_told(aws: Any) -> None:
    other = Scope("aws", "111111111111", "eu-west-1", "aws-test")
    assert "they would end up there" in AwsProvider(aws.endpoint).examine(aws.root, [other]).notes[0]


@pytest.mark.parametrize("change", [{"accessKeyId": "AKIANOBODY"}, {"roleArn": "arn:aws:iam::000000000000:role/none"}])
def test_aws_one_that_opens_nothing_is_refused(aws: Any, change: dict[str, str]) -> None:
    with pytest.raises(ProviderFailure) as refused:
        AwsProvider(aws.endpoint).examine({**aws.root, **change}, [AWS])
    assert refused.value.failure.code in ("CREDENTIAL_REFUSED", "ACCESS_DENIED", "NOT_FOUND")


@pytest.mark.parametrize(
    ("assigned", "lacks", "has"),
    [
        ("Owner", None, "Microsoft.Authorization/roleAssignments/write"),
        ("Contributor", "Microsoft.Authorization/roleAssignments/write", "Microsoft.Network/virtualNetworks/write"),
        ("Reader", "Microsoft.Network/virtualNetworks/write", "Microsoft.Network/virtualNetworks/read"),
    ],
)
def test_azure_lists_what_a_principal_may(arm: Running, assigned: str, lacks: str | None, has: str) -> None:
    arm.rest("PUT", f"/subscriptions/{SUBSCRIPTION}/resourceGroups/examined", body={"location": "westeurope"})
    at = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/examined"
    who = {"clientId": f"is-{assigned}", "clientSecret": "s", "assignments": [{"scope": at, "role": assigned}]}
    arm.control("principals", who)
    root = {**arm.credential, "clientId": who["clientId"], "clientSecret": "s"}
    found = AzureProvider(arm.url).examine(root, [AZURE])
    lacking = {one.permission for one in found.lacking}
    assert lacks in lacking if lacks else not lacking
    assert has not in lacking
    assert found.checked > 50
    assert f"is-{assigned}" in found.identity


def test_azure_without_a_place_only_the_login_is_tried(arm: Running) -> None:
    found = AzureProvider(arm.url).examine(arm.credential, [])
    assert (found.checked, found.lacking) == (0, ())
    assert "--account" in found.notes[0]
    with pytest.raises(ProviderFailure, match="CREDENTIAL_REFUSED"):
        AzureProvider(arm.url).examine({**arm.credential, "clientSecret": "wrong"}, [])


def test_google_cloud_says_what_each_account_lacks(gcp: RunningGcp) -> None:
    found = GcpProvider(gcp.url).examine(gcp.credential, [Scope("gcp", PROJECT, "europe-west1", "gcp-test")])
    assert (found.lacking, found.notes) == ((), ())
    assert found.checked > 50
    assert ROOT_ACCOUNT in found.identity
    account = {"email": DEPLOYER, "roles": {PROJECT: "owner"}}
    gcp.control("accounts", {**account, "lacks": ["pubsub.topics.create", "config.deployments.update"]})
    try:
        found = GcpProvider(gcp.url).examine(gcp.credential, [Scope("gcp", PROJECT, "europe-west1", "gcp-test")])
    finally:
        gcp.control("accounts", account)
    lacking = {one.permission: (one.where, one.needed_by) for one in found.lacking}
    assert lacking == {
        "config.deployments.update": (f"{DEPLOYER} in {PROJECT}", ("every unit",)),
        "pubsub.topics.create": (f"{DEPLOYER} in {PROJECT}", ("Queue", "Topic")),
    }


def test_google_cloud_without_a_scope_says_who_it_is(gcp: RunningGcp) -> None:
    found = GcpProvider(gcp.url).examine(gcp.credential, [])
    assert (found.checked, len(found.notes)) == (0, 1)
    with pytest.raises(ProviderFailure):
        GcpProvider(gcp.url).examine({**gcp.credential, "key": None}, [])
