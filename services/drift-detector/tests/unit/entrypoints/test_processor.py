"""Every guard of the Faust processor, held against what Faust made of it."""

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from deployforge_chassis.clock import FixedClock
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints import processor as module
from deployforge_drift_detector.entrypoints.batches import Taken
from deployforge_drift_detector.entrypoints.processor import TOPIC, Processor, as_many, faust_settings
from deployforge_drift_detector.entrypoints.watchdog import Watchdog
from faust.types import TP
from faust.types.enums import ProcessingGuarantee

CONTEXT = ssl.create_default_context()


class Judge:
    """Stands in for Batches."""

    def __init__(self) -> None:
        self.taken: list[int] = []
        self.stopping = threading.Event()

    def take_all(self, messages: Sequence[Taken]) -> bool:
        self.taken += [offset for _, _, offset, _ in messages]
        return True


def processor(judge: Any = None, clock: FixedClock | None = None) -> Processor:
    settings = Settings(database_url="dbname=x", kafka_bootstrap="b1:1,b2:2")
    watchdog = Watchdog(clock or FixedClock(), stall_seconds=30, rss_cap_bytes=2**40)
    judged: Any = judge or Judge()
    return Processor(settings, judged, Meter(), watchdog)


@pytest.fixture
def app(tmp_path: Path) -> Any:
    settings = Settings(database_url="dbname=x", kafka_bootstrap="b1:1,b2:2")
    return processor().build(faust_settings(settings, CONTEXT, tmp_path))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "drift-detector-observations"),
        ("processing_guarantee", ProcessingGuarantee.AT_LEAST_ONCE),
        ("web_enabled", False),
        ("topic_allow_declare", False),
        ("topic_disable_leader", True),
        ("worker_redirect_stdouts", False),
        ("autodiscover", False),
        ("consumer_auto_offset_reset", "latest"),
        ("broker_session_timeout", 6.0),
        ("broker_heartbeat_interval", 2.0),
        ("broker_rebalance_timeout", 8.0),
        ("broker_commit_interval", 1.0),
        ("broker_check_crcs", True),
        ("broker_request_timeout", 20.0),
        ("stream_wait_empty", False),
        ("stream_buffer_maxsize", 64),
        ("consumer_max_fetch_size", 4 * 2**20),
        ("key_serializer", "raw"),
        ("value_serializer", "raw"),
    ],
)
def test_what_faust_is_told(app: Any, name: str, value: object) -> None:
    assert getattr(app.conf, name) == value


def test_brokers_are_reached_by_mutual_tls(app: Any) -> None:
    assert [str(url) for url in app.conf.broker] == ["kafka://b1:1", "kafka://b2:2"]
    assert isinstance(app.conf.broker_credentials, faust.SSLCredentials)
    assert app.conf.broker_credentials.context is CONTEXT


def test_one_agent_at_a_time_and_no_tables(app: Any) -> None:
    [agent] = app.agents.values()
    assert agent.concurrency == 1
    assert list(agent.get_topic_names()) == [TOPIC]
    assert not app.tables


def test_nothing_is_left_in_the_working_directory(app: Any, tmp_path: Path) -> None:
    assert tmp_path in app.conf.appdir.parents


def test_a_message_is_judged_before_its_place_moves() -> None:
    judge = Judge()
    part = processor(judge)

    class Event:
        class message:
            topic, partition, offset, value = TOPIC, 3, 41, b"x"

    asyncio.run(part._take([Event()]))
    assert (judge.taken, part._handled) == ([41], {3: 42})


@pytest.mark.parametrize(
    ("messages", "seconds", "next"), [(1, 0.001, 64), (64, 0.0, 64), (64, 1.0, 32), (6, 0.5, 6), (1, 2.0, 1), (64, 60.0, 1)]
)
def test_no_more_is_taken_at_once_than_is_judged_in_half_a_second(messages: int, seconds: float, next: int) -> None:
    assert as_many(messages, seconds) == next


def test_how_many_are_taken_at_once_is_learned() -> None:
    class Event:
        class message:
            topic, partition, offset, value = TOPIC, 3, 41, b"x"

    part = processor()
    assert part._at_once == 1
    asyncio.run(part._take([Event()]))
    assert part._at_once > 1


def held(part: Processor) -> bool:
    """Whether a message is held unacknowledged for good, which only the end of the process ends."""

    class Event:
        class message:
            topic, partition, offset, value = TOPIC, 3, 41, b"x"

    async def take() -> bool:
        taking = asyncio.ensure_future(part._take([Event()]))
        while not (taking.done() or part._broken or part._batches.stopping.is_set()):
            await asyncio.sleep(0)
        for _ in range(10):
            await asyncio.sleep(0)
        still = not taking.done()
        taking.cancel()
        return still

    return asyncio.run(take())


def test_what_raises_against_all_promises_is_not_acknowledged_and_ends_the_process() -> None:
    class Broken(Judge):
        def take_all(self, messages: Sequence[Taken]) -> bool:
            raise MemoryError("no more")

    part = processor(Broken())
    assert held(part)
    assert isinstance(part.failed(), MemoryError)
    assert part._handled == {}


def test_what_was_not_done_when_told_to_stop_is_not_acknowledged() -> None:
    class Stopped(Judge):
        def take_all(self, messages: Sequence[Taken]) -> bool:
            self.stopping.set()
            return False

    part = processor(Stopped())
    assert held(part)
    assert (part.failed(), part._handled) == (None, {})


def test_a_process_that_grew_too_big_ends() -> None:
    part = Processor(
        Settings(database_url="dbname=x"), Judge(), Meter(), Watchdog(FixedClock(), stall_seconds=30, rss_cap_bytes=1)
    )  # type: ignore[arg-type]
    assert "MiB resident" in str(part.failed())


def test_the_watchdog_waits_half_a_minute_and_memory_is_capped_unless_told_otherwise() -> None:
    settings = Settings(database_url="dbname=x")
    assert (settings.stall_seconds, settings.rss_cap_mib) == (30.0, 1024)


def test_nothing_is_produced_through_faust(app: Any) -> None:
    """Its linger is in seconds, and a producer of our own inside it would be outside its acknowledgements: what is
    decided goes to the event store, and from there by the relay.
    """
    [agent] = app.agents.values()
    assert app.conf.producer_linger == 0
    assert agent._sinks == []
    assert not app.conf.reply_create_topic
    imported = Path(module.__file__).parent.rglob("*.py")
    assert [path.name for path in imported if "confluent_kafka" in path.read_text() or "aiokafka" in path.read_text()] == []


class Stream:
    """Stands in for Faust's: three messages wait, and a fourth comes later."""

    def __init__(self, judge: Judge) -> None:
        self.channel = SimpleNamespace(queue=SimpleNamespace(empty=lambda: self.waiting == 0))
        self.waiting, self.enable_acks, self.acknowledged, self._judge = 3, True, list[tuple[int, int]](), judge

    async def events(self) -> AsyncIterator[Any]:
        assert self.enable_acks is False, "Faust would acknowledge what is not judged yet"
        for offset in range(3):
            self.waiting -= 1
            yield SimpleNamespace(message=SimpleNamespace(topic=TOPIC, partition=0, offset=offset, value=b"x"))
        yield SimpleNamespace(message=SimpleNamespace(topic=TOPIC, partition=0, offset=3, value=b"x"))

    async def ack(self, event: Any) -> None:
        self.acknowledged.append((event.message.offset, len(self._judge.taken)))


def test_what_waits_is_judged_together_and_acknowledged_afterwards(tmp_path: Path) -> None:
    judge = Judge()
    settings = Settings(database_url="dbname=x", kafka_bootstrap="b1:1")
    [agent] = processor(judge).build(faust_settings(settings, CONTEXT, tmp_path)).agents.values()
    stream = Stream(judge)
    asyncio.run(agent.fun(stream))
    assert judge.taken == [0, 1, 2, 3]
    # The first alone: nothing is known yet of how long one takes.
    assert stream.acknowledged == [(0, 1), (1, 3), (2, 3), (3, 4)]


def test_a_rebalance_does_not_wait_for_what_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_CLOSE_AT_MOST_SECONDS", 0.05)
    closed, free = list[Any](), threading.Event()

    class Hanging(Judge):
        def close(self, partitions: Any = None) -> None:
            free.wait(10)
            closed.append(partitions)

    part = processor(Hanging())
    part.build(faust_settings(Settings(database_url="dbname=x", kafka_bootstrap="b1:1"), CONTEXT, tmp_path))

    async def rebalance() -> None:
        await part._revoked(None, {TP(TOPIC, 3)})
        assert closed == [], "it was waited for"
        free.set()

    asyncio.run(rebalance())
    part._judge.shutdown()
    assert closed == [{3}]


def test_what_the_watchdog_says_fails_the_part() -> None:
    clock = FixedClock()
    part = processor(clock=clock)
    assert part.failed() is None
    clock.advance(600)
    assert part.failed() is not None


def test_every_setting_is_held_against_what_faust_made_of_it(tmp_path: Path) -> None:
    settings = Settings(database_url="dbname=x", kafka_bootstrap="b1:1")
    [held] = [mark.args[1] for mark in test_what_faust_is_told.pytestmark if mark.name == "parametrize"]
    elsewhere = {"broker", "broker_credentials", "store", "datadir"}
    assert {name for name, _ in held} | elsewhere == set(faust_settings(settings, CONTEXT, tmp_path))


def test_nothing_is_stored_on_disk(app: Any) -> None:
    assert str(app.conf.store).startswith("memory:")
