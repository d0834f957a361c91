"""The shipped rules, a line each."""

from typing import Any

import pytest
from deployforge_drift_detector.domain.compare import Difference
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.rules import PolicyRule, SeverityRule
from deployforge_drift_detector.domain.severity import MANY_DOWNSTREAM, Judged, judge, judge_missing, raised_by_impact

INSIDE = {"protocol": "tcp", "from": 443, "to": 443, "cidr": "10.0.0.0/8"}
WORLD = {"protocol": "tcp", "from": 22, "to": 22, "cidr": "0.0.0.0/0"}
WORLD6 = {"protocol": "tcp", "from": 22, "to": 22, "cidr": "::/0"}

GOLDEN = [
    ("SecurityGroup", "ingress", [INSIDE], [INSIDE, WORLD], "CRITICAL", "network-opening"),
    ("SecurityGroup", "egress", [], [WORLD6], "CRITICAL", "network-opening"),
    ("aws/AWS::EC2::SecurityGroup", "SecurityGroupIngress", [], [{"CidrIp": "0.0.0.0/0"}], "CRITICAL", "network-opening"),
    ("SecurityGroup", "ingress", [INSIDE, WORLD], [WORLD], "DEGRADED", "default"),
    ("SecurityGroup", "ingress", [INSIDE], [], "DEGRADED", "default"),
    ("ObjectStore", "publicAccess", False, True, "CRITICAL", "public-exposure"),
    ("aws/AWS::S3::Bucket", "PublicAccessBlockConfiguration.BlockPublicAcls", True, False, "CRITICAL", "public-exposure"),
    ("ObjectStore", "encryption", "aws:kms", None, "CRITICAL", "encryption-off"),
    ("Queue", "encryption", True, False, "CRITICAL", "encryption-off"),
    ("Queue", "encryption", "aws:kms", "aws:sqs", "DEGRADED", "default"),
    ("Role", "policies", [], [{"Action": "*"}], "CRITICAL", "iam-widening"),
    ("Database", "public", False, True, "CRITICAL", "public-exposure"),
    ("Role", "usedBy", ["function"], ["compute", "function"], "CRITICAL", "iam-widening"),
    ("Role", "trust", {}, {"Principal": "*"}, "CRITICAL", "iam-widening"),
    ("Role", "managedPolicies", [], ["arn:aws:iam::aws:policy/AdministratorAccess"], "CRITICAL", "iam-widening"),
    ("aws/AWS::IAM::Role", "AssumeRolePolicyDocument.Statement", [], [{}], "CRITICAL", "iam-widening"),
    ("Queue", "messageRetention", 345600, 60, "DEGRADED", "data-loss"),
    ("Queue", "messageRetention", 60, 345600, "DEGRADED", "default"),
    ("ObjectStore", "versioning", True, False, "DEGRADED", "data-loss"),
    ("Table", "pointInTimeRecovery", True, False, "DEGRADED", "data-loss"),
    ("Database", "deletionProtection", True, False, "DEGRADED", "deletion-protection"),
    ("aws/AWS::RDS::DBInstance", "DeletionProtection", True, None, "DEGRADED", "deletion-protection"),
    ("terraform/google_sql_database_instance", "deletion_protection", True, False, "DEGRADED", "deletion-protection"),
    ("Database", "deletionProtection", False, True, "DEGRADED", "default"),
    ("Queue", "tags.env", "prod", "test", "INFORMATIONAL", "tags"),
    ("Queue", "visibilityTimeout", 30, 60, "DEGRADED", "default"),
]  # fmt: skip


@pytest.mark.parametrize(("type", "path", "expected", "actual", "level", "rule"), GOLDEN)
def test_shipped_rules(type: str, path: str, expected: Any, actual: Any, level: str, rule: str) -> None:
    judged = judge(type, "orders", Difference(path, expected, actual, actual is None), criticality="normal")
    assert (judged.level, judged.rule) == (level, rule)


def test_high_criticality_raises_by_one_level() -> None:
    raised = judge("Queue", "orders", Difference("tags.env", "a", "b"), criticality="high")
    assert (raised.level, raised.rule) == (Severity.DEGRADED, "tags, raised by criticality high")
    assert judge("Queue", "orders", Difference("delay", 1, 2), criticality="high").level is Severity.CRITICAL


def test_a_deletion_is_degraded_and_critical_where_it_matters() -> None:
    assert judge_missing("orders", criticality="low").level is Severity.DEGRADED
    assert judge_missing("orders", criticality="normal").rule == "deletion"
    assert judge_missing("orders", criticality="high").level is Severity.CRITICAL


def test_the_manifest_has_the_first_word_and_it_stands_as_written() -> None:
    rules = [SeverityRule("ord*", "**.public*", Severity.INFORMATIONAL)]
    judged = judge("ObjectStore", "orders", Difference("publicAccess", False, True), criticality="high", rules=rules)
    assert (judged.level, judged.rule) == (Severity.INFORMATIONAL, "manifest: **.public*")
    other = judge("ObjectStore", "images", Difference("publicAccess", False, True), criticality="high", rules=rules)
    assert other.level is Severity.CRITICAL


@pytest.mark.parametrize(
    ("level", "rule", "downstream", "expected"),
    [
        ("DEGRADED", "default", [], "DEGRADED"),
        ("DEGRADED", "default", ["low", "normal"], "DEGRADED"),
        ("DEGRADED", "default", ["normal", "high"], "CRITICAL"),
        ("DEGRADED", "deletion", ["low"] * MANY_DOWNSTREAM, "CRITICAL"),
        ("DEGRADED", "deletion", ["low"] * (MANY_DOWNSTREAM - 1), "DEGRADED"),
        ("INFORMATIONAL", "tags", ["high"] * 50, "INFORMATIONAL"),
        ("DEGRADED", "manifest: **", ["high"] * 50, "DEGRADED"),
        ("CRITICAL", "encryption-off", ["high"], "CRITICAL"),
    ],
)
def test_what_lies_downstream_raises_a_degraded_drift(level: str, rule: str, downstream: list[str], expected: str) -> None:
    raised = raised_by_impact(Judged(Severity(level), rule), downstream)
    assert raised.level == expected
    assert raised.rule == (rule if level == expected else f"{rule}, raised by impact")


def test_the_manifest_comes_before_the_policy_and_the_policy_before_the_table() -> None:
    drift = Difference("tags.owner", "a", "b")
    policy = (PolicyRule("owners", "tags.owner", Severity.DEGRADED), PolicyRule("all-tags", "tags", Severity.CRITICAL))
    rules = (SeverityRule("*", "tags", Severity.INFORMATIONAL),)
    assert judge("Queue", "q", drift, criticality="high", policy=policy) == Judged(Severity.DEGRADED, "policy: owners")
    said = judge("Queue", "q", drift, criticality="high", rules=rules, policy=policy)
    assert said == Judged(Severity.INFORMATIONAL, "manifest: tags")
    assert judge("Queue", "q", Difference("delay", 1, 2), criticality="normal", policy=policy).rule == "default"


def test_nothing_is_less_bad_than_a_floor() -> None:
    drift = Difference("tags.owner", "a", "b")
    floor = (
        PolicyRule("least", "tags", Severity.DEGRADED, floor=True),
        PolicyRule("same", "**", Severity.DEGRADED, floor=True),
    )
    told = Judged(Severity.DEGRADED, "floor: least")
    assert judge("Queue", "q", drift, criticality="normal", policy=floor) == told
    mild = (SeverityRule("*", "**", Severity.INFORMATIONAL),)
    assert judge("Queue", "q", drift, criticality="normal", rules=mild, policy=floor) == told
    lower = (PolicyRule("low", "tags", Severity.INFORMATIONAL), *floor)
    assert judge("Queue", "q", drift, criticality="normal", policy=lower) == told
    worse = (SeverityRule("*", "**", Severity.CRITICAL),)
    assert judge("Queue", "q", drift, criticality="normal", rules=worse, policy=floor).rule == "manifest: **"
    assert raised_by_impact(told, ["high"]) == Judged(Severity.CRITICAL, "floor: least, raised by impact")
    assert raised_by_impact(Judged(Severity.DEGRADED, "policy: x"), ["high"]).level is Severity.DEGRADED


def test_of_a_missing_resource_only_rules_for_everything_speak() -> None:
    some = PolicyRule("some", "tags", Severity.CRITICAL)
    assert judge_missing("q", criticality="normal", policy=(some,)).rule == "deletion"
    every = PolicyRule("gone", "**", Severity.CRITICAL)
    assert judge_missing("q", criticality="normal", policy=(some, every)) == Judged(Severity.CRITICAL, "policy: gone")
    mild = (SeverityRule("*", "**", Severity.INFORMATIONAL),)
    assert judge_missing("q", criticality="normal", rules=mild, policy=(every,)).rule == "manifest: **"
    floor = PolicyRule("least", "**", Severity.DEGRADED, floor=True)
    assert judge_missing("q", criticality="normal", rules=mild, policy=(floor,)).rule == "floor: least"
