"""Which resources are looked at first, and which more often."""

import pytest
from deployforge_drift_detector.domain.priority import Intervals, sensitive, urgency
from hypothesis import given
from hypothesis import strategies as st

KINDS = st.tuples(st.sampled_from(["Queue", "Role", "Table", "aws/AWS::S3::Bucket"]), st.sampled_from(["normal", "high"]))


@pytest.mark.parametrize(
    "type",
    [
        "Role", "SecurityGroup", "ObjectStore", "Database", "Secret", "aws/AWS::IAM::ManagedPolicy",
        "aws/AWS::S3::BucketPolicy", "azure/Microsoft.Authorization/roleAssignments",
        "azure/Microsoft.Network/networkSecurityGroups/securityRules", "gcp/google_project_iam_member",
        "gcp/google_compute_firewall", "terraform/aws_iam_role_policy", "terraform/google_storage_bucket_acl",
    ],
)  # fmt: skip
def test_what_opens_something_is_sensitive(type: str) -> None:
    assert sensitive(type)


@pytest.mark.parametrize("type", ["Queue", "Topic", "aws/AWS::SQS::Queue", "azure/Microsoft.ServiceBus/namespaces", "role"])
def test_what_carries_messages_is_not(type: str) -> None:
    assert not sensitive(type)


def test_critical_goes_before_sensitive_and_both_before_all() -> None:
    kinds = [("Queue", "low"), ("Role", "normal"), ("Queue", "high"), ("Role", "high")]
    assert [urgency([kind]) for kind in kinds] == [0, 1, 2, 3]
    assert urgency([]) == 0


@given(st.lists(KINDS), KINDS)
def test_a_resource_more_never_makes_a_shard_less_urgent(kinds: list[tuple[str, str]], more: tuple[str, str]) -> None:
    assert urgency([*kinds, more]) == max(urgency(kinds), urgency([more]))


def test_the_shortest_interval_that_fits_a_type_counts() -> None:
    intervals = Intervals({"Role": 15, "aws/AWS::IAM::*": 10, "aws/*": 30})
    assert (intervals.of("Role"), intervals.of("aws/AWS::IAM::Role"), intervals.of("Queue")) == (15, 10, None)
    assert intervals.shortest([("Queue", "high"), ("Role", "low")]) == 15
    assert intervals.shortest([("Queue", "high")]) is None
    assert Intervals({}).shortest([("Role", "high")]) is None
