"""How the model of the system runs: one thing after the other, in any order that is allowed."""

from collections.abc import Callable
from typing import Any

from tests.chaos.checker.vocabulary import SUBSCRIPTIONS
from tests.chaos.history import EffectRow
from tests.chaos.tests.simulated import World


class Loop:
    """Runs the world: one step delivers one message, does one piece of work, or publishes one store's news."""

    def __init__(self, seed: int) -> None:
        self.world = World(seed)
        self.rng = self.world.rng
        self.versions: dict[str, int] = {}
        self.plan_only: set[str] = set()
        self.waits: set[str] = set()
        self.episodes: dict[str, int] = {}
        self.generations: dict[tuple[str, str], int] = {}
        self.live: dict[str, str] = {}
        """urn → physical id."""
        self.of_request: dict[str, dict[str, Any]] = {}

    # --- the loop ------------------------------------------------------------------------------------

    def settle(self) -> None:
        """Step until nothing is left to do."""
        steps = 0
        while choices := self._choices():
            self.rng.choice(choices)()
            steps += 1
            if steps % 40 == 0:
                self.world.look()
            self.world.now += 0.01

    def _choices(self) -> list[Callable[[], None]]:
        w = self.world
        found: list[Callable[[], None]] = []
        if w.work:
            found.append(lambda: w.work.pop(self.rng.randrange(len(w.work)))())
        for store in w.stores.values():
            if store.published < len(store.events):
                found.append(lambda store=store: w.relay(store))  # type: ignore[misc]
        for consumer, topics in SUBSCRIPTIONS.items():
            for (topic, partition), log in w.topics.items():
                if topic in topics and w.read[consumer, topic, partition] < len(log):
                    found.append(lambda c=consumer, t=topic, p=partition: self._deliver(c, t, p))  # type: ignore[misc]
        return found

    def _deliver(self, consumer: str, topic: str, partition: int) -> None:
        w, at = self.world, (consumer, topic, partition)
        message = w.topics[topic, partition][w.read[at]]
        w.read[at] += 1
        if message.id <= w.stands[at]:
            return
        assert message.prev == w.stands[at], f"{at}: {message}"
        event = w.stores[message.source].events[message.id - 1]
        handler = getattr(self, f"{consumer.replace('-', '_')}_{event.fact}", None)
        if handler is not None:
            handler(event, f"{message.source}@1/{message.id}")
        w.stands[at] = message.id

    def later(self, service: str, kind: str, id: str, work: Callable[[], None]) -> None:
        """Outside work: a row of the queue and the doing."""
        now = self.world.now
        self.world.effects.append(EffectRow(service, kind, id, "done", 1, 1, now, now))
        self.world.work.append(work)
