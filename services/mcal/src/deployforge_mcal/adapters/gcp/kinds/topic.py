"""Topic: a Pub/Sub topic.

Pub/Sub passes nothing from a topic on to another one. A queue that subscribes gets a pull subscription of its own at the
topic, named `<topic>~<queue>`: whoever receives from the queue has to receive from that one too.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source
from deployforge_mcal.adapters.gcp.kinds.queue import PUBSUB
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import project_of, relative, short
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.topic import TOPIC

_TO: Final = "to:"
_SUBSCRIPTION: Final = "google_pubsub_subscription"
_BETWEEN: Final = "~"


class TopicKind(Kind):
    """A topic."""

    model = TOPIC
    google = "google_pubsub_topic"
    others: ClassVar[Mapping[str, str]] = {_TO: _SUBSCRIPTION}
    longest = 200
    fields: ClassVar[Mapping[str, Field]] = {"encryptionKey": Field("kmsKeyName"), "tags": Field("labels")}
    respelt: ClassVar[Mapping[str, str]] = {"name": "name", "subscriptions": "subscription name"}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        yield from super().problems(values)
        for one in values.get("subscriptions") or ():
            if one["protocol"] != "queue":
                yield "subscriptions", f"a topic of Pub/Sub cannot reach {one['protocol']}", "queue"

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        if not part:
            return self.of, id
        queue = part.removeprefix(_TO)
        if queue.startswith("//"):
            return GOOGLE[_SUBSCRIPTION], queue
        other = project_of(queue)
        far = f"{_BETWEEN}{other}" if other not in ("", project_of(id)) else ""
        name = f"{short(id)}{_BETWEEN}{short(queue)}{far}"
        return GOOGLE[_SUBSCRIPTION], f"//{PUBSUB}/projects/{project_of(id)}/subscriptions/{name}"

    def completed(self, id: str, part: str, body: Body) -> Body:
        """See Kind."""
        return {**body, "topic": relative(id)} if part else body

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        return super().to_native(values) | {f"{_TO}{one['endpoint']}": {} for one in values.get("subscriptions") or ()}

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. A subscription that is not ours is shown by its full name, so that it is seen to be too much."""
        parts = [part.removeprefix(_TO) for part in native if part]
        found = [{"protocol": "queue", "endpoint": one} for one in parts]
        return {**super().from_native(native), "subscriptions": sorted(found, key=key)}

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind."""
        found = super().read(source, id)
        if found is None:
            return None
        for body in source.below("pubsub.googleapis.com/Subscription", id, "/subscriptions", "subscriptions"):
            found[f"{_TO}{_queue(id, str(body['name']))}"] = body
        return found

    def extras(self, id: str, native: Native, wanted: Native, desired: Mapping[str, Any]) -> list[str]:
        """See Kind."""
        if "subscriptions" not in desired:
            return []
        return [self.placed(id, part)[1] for part in native if part not in wanted]


def _queue(topic: str, subscription: str) -> str:
    """The queue that a subscription is for, or its own full name."""
    begun, _, rest = short(subscription).partition(_BETWEEN)
    if begun != short(topic) or not rest:
        return f"//{PUBSUB}/{subscription}"
    queue, _, far = rest.partition(_BETWEEN)
    return f"projects/{far or project_of(topic)}/topics/{queue}"
