"""The emulated AWS of this system, touched directly: what a person with the console would do.

Used by the demonstration and the journeys to change things behind DeployForge's back and to see what is really there.
"""

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config

from deployforge_local.emulator import ROOT_KEY
from deployforge_local.settings import LocalSettings

_ANYWHERE = "0.0.0.0/0"
_FAST = Config(connect_timeout=5, read_timeout=20, retries={"max_attempts": 2})


@dataclass(frozen=True)
class Cloud:
    """A root user of the emulated AWS at `endpoint`."""

    endpoint: str
    access_key_id: str
    secret_access_key: str

    @classmethod
    def of_this_system(cls) -> "Cloud":
        """The emulator of the system that the environment names."""
        return cls(LocalSettings().ministack_url, ROOT_KEY, ROOT_KEY)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client with root rights."""
        make: Any = boto3.client
        return make(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key_id,
            aws_secret_access_key=self.secret_access_key,
            config=_FAST,
        )

    def open_to_the_world(self, region: str, group_id: str, port: int) -> None:
        """Let everybody in on one TCP port."""
        self.client("ec2", region).authorize_security_group_ingress(
            GroupId=group_id, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp=_ANYWHERE
        )

    def is_open_to_the_world(self, region: str, group_id: str) -> bool:
        """Whether any ingress rule admits everybody."""
        group = self.client("ec2", region).describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
        return any(r.get("CidrIp") == _ANYWHERE for p in group["IpPermissions"] for r in p.get("IpRanges", []))

    def set_visibility_timeout(self, region: str, queue_url: str, seconds: int) -> None:
        """Change one attribute of a queue."""
        self.client("sqs", region).set_queue_attributes(QueueUrl=queue_url, Attributes={"VisibilityTimeout": str(seconds)})

    def visibility_timeout(self, region: str, queue_url: str) -> int:
        """Seconds."""
        got = self.client("sqs", region).get_queue_attributes(QueueUrl=queue_url, AttributeNames=["VisibilityTimeout"])
        return int(got["Attributes"]["VisibilityTimeout"])

    def create_queue(self, region: str, name: str) -> str:
        """Make a queue that no deployment knows of; its URL."""
        url: str = self.client("sqs", region).create_queue(QueueName=name)["QueueUrl"]
        return url

    def delete_queue(self, region: str, queue_url: str) -> None:
        """Delete a queue."""
        self.client("sqs", region).delete_queue(QueueUrl=queue_url)

    def delete_topic(self, region: str, arn: str) -> None:
        """Delete a topic."""
        self.client("sns", region).delete_topic(TopicArn=arn)

    def has_topic_named(self, region: str, display_name: str) -> bool:
        """Whether a topic with this display name exists."""
        sns = self.client("sns", region)
        return any(
            sns.get_topic_attributes(TopicArn=t["TopicArn"])["Attributes"].get("DisplayName") == display_name
            for t in sns.list_topics()["Topics"]
        )

    def create_bucket(self, region: str, name: str) -> None:
        """Make a bucket, so that its name is taken."""
        where = {"LocationConstraint": region}
        self.client("s3", region).create_bucket(Bucket=name, CreateBucketConfiguration=where)

    def stacks(self, region: str) -> list[str]:
        """Names of the CloudFormation stacks that exist."""
        summaries = self.client("cloudformation", region).list_stacks()["StackSummaries"]
        return [s["StackName"] for s in summaries if s["StackStatus"] != "DELETE_COMPLETE"]

    def queues(self, region: str, prefix: str = "") -> list[str]:
        """URLs of queues whose name starts with `prefix`."""
        return list(self.client("sqs", region).list_queues(QueueNamePrefix=prefix).get("QueueUrls", []))
