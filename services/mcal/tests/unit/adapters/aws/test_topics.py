"""Subscriptions of many topics come together, and each topic's own are asked for where that cannot be."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from deployforge_mcal.adapters.aws.kinds import KINDS
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.operation import Grant

GRANT = Grant("aws-test", "df-read", (), (), True, None)  # type: ignore[arg-type]
TOPICS = [f"arn:aws:sns:eu-west-1:1:t{n}" for n in range(6)]
DENIED = ClientError({"Error": {"Code": "AuthorizationError", "Message": "no"}}, "ListSubscriptions")


class Sns:
    """Topics with a subscription each, listed one to a page."""

    def __init__(self, refused: Exception | None = None, others: int = 0) -> None:
        self._refused = refused
        self._all = [{"TopicArn": id, "Protocol": "sqs", "Endpoint": f"of {id}"} for id in TOPICS]
        self._all = [{"TopicArn": "other", "Protocol": "sqs", "Endpoint": str(n)} for n in range(others)] + self._all
        self.lists = 0
        self.asked: list[str] = []

    def get_topic_attributes(self, **_: Any) -> Any:
        return {"Attributes": {}}

    def list_tags_for_resource(self, **_: Any) -> Any:
        return {"Tags": []}

    def list_subscriptions(self, NextToken: str = "0") -> Any:
        if self._refused:
            raise self._refused
        self.lists += 1
        at = int(NextToken)
        more = {"NextToken": str(at + 1)} if at + 1 < len(self._all) else {}
        return {"Subscriptions": self._all[at : at + 1], **more}

    def can_paginate(self, operation: str) -> bool:
        return False

    def list_subscriptions_by_topic(self, TopicArn: str) -> Any:
        self.asked.append(TopicArn)
        return {"Subscriptions": [one for one in self._all if one["TopicArn"] == TopicArn]}


def read(sns: Sns, ids: list[str]) -> dict[str, Any]:
    session = AwsSession(GRANT, {}, "eu-west-1", patience_seconds=0.0)
    session._clients["sns"] = sns
    return KINDS["Topic"].read(session, ids)


EXPECTED = {id: [{"Protocol": "sqs", "Endpoint": f"of {id}"}] for id in TOPICS}


def test_many_topics_are_read_with_one_list() -> None:
    sns = Sns()
    assert {id: native["Subscription"] for id, native in read(sns, TOPICS).items()} == EXPECTED
    assert (sns.lists, sns.asked) == (6, [])


@pytest.mark.parametrize("sns", [Sns(DENIED), Sns(others=200)], ids=["not allowed", "too many of others"])
def test_each_topic_is_asked_where_the_list_is_refused_or_too_long(sns: Sns) -> None:
    assert {id: native["Subscription"] for id, native in read(sns, TOPICS).items()} == EXPECTED
    assert sorted(sns.asked) == TOPICS
    assert sns.lists <= 6


def test_few_topics_are_asked_one_by_one() -> None:
    sns = Sns()
    assert read(sns, TOPICS[:3]).keys() == set(TOPICS[:3])
    assert (sns.lists, sorted(sns.asked)) == (0, TOPICS[:3])
