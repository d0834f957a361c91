"""Topic: AWS::SNS::Topic."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.errors import failure_of
from deployforge_mcal.adapters.aws.kinds.base import Kind, as_list, own_tags, put, tag_changes
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.topic import TOPIC, subscription
from deployforge_mcal.domain.units import Scope

#: Below this a call each is cheaper than a list of everything.
_BULK: Final = 4
_TEXTS: Final = ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
#: word of the vocabulary → AWS's protocol, where they differ
_PROTOCOLS: Final = {"queue": "sqs"}
_FLAGS: Final = ("FifoTopic", "ContentBasedDeduplication")


class TopicKind(Kind):
    """A topic that passes messages on to its subscribers."""

    model = TOPIC
    native_type = "AWS::SNS::Topic"
    listing = ("sns", "list_topics", "Topics", "TopicArn")
    name_property = "TopicName"
    native_set_paths = ("Subscription",)
    extra_actions = ("sns:ListSubscriptions",)
    natives: ClassVar[Mapping[str, str]] = {
        "name": "TopicName", "displayName": "DisplayName", "fifo": "FifoTopic",
        "contentDeduplication": "ContentBasedDeduplication", "encryptionKey": "KmsMasterKeyId",
        "subscriptions": "Subscription", "tags": "Tags",
    }  # fmt: skip
    respelt = frozenset({"subscriptions"})
    attributes: ClassVar[Mapping[str, Any]] = {
        "id": {"Ref": ""},
        "arn": {"Ref": ""},
        "name": {"Fn::GetAtt": ["", "TopicName"]},
    }

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "subscriptions" in values:
            native["Subscription"] = [
                {"Protocol": _PROTOCOLS.get(s["protocol"], s["protocol"]), "Endpoint": s["endpoint"]}
                for s in values["subscriptions"]
            ]
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        values["subscriptions"] = sorted(
            (subscription({"protocol": s["Protocol"], "endpoint": s["Endpoint"]}) for s in native.get("Subscription", ())),
            key=key,
        )
        return values

    def read(self, session: AwsSession, ids: Sequence[str]) -> dict[str, Any]:
        """See Kind: the subscriptions of many topics come together."""
        known = _everybodys(session, len(ids)) if len(ids) >= _BULK else None
        return session.each(ids, lambda id: self._read(session, id, None if known is None else known.get(id, [])))

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        return self._read(session, id, None)

    def _read(self, session: AwsSession, id: str, subscriptions: Sequence[Any] | None) -> dict[str, Any]:
        got = session.call("sns", "get_topic_attributes", TopicArn=id)["Attributes"]
        tags = session.call("sns", "list_tags_for_resource", ResourceArn=id).get("Tags", [])
        native: dict[str, Any] = {"TopicName": self.physical_name(id), "TopicArn": id, "Tags": own_tags(tags)}
        for name in _TEXTS:
            put(got, name, native, name)
        for name in _FLAGS:
            native[name] = got.get(name, "false") == "true"
        native["Subscription"] = [
            {"Protocol": s["Protocol"], "Endpoint": s["Endpoint"]}
            for s in (_subscriptions(session, id) if subscriptions is None else subscriptions)
        ]
        return native

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind."""
        for name in (*_TEXTS, "ContentBasedDeduplication"):
            if name in native:
                value = native[name]
                session.call(
                    "sns", "set_topic_attributes", TopicArn=id, AttributeName=name,
                    AttributeValue=str(value).lower() if isinstance(value, bool) else str(value),
                )  # fmt: skip
        if tags := tag_changes(native.get("Tags", {}), live.get("Tags", {})):
            session.call("sns", "tag_resource", ResourceArn=id, Tags=as_list(tags))
        if "Subscription" in native:
            _subscribe(session, id, native["Subscription"])

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        values: dict[str, str] = {}
        for text_name in _TEXTS:
            put(native, text_name, values, text_name, str)
        for flag in _FLAGS:
            if native.get(flag):
                values[flag] = "true"
        made = session.call(
            "sns", "create_topic", Name=name, Attributes=values, Tags=as_list(native.get("Tags", {}))
        )  # fmt: skip
        _subscribe(session, made["TopicArn"], native.get("Subscription", ()))
        return str(made["TopicArn"])

    def physical_name(self, id: str) -> str:
        """The last part of the ARN."""
        return id.rpartition(":")[2]

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "arn": id, "name": self.physical_name(id)}


def _everybodys(session: AwsSession, pages: int) -> Mapping[str, list[Any]] | None:
    """Topic → subscriptions, of all topics there are; None where that takes more than so many pages of a hundred, or is
    not allowed: then each topic is asked for its own."""
    found: dict[str, list[Any]] = {}
    following: dict[str, str] = {}
    try:
        for _ in range(pages):
            page = session.call("sns", "list_subscriptions", **following)
            for one in page.get("Subscriptions", ()):
                found.setdefault(one["TopicArn"], []).append(one)
            if not page.get("NextToken"):
                return found
            following = {"NextToken": page["NextToken"]}
    except Exception as error:
        failure_of(error)  # an error of the cloud's
    return None


def _subscriptions(session: AwsSession, id: str) -> list[Any]:
    return session.pages("sns", "list_subscriptions_by_topic", "Subscriptions", TopicArn=id)


def _subscribe(session: AwsSession, id: str, wanted: Any) -> None:
    there = {(s["Protocol"], s["Endpoint"]): s["SubscriptionArn"] for s in _subscriptions(session, id)}
    needed = {(s["Protocol"], s["Endpoint"]) for s in wanted}
    for protocol, endpoint in sorted(needed - there.keys()):
        session.call("sns", "subscribe", TopicArn=id, Protocol=protocol, Endpoint=endpoint)
    for extra in sorted(there.keys() - needed):
        # One that waits for its confirmation has no ARN yet and cannot be ended.
        if there[extra].startswith("arn:"):
            session.call("sns", "unsubscribe", SubscriptionArn=there[extra])
