"""The Faust processor of observation batches.

What Faust does by itself and must not do here, each tried and measured:
* more than one concurrent handler of a stream commits past a message in flight: data loss. One it is;
* an agent that raises acknowledges all the same: `Batches.take` never raises, and parks what it cannot judge; should
  it raise after all, the message is held unacknowledged and the process ends;
* tables count wrong after a kill, transactions repeat outputs: no tables, no exactly_once, ids are deterministic;
* it stalls after rebalances and grows: see the watchdog, short sessions, no leader topic;
* the web server is open to everybody, topics are declared, stdout is taken over: all off.
It runs in a thread of its own with a loop of its own, without Faust's worker: signals are the runner's.
"""

import asyncio
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

import faust
import structlog
import uvloop
from deployforge_chassis import tls
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.part import ThreadPart
from deployforge_chassis.topics import full_name
from faust.types import TP

from deployforge_drift_detector.entrypoints.batches import Batches, Meters
from deployforge_drift_detector.entrypoints.watchdog import Watchdog, resident_bytes

log = structlog.get_logger(__name__)

TOPIC: Final = full_name("mcal.observations")
_PROBE_SECONDS: Final = 1.0
_PROBE_AT_MOST_SECONDS: Final = 10.0
_JOIN_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 6.0
_CLOSE_AT_MOST_SECONDS: Final = 2.0
#: Shards of which is written down what was looked at.
_WRITES_PER_SECOND: Final = 16
#: Of one partition at a time, as compressed. A partition is asked for more only when all of it was taken: with the 1 MiB
#: that is usual, half of the time nothing was there to be judged.
_FETCH_BYTES: Final = 4 * 2**20
#: Messages whose news are saved together, when so many wait and are judged within the time: a rebalance waits for them.
_AT_ONCE: Final = 64
_AT_ONCE_SECONDS: Final = 0.5


def faust_settings(settings: ServiceSettings, context: SSLContext, datadir: Path) -> dict[str, Any]:
    """Everything that Faust is told. Its times are in seconds; `datadir` is made and stays empty."""
    return {
        "id": f"{settings.service}-observations",
        "broker": [f"kafka://{address}" for address in settings.kafka_bootstrap.split(",")],
        "broker_credentials": faust.SSLCredentials(context),
        "processing_guarantee": "at_least_once",
        "store": "memory://",
        "datadir": datadir,
        "autodiscover": False,
        "key_serializer": "raw",
        "value_serializer": "raw",
        "web_enabled": False,
        "topic_allow_declare": False,
        "topic_disable_leader": True,
        "worker_redirect_stdouts": False,
        "consumer_auto_offset_reset": "latest",
        "broker_session_timeout": 6.0,
        "broker_heartbeat_interval": 2.0,
        "broker_rebalance_timeout": 8.0,
        "broker_request_timeout": 20.0,
        "broker_commit_interval": 1.0,
        "broker_check_crcs": True,
        "stream_wait_empty": False,
        "stream_buffer_maxsize": _AT_ONCE,
        "consumer_max_fetch_size": _FETCH_BYTES,
    }


def as_many(messages: int, seconds: float) -> int:
    """How many to take at once where so many took so long."""
    return max(1, min(_AT_ONCE, int(messages * _AT_ONCE_SECONDS / max(seconds, 1e-6))))


class Processor(ThreadPart):
    """Part: consumes observations until stopped. `start` returns when it is a member of its group."""

    def __init__(self, settings: ServiceSettings, batches: Batches, meter: Meters, watchdog: Watchdog) -> None:
        super().__init__("processor")
        self._settings, self._batches = settings, batches
        self._meter, self._watchdog = meter, watchdog
        self._joined = threading.Event()
        self._judge = ThreadPoolExecutor(1, thread_name_prefix="judge")
        self._handled: dict[int, int] = {}
        self._began: dict[int, int] = {}
        self._revoked: Any = None
        self._broken: Exception | None = None
        self._at_once = 1

    def start(self) -> None:
        """See Part. Going on after a while without a partition is right: another process may hold them all."""
        super().start()
        waited = 0.0
        while not self._joined.wait(0.1) and waited < _JOIN_SECONDS:
            waited += 0.1
            if (error := super().failed()) is not None:
                raise error

    def stop(self, timeout: float) -> None:
        """See Part."""
        self._batches.stopping.set()
        super().stop(timeout)
        self._judge.shutdown(wait=False, cancel_futures=True)

    def failed(self) -> BaseException | None:
        """See Part. The runner asks several times a second, from a thread that Faust cannot block."""
        return super().failed() or self._broken or self._watchdog.complaint(resident_bytes())

    def run(self) -> None:
        """Run Faust until stopped."""
        # Faust makes one more loop, for its consumer's thread, by the policy.
        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
        with (
            tempfile.TemporaryDirectory(prefix="deployforge-faust-") as datadir,
            asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
        ):
            runner.run(self._serve(Path(datadir)))

    async def _serve(self, datadir: Path) -> None:
        context = tls.load(self._settings.tls_dir, self._settings.service).ssl_context()
        app = self.build(faust_settings(self._settings, context, datadir))
        await app.start()
        try:
            while not self.stopping.is_set():
                await asyncio.sleep(_PROBE_SECONDS if self._joined.is_set() else 0.1)
                if app.crashed:
                    raise app.crash_reason or RuntimeError("faust crashed")
                await self._probe(app)
                await self._write_down()
        finally:
            try:
                await asyncio.wait_for(app.stop(), _STOP_SECONDS)
                await self._in_turn(self._batches.close)
            except TimeoutError:
                log.warning("faust did not stop in time")

    def build(self, options: dict[str, Any]) -> Any:
        """The Faust application with its one agent."""
        app: Any = faust.App(**options)
        topic = app.topic(TOPIC, key_type=bytes, value_type=bytes, key_serializer="raw", value_serializer="raw")

        async def observe(stream: Any) -> None:
            # Acknowledged by us, after the transaction, and not by Faust when the next event is asked for.
            stream.enable_acks = False
            held: list[Any] = []
            async for event in stream.events():
                held.append(event)
                if len(held) < self._at_once and not stream.channel.queue.empty():
                    continue
                await self._take(held)
                for done in held:
                    await stream.ack(done)
                held.clear()

        app.agent(topic, name="observe", concurrency=1)(observe)

        async def revoked(app: Any, revoked: set[TP], **more: Any) -> None:
            # What is being judged is waited for, but not longer than a rebalance can: a member that keeps the group
            # waiting is put out of it. The books are closed then when their turn comes, which only costs a repetition.
            closing = asyncio.ensure_future(self._in_turn(self._batches.close, {tp.partition for tp in revoked}))
            await asyncio.wait([closing], timeout=_CLOSE_AT_MOST_SECONDS)

        # Held here too: Faust keeps only a weak reference.
        self._revoked = revoked
        app.on_partitions_revoked.connect(revoked)
        return app

    async def _in_turn(self, what: Callable[..., Any], *arguments: Any) -> Any:
        """In the one thread that judges."""
        return await asyncio.get_running_loop().run_in_executor(self._judge, what, *arguments)

    async def _take(self, events: Sequence[Any]) -> None:
        messages, began = [event.message for event in events], time.monotonic()
        try:
            done = await self._in_turn(
                self._batches.take_all, [(one.topic, one.partition, one.offset, one.value) for one in messages]
            )
        except Exception as error:
            self._broken, done = error, False
        if done:
            self._at_once = as_many(len(messages), time.monotonic() - began)
            for message in messages:
                self._handled[message.partition] = message.offset + 1
            return
        # Told to stop in the middle, or about to end: wait for the end here, so that it is not acknowledged.
        await asyncio.Event().wait()

    async def _write_down(self) -> None:
        """What was looked at, of some shards; batches are judged between them."""
        for _ in range(_WRITES_PER_SECOND):
            if not await self._in_turn(self._batches.rest):
                return

    async def _probe(self, app: Any) -> None:
        """Tell the watchdog where we are."""
        try:
            await asyncio.wait_for(self._look(app), _PROBE_AT_MOST_SECONDS)
        except Exception as error:
            log.debug("partitions cannot be looked at now", reason=f"{type(error).__name__}: {error}")

    async def _look(self, app: Any) -> None:
        mine: list[TP] = [tp for tp in app.consumer.assignment() if tp.topic == TOPIC]
        numbers = {tp.partition for tp in mine}
        # What was taken away is forgotten: another process goes on there.
        for known in (self._handled, self._began):
            for gone in known.keys() - numbers:
                del known[gone]
        if not mine:
            self._watchdog.observe({}, {})
            return
        for tp in mine:
            if tp.partition not in self._began:
                at = await app.consumer.position(tp)
                if at is not None:
                    self._began[tp.partition] = at
        ends = await app.consumer.highwaters(*mine)
        positions = {number: max(self._handled.get(number, 0), at) for number, at in self._began.items()}
        self._watchdog.observe(positions, {tp.partition: end for tp, end in ends.items() if end is not None})
        self._meter.lag(self._watchdog.lag)
        if len(self._began) == len(mine):
            self._joined.set()
