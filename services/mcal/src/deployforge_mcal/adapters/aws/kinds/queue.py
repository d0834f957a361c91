"""Queue: AWS::SQS::Queue."""

import json
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind, arn, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.types.queue import QUEUE
from deployforge_mcal.domain.units import Scope

_NUMBERS: Final = (
    "VisibilityTimeout", "MessageRetentionPeriod", "DelaySeconds", "MaximumMessageSize",
    "ReceiveMessageWaitTimeSeconds", "KmsDataKeyReusePeriodSeconds",
)  # fmt: skip
_FLAGS: Final = ("FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled")
_DOCUMENTS: Final = ("RedrivePolicy", "RedriveAllowPolicy")
_TEXTS: Final = ("KmsMasterKeyId", "DeduplicationScope", "FifoThroughputLimit")
_RECEIVES: Final = 10


class QueueKind(Kind):
    """A queue of messages."""

    model = QUEUE
    native_type = "AWS::SQS::Queue"
    listing = ("sqs", "list_queues", "QueueUrls", "")
    name_property = "QueueName"
    natives: ClassVar[Mapping[str, str]] = {
        "name": "QueueName", "visibilityTimeout": "VisibilityTimeout", "messageRetention": "MessageRetentionPeriod",
        "delay": "DelaySeconds", "maxMessageSize": "MaximumMessageSize", "receiveWait": "ReceiveMessageWaitTimeSeconds",
        "fifo": "FifoQueue", "contentDeduplication": "ContentBasedDeduplication", "encrypted": "SqsManagedSseEnabled",
        "deadLetter": "RedrivePolicy", "maxReceives": "RedrivePolicy", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"deadLetter", "maxReceives"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "url": {"Ref": ""},
        "arn": {"Fn::GetAtt": ["", "Arn"]},
        "name": {"Fn::GetAtt": ["", "QueueName"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "deadLetter" in values:
            native["RedrivePolicy"] = {
                "deadLetterTargetArn": values["deadLetter"],
                "maxReceiveCount": values.get("maxReceives", _RECEIVES),
            }
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        if redrive := native.get("RedrivePolicy"):
            values["deadLetter"] = redrive.get("deadLetterTargetArn")
            put(redrive, "maxReceiveCount", values, "maxReceives", int)
        return values

    def canonical(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """Documents parsed, as they may be written as text."""
        found = super().canonical(native)
        for name in _DOCUMENTS:
            if isinstance(found.get(name), str) and found[name].startswith("{"):
                found[name] = json.loads(found[name])
        return found

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        got = session.call("sqs", "get_queue_attributes", QueueUrl=id, AttributeNames=["All"])["Attributes"]
        tags = session.call("sqs", "list_queue_tags", QueueUrl=id).get("Tags", {})
        native: dict[str, Any] = {"QueueName": self.physical_name(id), "QueueUrl": id, "Tags": own_tags(tags)}
        put(got, "QueueArn", native, "Arn")
        for name in _NUMBERS:
            put(got, name, native, name, int)
        for name in _FLAGS:
            native[name] = got.get(name, "false") == "true"
        for name in _DOCUMENTS:
            put(got, name, native, name, json.loads)
        for name in _TEXTS:
            put(got, name, native, name)
        if "RedrivePolicy" in native:
            native["RedrivePolicy"]["maxReceiveCount"] = int(native["RedrivePolicy"]["maxReceiveCount"])
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        if values := _attributes({k: v for k, v in native.items() if k not in ("FifoQueue",)}):
            session.call("sqs", "set_queue_attributes", QueueUrl=id, Attributes=values)
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("sqs", "tag_queue", QueueUrl=id, Tags=tags)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        values = _attributes(native)
        made = session.call("sqs", "create_queue", QueueName=name, Attributes=values, tags=dict(native.get("Tags", {})))
        return str(made["QueueUrl"])

    def physical_name(self, id: str) -> str:
        """The last part of the URL."""
        return id.rpartition("/")[2]

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        name = self.physical_name(id)
        return {"id": id, "url": id, "name": name, "arn": arn("sqs", scope, name)}


def _attributes(native: Mapping[str, Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name in (*_NUMBERS, *_TEXTS):
        put(native, name, found, name, str)
    for name in _FLAGS:
        # A standard queue does not know the attribute at all.
        if native.get(name) is not None and (name == "SqsManagedSseEnabled" or native[name]):
            found[name] = str(native[name]).lower()
    for name in _DOCUMENTS:
        if name in native:
            found[name] = json.dumps(native[name]) if native[name] else ""
    return found
