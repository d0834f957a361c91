"""A small service, whole: relay, inbox, outside work and gRPC server; what it hangs in is said on its command line.

Run as `python draining_service.py DATABASE_URL KEY_FILE TLS_DIR DRAIN_SECONDS MODE`. It says on its output what
happens, a word per line. In mode `slow` everything under way ends when asked to stop, in mode `hang` nothing does.
"""

import signal
import sys
import threading
from pathlib import Path
from typing import Any

import grpc
import structlog
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue, EffectWorkers, Work
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.facts import Effects, Fact
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.local_bus import LocalBus
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import JsonCodec
from deployforge_chassis.wire import Wire

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from conftest import OWNER, TOPICS, Counter, records

NOTE = "INSERT INTO ended (what) VALUES (%s)"


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def under_way(what: str, mode: str, stopping: threading.Event) -> None:
    """Take until the stop has begun, or for ever."""
    say(what)
    if mode == "hang":
        threading.Event().wait()
    stopping.wait()


def main(url: str, key_file: str, tls_dir: str, drain_seconds: str, mode: str) -> None:
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    settings = ServiceSettings(service="orchestrator", database_url=url, tls_dir=Path(tls_dir))
    database = Database(url)
    app = EventSourcedApplication(database, Sealer(database, KeyFile(Path(key_file)), service="s"), name="s")
    database.migrate(["CREATE TABLE IF NOT EXISTS ended (what text)"])
    bus, queue = LocalBus(TOPICS), EffectQueue(app, app.sealer)
    wire = Wire(JsonCodec(), TOPICS, "counter")

    def on_counted(fact: Fact) -> Effects:
        under_way("message", mode, inbox.stopping)
        return Effects(writes=((NOTE, ("message",)),))

    def call(work: Work) -> Effects:
        under_way("work", mode, workers._stopping)
        return Effects(writes=((NOTE, ("work",)),))

    def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
        under_way("call", mode, asked)
        return request

    def register(server: Any) -> None:
        server.add_registered_method_handlers("test.Echo", {"Say": grpc.unary_unary_rpc_method_handler(answer)})

    asked = threading.Event()

    class Health:
        """Hears first that the process stops."""

        def serving(self) -> None:
            say(f"port {server.port}")

        def not_serving(self) -> None:
            asked.set()

    feed = PublishedFeed(app, records, wire)
    inbox = Inbox(app, bus, Wire(JsonCodec(), TOPICS, "listener"), feed, {"counter.counts": {"Counted": on_counted}})
    server = serve(settings, [register], {"/test.Echo/Say": frozenset({"control-plane"})}, {})
    counter: Any = Counter(OWNER, "a")
    counter.count("a", 1)
    counter.count("a", 2)
    work = [queue.enqueue("call", str(n), {}, deployment_id=OWNER) for n in range(2)]
    app.commit(Effects((counter,), work))

    workers = EffectWorkers(queue, {"call": call}, threads=1)
    run([Relay(app, records, bus, wire), inbox, workers, server], Health(), drain_seconds=float(drain_seconds))


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    main(*sys.argv[1:])
