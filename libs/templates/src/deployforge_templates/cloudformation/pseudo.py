"""Pseudo parameters: what CloudFormation knows of the stack, and we of the provider."""

from typing import Any, Final

from deployforge_documents.reading import Node

from deployforge_templates.imported import Given
from deployforge_templates.values import NOTHING, refused

PARAMETERS: Final = (
    "AWS::AccountId", "AWS::NoValue", "AWS::NotificationARNs", "AWS::Partition", "AWS::Region", "AWS::StackId",
    "AWS::StackName", "AWS::URLSuffix",
)  # fmt: skip
#: Source: AWS General Reference, "Partitions"; botocore's endpoints.
_PARTITIONS: Final = (("cn-", "aws-cn", "amazonaws.com.cn"), ("us-gov-", "aws-us-gov", "amazonaws.com"))


def value(given: Given, name: str, node: Node) -> Any:
    """What a pseudo parameter comes to. Raises InvalidDocument for what only a stack has."""
    region = str(given.provider.get("region", ""))
    _, partition, suffix = next((row for row in _PARTITIONS if region.startswith(row[0])), ("", "aws", "amazonaws.com"))
    match name:
        case "AWS::NoValue":
            return NOTHING
        case "AWS::Region" if region:
            return region
        case "AWS::AccountId" if given.provider.get("account"):
            return str(given.provider["account"])
        case "AWS::Partition":
            return partition
        case "AWS::URLSuffix":
            return suffix
        case "AWS::StackName":
            return given.deployment
    raise refused(node, f"{name} is not known here", "what does not depend on the stack itself")
