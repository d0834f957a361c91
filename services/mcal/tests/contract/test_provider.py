"""What every CloudProvider must do, held against the cloud in memory and against AWS (emulated)."""

from collections.abc import Iterator
from typing import Any

from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing.stage import Stage, provider_stage

SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")


@provider_stage("aws")
def memory_stage(cloud: Any) -> Stage:
    """The cloud in memory; it plays AWS in the tests of the application."""
    return Stage(
        cloud, {}, SCOPE, "Queue", "delay", {"refused": True},
        tamper=lambda id, n: cloud.live[id].update(delay=n), vanish=lambda id: cloud.live.pop(id),
    )  # fmt: skip


@provider_stage("aws")
def aws_stage(aws: Any) -> Iterator[Stage]:
    """CloudFormation and SQS, emulated, with access rules on."""
    sqs = aws.client("sqs")
    stage = Stage(
        AwsProvider(aws.endpoint), aws.root, SCOPE, "Queue", "delay",
        {"deadLetter": "arn:aws:sqs:eu-west-1:000000000000:nowhere"},
        tamper=lambda id, n: sqs.set_queue_attributes(QueueUrl=id, Attributes={"DelaySeconds": str(n)}),
        vanish=lambda id: sqs.delete_queue(QueueUrl=id),
    )  # fmt: skip
    yield stage
    stage.close()
