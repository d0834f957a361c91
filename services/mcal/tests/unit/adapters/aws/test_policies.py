"""Policies are short, and allow what was asked for and nothing else."""

import json
import subprocess
import sys
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

import pytest
from deployforge_mcal.adapters.aws import credentials, policies, readers
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.policies import LIMIT, TooLong, exact, fitted, written
from hypothesis import given, settings
from hypothesis import strategies as st

from .test_credentials import work_of

ACTIONS = json.loads(files("cfnlint").joinpath("data/AdditionalSpecs/Policies.json").read_text())
SERVICES = ("s3", "sqs", "sns", "dynamodb", "iam", "ec2", "lambda", "logs")
EIGHT = ("Network", "Subnet", "SecurityGroup", "Queue", "Topic", "Table", "ObjectStore", "Role")


def allow(actions: list[str], *resources: str, **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources), **more}


def allowed(policy: dict[str, Any], service: str, action: str) -> set[str]:
    """The resources on which it allows an action."""
    return {
        resource
        for statement in policy["Statement"]
        for pattern in statement["Action"]
        if fnmatchcase(f"{service}:{action}".lower(), pattern.lower())
        for resource in statement["Resource"]
    }


def about(resource: str, service: str) -> bool:
    return resource == "*" or resource.split(":")[2] == service


some_actions = st.sampled_from(SERVICES).flatmap(
    lambda service: st.lists(
        st.sampled_from(sorted(ACTIONS[service]["Actions"])), min_size=1, max_size=20, unique=True
    ).map(lambda names: (service, names))
)


@settings(max_examples=60)
@given(st.lists(some_actions, min_size=1, max_size=3))
def test_what_is_allowed_is_what_was_asked_for(asked: list[tuple[str, list[str]]]) -> None:
    statements = [allow([f"{s}:{n}" for n in names], f"arn:aws:{s}:::mine-{i}") for i, (s, names) in enumerate(asked)]
    try:
        policy = exact(statements)
    except TooLong:
        return
    assert len(written(policy)) <= LIMIT
    for service in SERVICES:
        for action in ACTIONS[service]["Actions"]:
            wanted = {f"arn:aws:{s}:::mine-{i}" for i, (s, names) in enumerate(asked) if s == service and action in names}
            # That an action is allowed on what another service has means nothing.
            assert {r for r in allowed(policy, service, action) if about(r, service)} == wanted, (service, action)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_the_credential_of_each_type_says_exactly_what_it_needs(kind: str) -> None:
    statements = credentials.operation_statements(work_of(kind))
    policy = exact(statements)
    needed = {action.lower() for one in statements for action in one["Action"]}
    for service in {action.partition(":")[0] for action in needed}:
        for name in ACTIONS[service]["Actions"]:
            assert bool(allowed(policy, service, name)) == (f"{service}:{name}" in needed), name


def test_reading_every_type_says_exactly_what_it_needs() -> None:
    policy = exact(credentials.read_statements(KINDS))
    for service, name in (
        ("s3", "getobject"),
        ("dynamodb", "getitem"),
        ("secretsmanager", "getsecretvalue"),
        ("sqs", "deletequeue"),
    ):
        assert allowed(policy, service, name) == set()


def test_where_that_is_too_long_neither_data_nor_rights_are_opened() -> None:
    statements = credentials.operation_statements(work_of(*EIGHT))
    with pytest.raises(TooLong):
        exact(statements)
    policy = fitted(statements)
    assert len(written(policy)) <= LIMIT
    needed = {action.lower() for one in statements for action in one["Action"]}
    assert all(allowed(policy, *action.split(":", 1)) for action in needed)
    for service, name in (
        ("s3", "getobject"), ("s3", "putobject"), ("s3", "deleteobject"), ("dynamodb", "getitem"), ("dynamodb", "scan"),
        ("dynamodb", "partiqlselect"), ("sqs", "receivemessage"), ("sqs", "sendmessage"), ("sqs", "addpermission"),
        ("sns", "publish"), ("iam", "passrole"), ("iam", "updateassumerolepolicy"), ("s3", "putbucketacl"),
    ):  # fmt: skip
        assert bool(allowed(policy, service, name)) == (f"{service}:{name}" in needed), (service, name)
    # Nor on anything else than was asked for.
    assert {r for s in policy["Statement"] for r in s["Resource"]} == {r for s in statements for r in s["Resource"]}
    # What stands beside a unit's own resources in the region is as exact as ever.
    [regional] = [s for s in policy["Statement"] if "Condition" in s]
    assert allowed({"Statement": [regional]}, "ec2", "terminateinstances") == set()


def test_what_fits_in_no_way_is_refused_with_a_way_out() -> None:
    long = [allow(["sqs:GetQueueUrl"], *(f"arn:aws:sqs:{'x' * 100}:{i}" for i in range(30)))]
    with pytest.raises(TooLong, match="POLICY_TOO_LONG") as refused:
        fitted(long)
    assert "provider block of their own" in str(refused.value.failure.hint)


def test_statements_are_put_together_only_where_that_allows_nothing_more() -> None:
    condition = {"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}
    statements = [
        allow(["sqs:GetQueueUrl"], "arn:aws:sqs:::a"), allow(["sqs:DeleteQueue"], "arn:aws:sqs:::b"),
        allow(["sns:GetTopicAttributes"], "arn:aws:sns:::c"), allow(["ec2:CreateVpc"], "*", Condition=condition),
        allow(["logs:DescribeLogGroups"], "*"), allow(["route53:GetChange"], "*"),
    ]  # fmt: skip
    made = exact(statements)["Statement"]
    assert [s["Resource"] for s in made] == [
        ["arn:aws:sqs:::a", "arn:aws:sns:::c"], ["arn:aws:sqs:::b"], ["*"], ["*"],
    ]  # fmt: skip
    assert "Condition" in made[2]
    assert len(made[3]["Action"]) == 2


class Sessions:
    """Opens sessions for at most so many types."""

    def __init__(self, most: int) -> None:
        self.most, self.made = most, []

    def __call__(self, types: Any) -> Any:
        if len(types) > self.most:
            raise TooLong("9,999 characters")
        self.made.append(list(types))
        return list(types)


def test_reading_is_split_over_credentials_until_each_fits() -> None:
    opening = Sessions(2)
    found = readers.opened(["e", "a", "c", "b", "d", "a"], opening)
    assert opening.made == [["a", "b"], ["c"], ["d", "e"]]
    assert found.of("d") is found.of("e")
    with pytest.raises(TooLong):
        readers.opened(["a"], Sessions(0))


def test_a_service_that_the_list_does_not_know_keeps_its_words() -> None:
    assert exact([allow(["nimbus:DoThis", "nimbus:DoThat"], "*")])["Statement"][0]["Action"] == [
        "nimbus:DoThat",
        "nimbus:DoThis",
    ]
    assert policies.DATA


def test_aws_s_list_of_actions_is_read_without_importing_what_bundles_it() -> None:
    # Importing it takes seconds, and the first plan after a start would wait for them.
    said = (
        "import sys; from deployforge_mcal.adapters.aws import policies, schemas; schemas.load('AWS::SQS::Queue'); "
        "policies.exact([{'Effect': 'Allow', 'Action': ['sqs:GetQueueUrl', 'sqs:GetQueueAttributes'], 'Resource': ['*']}]); "
        "sys.exit('cfnlint' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", said], check=False).returncode == 0
