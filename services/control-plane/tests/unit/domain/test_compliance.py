"""Policies over what is really there."""

from typing import Any

import pytest
from deployforge_control_plane.domain.compliance import Verified, report

OPEN = {"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidr": "0.0.0.0/0"}


@pytest.mark.parametrize(
    ("ref", "params", "kind", "actual", "said"),
    [
        ("org/no-public-buckets", {}, "ObjectStore", {"publicAccess": "blocked"}, None),
        ("org/no-public-buckets", {}, "ObjectStore", {"publicAccess": "partly"}, "public access is partly"),
        ("org/no-public-buckets", {}, "ObjectStore", {}, "public access is possible"),
        (
            "org/no-public-buckets", {}, "aws/AWS::S3::Bucket",
            {"PublicAccessBlockConfiguration": {"BlockPublicAcls": True}}, "BlockPublicPolicy",
        ),
        ("org/no-public-buckets", {}, "Queue", {}, None),
        ("org/no-open-ingress", {}, "SecurityGroup", {"ingress": [{**OPEN, "cidr": "10.0.0.0/8"}]}, None),
        ("org/no-open-ingress", {}, "SecurityGroup", {"ingress": [OPEN]}, "port 22 open to 0.0.0.0/0"),
        ("org/no-open-ingress", {}, "SecurityGroup", {"ingress": [{**OPEN, "cidr": "::/0"}]}, "open to ::/0"),
        ("org/no-open-ingress", {"ports": [22]}, "SecurityGroup", {"ingress": [OPEN]}, None),
        (
            "org/no-open-ingress", {"ports": [22]}, "SecurityGroup", {"ingress": [{**OPEN, "toPort": 23}]},
            "ports 22 to 23 open",
        ),
        (
            "org/no-open-ingress", {"ports": [22]}, "SecurityGroup",
            {"ingress": [{"protocol": "all", "cidr": "0.0.0.0/0"}]}, "every port open",
        ),
        (
            "org/no-open-ingress", {}, "aws/AWS::EC2::SecurityGroup",
            {"SecurityGroupIngress": [{"IpProtocol": "-1", "FromPort": -1, "CidrIpv6": "::/0"}]}, "every port open",
        ),
        ("org/required-tags", {"tags": ["env"]}, "Queue", {"tags": {"env": "x"}}, None),
        ("org/required-tags", {"tags": ["env", "team"]}, "Queue", {"tags": {"env": "x"}}, "missing: team"),
        ("org/required-tags", {"tags": ["env"]}, "aws/AWS::SNS::Topic", {"Tags": [{"Key": "a"}]}, "missing: env"),
        ("org/encryption", {}, "ObjectStore", {"encryption": "AES256"}, None),
        ("org/encryption", {}, "ObjectStore", {}, "not on"),
        ("org/encryption", {}, "Queue", {"encrypted": False}, "not on"),
        ("org/encryption", {}, "Queue", {"encrypted": False, "native": {"KmsMasterKeyId": "k"}}, None),
        ("org/encryption", {}, "Topic", {"encryptionKey": "alias/k"}, None),
        ("org/encryption", {}, "Table", {}, None),
        ("org/encryption", {}, "Database", {"encrypted": True}, None),
        ("org/encryption", {}, "Database", {"encrypted": False}, "not on"),
        ("org/encryption", {}, "Cache", {"encrypted": False}, "not on"),
    ],
)  # fmt: skip
def test_a_policy_says_what_is_wrong(
    ref: str, params: dict[str, Any], kind: str, actual: dict[str, Any], said: str | None
) -> None:
    findings = report([{"ref": ref, "params": params}], [Verified("urn:a", kind, actual)])
    assert [finding.policy for finding in findings] == ([ref] if said else [])
    if said:
        assert said in findings[0].message
