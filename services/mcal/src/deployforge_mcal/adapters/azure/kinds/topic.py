"""Topic: Microsoft.ServiceBus/namespaces/topics; a subscriber is a subscription that forwards to a queue."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from deployforge_mcal.adapters.azure.kinds.queue import NAMESPACE, InNamespace
from deployforge_mcal.adapters.bodies import Field, Native, digest, get
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.topic import TOPIC

if TYPE_CHECKING:
    from deployforge_mcal.adapters.azure.session import AzureSession


class TopicKind(InNamespace):
    """A topic that passes messages on to its subscribers."""

    model = TOPIC
    native_type = f"{NAMESPACE}/topics"
    fields: ClassVar[Mapping[str, Field]] = {"fifo": Field("properties.requiresDuplicateDetection")}
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "subscriptions": "subscriptions/* properties.forwardTo"}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"fifo"})

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        for one in values.get("subscriptions") or ():
            if one["protocol"] != "queue":
                said = f"a Service Bus topic cannot pass messages on by {one['protocol']}"
                yield "subscriptions", said, "{protocol: queue, endpoint: ${queue.address}}"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        for one in values.get("subscriptions") or ():
            target = str(one["endpoint"]).rpartition("/")[2]
            native[f"/subscriptions/to-{digest(target)}"] = {"properties": {"forwardTo": target}}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        body = native[""]
        queues = str(body.get("id", "")).rsplit("/topics/", 1)
        there = f"{queues[0]}/queues/" if len(queues) == 2 else ""
        targets = [get(b, "properties.forwardTo") for part, b in native.items() if part]
        values["subscriptions"] = sorted(({"protocol": "queue", "endpoint": f"{there}{t}"} for t in targets), key=key)
        return values

    def read(self, session: "AzureSession", id: str) -> Native | None:
        """The topic with its subscriptions, whoever made them."""
        native = super().read(session, id)
        if native is not None:
            for one in session.children(id, "subscriptions"):
                native[f"/subscriptions/{str(one['name']).rpartition('/')[2]}"] = one
        return native

    def extras(self, native: Native, wanted: Native) -> list[str]:
        """Exactly the declared ones."""
        return [part for part in native if part and part not in wanted]
