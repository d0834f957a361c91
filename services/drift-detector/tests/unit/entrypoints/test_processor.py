"""Every guard of the Faust processor, held against what Faust made of it."""

import asyncio
import ssl
from pathlib import Path
from typing import Any

import faust
import pytest
from deployforge_chassis.clock import FixedClock
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints.processor import TOPIC, Processor, faust_settings
from deployforge_drift_detector.entrypoints.watchdog import Watchdog
from faust.types.enums import ProcessingGuarantee

CONTEXT = ssl.create_default_context()


class Judge:
    """Stands in for Batches."""

    def __init__(self) -> None:
        self.taken: list[int] = []

    def take(self, topic: str, partition: int, offset: int, body: bytes | None) -> bool:
        self.taken.append(offset)
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

    asyncio.run(part._take(Event()))
    assert (judge.taken, part._handled) == ([41], {3: 42})


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
