"""Queue: Microsoft.ServiceBus/namespaces/queues, in a namespace that the queues and topics of a unit share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.azure.kinds.base import Companion, Kind, iso, seconds
from deployforge_mcal.adapters.azure.placing import Place, names_of, parent_of
from deployforge_mcal.adapters.bodies import Field, Native, Seed, get, put
from deployforge_mcal.domain.types.queue import QUEUE

NAMESPACE = "Microsoft.ServiceBus/namespaces"
_DEAD = "properties.forwardDeadLetteredMessagesTo"


class InNamespace(Kind):
    """What lives in a Service Bus namespace."""

    tracked = False

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """See Kind."""
        name = str(values.get("name") or self.generated(seed))
        return place.resource(self.native_type, f"df-{seed.unit_digits()}", name)

    def companions(self, id: str) -> list[Companion]:
        """Standard is the least that has topics and forwards dead letters."""
        return [Companion(parent_of(id), {"sku": {"name": "Standard"}, "properties": {}})]


class QueueKind(InNamespace):
    """A queue of messages."""

    model = QUEUE
    native_type = f"{NAMESPACE}/queues"
    attributes = ("id", "url", "name", "address")
    fields: ClassVar[Mapping[str, Field]] = {
        "visibilityTimeout": Field("properties.lockDuration", iso, seconds),
        "messageRetention": Field("properties.defaultMessageTimeToLive", iso, seconds),
        "maxReceives": Field("properties.maxDeliveryCount"),
    }
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name",
        "fifo": "properties.requiresSession, properties.requiresDuplicateDetection",
        "deadLetter": _DEAD,
    }
    unchangeable: ClassVar[frozenset[str]] = frozenset({"fifo"})

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind. Sessions keep order, duplicate detection drops repetitions."""
        native = super().to_native(values)
        if values.get("fifo") is not None:
            native[""].setdefault("properties", {}).update(
                requiresSession=values["fifo"], requiresDuplicateDetection=values["fifo"]
            )
        if values.get("deadLetter") is not None:
            put(native[""], _DEAD, str(values["deadLetter"]).rpartition("/")[2])
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        body = native[""]
        values["fifo"] = bool(get(body, "properties.requiresSession"))
        if dead := get(body, _DEAD):
            here = str(body.get("id", "")).rpartition("/")[0]
            values["deadLetter"] = f"{here}/{dead}" if here else dead
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        namespace, name = names_of(id)
        return {**super().attribute_values(id), "url": f"https://{namespace}.servicebus.windows.net/{name}"}
