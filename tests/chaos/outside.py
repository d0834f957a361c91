"""What topics carry and what the emulated cloud did and has, as records of the history."""

import time
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from deployforge_chassis import canonical, tls, topics
from deployforge_chassis.identity import CLIENT
from deployforge_chassis.topics import Topic
from deployforge_local.cloud import Cloud
from deployforge_local.settings import LocalSettings

from tests.chaos.history import CloudCall, CloudResource, TopicMessage

_BATCH: Final = 5000
_QUIET_SECONDS: Final = 20.0
_ACTIONS: Final = {"CREATE": "create", "UPDATE": "update", "DELETE": "delete"}
STACK: Final = "AWS::CloudFormation::Stack"


class TopicUnreadable(Exception):
    """A topic could not be read to its end."""


def messages(settings: LocalSettings) -> Iterator[TopicMessage]:
    """Every message of every topic of facts and upserts, from its beginning. Raises TopicUnreadable."""
    kept = {topic.full_name: topic for topic in topics.load().values() if topic.kind != "telemetry"}
    connection = {
        "bootstrap.servers": settings.kafka_bootstrap,
        **tls.load(settings.tls_dir, CLIENT).kafka_settings(),
    }
    ends = _ends(connection, kept.values())
    consumer = Consumer(
        {**connection, "group.id": "chaos-history", "enable.auto.commit": False, "auto.offset.reset": "earliest"}
    )
    try:
        consumer.assign([TopicPartition(name, partition, 0) for name, partition in ends])
        at = dict.fromkeys(ends, 0)
        deadline = time.monotonic() + _QUIET_SECONDS
        while behind := [place for place, end in ends.items() if at[place] < end]:
            # Waits for the whole batch or the whole time, whichever comes first.
            found: list[Any] = consumer.consume(_BATCH, timeout=0.2)
            if found:
                deadline = time.monotonic() + _QUIET_SECONDS
            elif time.monotonic() > deadline:
                listed = ", ".join(f"{n}[{p}] read up to {at[n, p]} of {ends[n, p]}" for n, p in behind)
                raise TopicUnreadable(listed)
            for message in found:
                if message.error() is None:
                    name = str(message.topic())
                    at[name, message.partition()] = message.offset() + 1
                    yield _message(kept[name], message)
    finally:
        consumer.close()


def _ends(connection: dict[str, Any], wanted: Iterable[Topic]) -> dict[tuple[str, int], int]:
    """The end of each partition that has messages."""
    places = [TopicPartition(topic.full_name, partition) for topic in wanted for partition in range(topic.partitions)]
    admin: Any = AdminClient(connection)
    latest: Any = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = admin.list_offsets(dict.fromkeys(places, latest), request_timeout=20)
    found = {(place.topic, place.partition): answer.result().offset for place, answer in asked.items()}
    return {place: offset for place, offset in found.items() if offset > 0}


def _message(topic: Topic, message: Any) -> TopicMessage:
    head: Mapping[str, str] = {name: value.decode() for name, value in message.headers() or ()}
    value = message.value()
    return TopicMessage(
        topic=topic.name,
        partition=message.partition(),
        offset=message.offset(),
        key=(message.key() or b"").decode(),
        type=head.get("type", ""),
        source=head.get("src", ""),
        era=int(head.get("era", 0)),
        id=int(head.get("id", 0)),
        prev=int(head.get("prev", 0)),
        digest="" if value is None else canonical.digest(value),
        chained=topic.kind == "fact",
    )


def ledger(cloud: Cloud, region: str) -> Iterator[CloudCall]:
    """Every change that CloudFormation made, in its order; stacks that are gone included."""
    client = cloud.client("cloudformation", region)
    ids = {
        s["StackId"]: s["StackName"]
        for page in client.get_paginator("list_stacks").paginate()
        for s in page["StackSummaries"]
    }
    events: list[tuple[Any, int, Mapping[str, Any]]] = []
    for stack_id in ids:
        told = [
            e
            for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id)
            for e in page["StackEvents"]
        ]
        # Told newest first.
        events += [(event["Timestamp"], number, event) for number, event in enumerate(reversed(told))]
    for number, (at, _, event) in enumerate(sorted(events, key=lambda e: e[:2]), 1):
        status = event["ResourceStatus"]
        word, _, how = status.partition("_")
        if word not in _ACTIONS or how not in ("COMPLETE", "FAILED"):
            continue
        itself = event["ResourceType"] == STACK and event["PhysicalResourceId"] == event["StackId"]
        yield CloudCall(
            number=number,
            action=_ACTIONS[word],
            token=event.get("ClientRequestToken", ""),
            region=region,
            stack=event["StackName"],
            resource="" if itself else event["LogicalResourceId"],
            type=event["ResourceType"],
            physical_id=event.get("PhysicalResourceId", ""),
            at=at.timestamp(),
            succeeded=how == "COMPLETE",
        )


def resources(cloud: Cloud, region: str) -> Iterator[CloudResource]:
    """What exists of the types that a run makes."""
    client = cloud.client("cloudformation", region)
    stack_of: dict[str, str] = {}
    for page in client.get_paginator("list_stacks").paginate():
        for stack in page["StackSummaries"]:
            if stack["StackStatus"] == "DELETE_COMPLETE":
                continue
            name = stack["StackName"]
            yield CloudResource(region, STACK, stack["StackId"], name)
            found = client.describe_stack_resources(StackName=name)["StackResources"]
            stack_of |= {r.get("PhysicalResourceId", ""): name for r in found}
    for url in cloud.queues(region):
        yield CloudResource(region, "AWS::SQS::Queue", url, stack_of.get(url, ""))
    for page in cloud.client("sns", region).get_paginator("list_topics").paginate():
        for topic in page["Topics"]:
            yield CloudResource(region, "AWS::SNS::Topic", topic["TopicArn"], stack_of.get(topic["TopicArn"], ""))
