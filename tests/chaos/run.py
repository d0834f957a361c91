"""One run: a system of its own, clients and faults at once, then quiet, then the history and its judgement."""

import contextlib
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import psycopg
from deployforge_client import DeployForge, load_contexts
from deployforge_local.cloud import Cloud
from deployforge_local.emulator import ROOT_KEY
from deployforge_local.journeys import free_port_base
from deployforge_local.settings import LocalSettings

from tests.chaos import outside, projections
from tests.chaos.clients import REGION, Clients
from tests.chaos.faults import Faults
from tests.chaos.history import Run, Writer
from tests.chaos.linked import Linked, links_of
from tests.chaos.plan import Command, Plan
from tests.chaos.quiet import wait_until_quiet
from tests.chaos.recording import Recorder
from tests.chaos.stillness import still
from tests.chaos.stores import stores

REPLICAS: Final = 2
CLIENTS: Final = 12
"""Threads that send commands."""
SETTLES_SECONDS: Final = 120.0
_LINKS_ABOVE: Final = 5000
"""From a system's ports to those of the proxies in front of it."""
_SAMPLE_SECONDS: Final = 5.0


class Chaos:
    """One run in one directory."""

    def __init__(self, plan: Plan, home: Path) -> None:
        self.plan = plan
        base = free_port_base()
        self.environment = {
            "DEPLOYFORGE_HOME": str(home), "DEPLOYFORGE_PORT_BASE": str(base), "DEPLOYFORGE_REPLICAS": str(REPLICAS),
            "DEPLOYFORGE_LINK_PORT_BASE": str(base + _LINKS_ABOVE),
        }  # fmt: skip
        self.settings = LocalSettings(home=home, port_base=base, replicas=REPLICAS, link_port_base=base + _LINKS_ABOVE)
        self.history = home / "history"
        self._began = time.monotonic()
        self._sent = 0
        self._gate = threading.Condition()
        self._upto = 0

    def say(self, text: str) -> None:
        """A line for whoever watches, with the seconds since the beginning and the commands sent."""
        print(f"{time.monotonic() - self._began:6.1f} s {self._sent:>6} | {text}", flush=True)

    def run(self) -> Path:
        """Everything; the directory of the history."""
        with Linked(links_of(self.settings)) as linked, self._system(), Writer(self.history) as writer:
            recorder = Recorder(writer)
            started = time.time()
            last_fault = self._work(linked, recorder)
            self.say("waiting until everything has ended")
            settled, busy = wait_until_quiet(self.settings, SETTLES_SECONDS + 15 - (time.time() - last_fault), self.say)
            for what in busy:
                self.say(f"has not ended: {what}")
            self.say("quiet" if settled else "NOT quiet in time")
            with still(self.settings, self.say) as stopped:
                self._collect(recorder)
            recorder.add(Run(self.plan.seed, started, last_fault, settled, stopped))
            self.say(f"history: {', '.join(f'{n} {kind}' for kind, n in sorted(recorder.counts.items()))}")
        return self.history

    # --- the system -------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _system(self) -> Iterator[None]:
        local = [sys.executable, "-m", "deployforge_local"]
        environment = {**os.environ, **self.environment}
        environment.pop("DEPLOYFORGE_CONTEXT", None)
        try:
            subprocess.run([*local, "up"], env=environment, check=True, stdout=subprocess.DEVNULL)
            self.say("the system is up")
            yield
        finally:
            subprocess.run([*local, "down"], env=environment, check=False, stdout=subprocess.DEVNULL)
            shutil.rmtree(self.settings.link_socket_dir, ignore_errors=True)

    def _client(self, actor: str) -> DeployForge:
        return DeployForge(load_contexts(actor, self.settings.contexts_file, {}))

    # --- clients and faults -----------------------------------------------------------------------------

    def _work(self, linked: Linked, recorder: Recorder) -> float:
        """Do the whole plan; when the last fault was over."""
        cloud = Cloud(self.settings.ministack_url, ROOT_KEY, ROOT_KEY)
        clients = Clients(self._client, cloud, recorder)
        todo: queue.SimpleQueue[Command | None] = queue.SimpleQueue()
        for command in [*self.plan.commands, *[None] * CLIENTS]:
            todo.put(command)
        over = threading.Event()
        failures: list[BaseException] = []
        # Daemons, so that an interrupted run ends although they still wait for their turn.
        threads = [
            threading.Thread(target=self._client_thread, args=(clients, todo, failures), daemon=True)
            for _ in range(CLIENTS)
        ]
        sampler = threading.Thread(target=self._sample, args=(recorder, over), daemon=True)
        for thread in (*threads, sampler):
            thread.start()
        faults = Faults(self.settings, linked, self.say)
        last = time.time()
        for fault, following in zip(self.plan.faults, [*self.plan.faults[1:], None], strict=True):
            self._await(fault.at_command)
            upto = following.at_command if following else len(self.plan.commands)
            recorder.add(faults.fire(fault, lambda upto=upto: self._open(upto)))  # type: ignore[misc]
            # Also when it did not fire: the run goes on, and fails for it.
            self._open(upto)
            last = time.time()
        self._open(len(self.plan.commands))
        for thread in threads:
            thread.join()
        over.set()
        sampler.join()
        if failures:
            raise failures[0]
        self.say("all commands are done")
        return last

    def _client_thread(
        self, clients: Clients, todo: "queue.SimpleQueue[Command | None]", failures: list[BaseException]
    ) -> None:
        while (command := todo.get()) is not None:
            with self._gate:
                self._gate.wait_for(lambda number=command.number: number <= self._upto)  # type: ignore[misc]
                self._sent = max(self._sent, command.number)
                self._gate.notify_all()
            try:
                clients.do(command)
            except BaseException as error:
                failures.append(error)
                self.say(f"command {command.number} ({command.kind}) failed: {type(error).__name__}: {error}")

    def _await(self, number: int) -> None:
        """Let commands be sent up to this one, and wait until it is."""
        self._open(number)
        with self._gate:
            self._gate.wait_for(lambda: self._sent >= number)

    def _open(self, upto: int) -> None:
        with self._gate:
            self._upto = max(self._upto, upto)
            self._gate.notify_all()

    # --- looking ----------------------------------------------------------------------------------------

    def _sample(self, recorder: Recorder, over: threading.Event) -> None:
        """Note where every consumer stands, again and again, while faults fire."""
        looked = stores(self.settings)
        seen: dict[tuple[str, str, int, str, int], int] = {}
        while not over.wait(_SAMPLE_SECONDS):
            for store in looked:
                with contextlib.suppress(psycopg.Error, Exception):
                    for p in store.positions(time.time(), final=False):
                        at = (p.consumer, p.source, p.era, p.topic, p.partition)
                        if seen.get(at) != p.id:
                            seen[at] = p.id
                            recorder.add(p)
        for store in looked:
            store.close()

    def _collect(self, recorder: Recorder) -> None:
        """Read everything that is left, while nothing moves any more."""
        all_stores, now = stores(self.settings), time.time()
        for store in all_stores:
            recorder.add_all(store.events())
            recorder.add_all(store.published())
            recorder.add_all(store.positions(now, final=True))
            recorder.add_all(store.parked())
            recorder.add_all(store.effects())
            recorder.add_all(store.audit())
        self.say("databases are read")
        recorder.add_all(outside.messages(self.settings))
        self.say("topics are read")
        cloud = Cloud(self.settings.ministack_url, ROOT_KEY, ROOT_KEY)
        recorder.add_all(outside.ledger(cloud, REGION))
        recorder.add_all(outside.resources(cloud, REGION))
        recorder.add_all(projections.rebuilt(all_stores))
        for store in all_stores:
            store.close()


def fresh_home() -> Path:
    """A directory that PostgreSQL's own user can enter."""
    home = Path(tempfile.mkdtemp(prefix="df-chaos-"))
    home.chmod(0o755)
    return home


def mix(plan: Plan) -> str:
    """What a plan consists of, in words."""
    counts = Counter(command.kind for command in plan.commands)
    return ", ".join(f"{number} {kind}" for kind, number in counts.most_common())
