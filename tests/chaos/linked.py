"""The process that holds the links, driven from here."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any

from deployforge_chassis.identity import SERVICES
from deployforge_local.processes import member_name
from deployforge_local.settings import KAFKA, MINISTACK, LocalSettings

from tests.chaos.links import Link, Mode

_POSTGRES_SOCKET = ".s.PGSQL.5432"


def links_of(settings: LocalSettings) -> list[Link]:
    """A link to everything that a service of this system calls."""
    found = [
        Link(name, settings.link(settings.port(offset)), settings.port(offset))
        for name, offset in (("kafka", KAFKA), ("cloud", MINISTACK))
    ]
    for replica in range(1, settings.replicas + 1):
        for service in SERVICES:
            port = settings.grpc_port(service, replica)
            found.append(Link(member_name(service, replica), settings.link(port), port))
    settings.link_socket_dir.mkdir(parents=True, exist_ok=True)
    listen, upstream = (str(d / _POSTGRES_SOCKET) for d in (settings.link_socket_dir, settings.socket_dir))
    return [*found, Link("postgres", listen, upstream)]


class Linked:
    """Starts the proxies of a system; use it as a context manager."""

    def __init__(self, links: Iterable[Link]) -> None:
        self._links = list(links)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    @property
    def names(self) -> list[str]:
        """What can be cut."""
        return [link.name for link in self._links]

    def __enter__(self) -> "Linked":
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.chaos.links"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for link in self._links:
            self._order(do="listen", name=link.name, listen=link.listen, upstream=link.upstream)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)

    def cut(self, link: str, pids: Iterable[int], mode: Mode) -> int:
        """Cut a link for these processes, for all when there is none; how many connections that met."""
        return self._order(do="cut", link=link, pids=list(pids), mode=mode)

    def heal(self) -> int:
        """Let everything pass again; how many connections were met, the ones tried meanwhile included."""
        return self._order(do="heal")

    def _order(self, **order: Any) -> int:
        assert self._process is not None and self._process.stdin is not None and self._process.stdout is not None
        with self._lock:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError(f"the links have ended with {self._process.poll()}; {order} was not obeyed")
        met: int = json.loads(answer)
        return met
