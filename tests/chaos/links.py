"""The links between the processes of the system: proxies that can be cut, per caller and per what is called.

They run in a process of their own (`python -m tests.chaos.links`), so that the clients' work does not slow them down:
a line of JSON on its input is one order, a line on its output the answer. It ends when its input does.

Who calls is known by the process id at the other end of a connection: from the kernel's table of TCP connections, or
from the credentials of a Unix socket. So one proxy per target is enough, and nothing is asked of the services.
"""

import asyncio
import contextlib
import json
import os
import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvloop

Mode = Literal["reset", "silence"]
_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Cut:
    """What is cut: connections of these processes (empty: of everybody) to this link."""

    link: str
    pids: frozenset[int]
    mode: Mode
    """reset: connections are ended, and new ones at once; silence: nothing passes any more, and nobody is told."""

    def meets(self, link: str, caller: "Caller", ports: frozenset[int]) -> bool:
        """`ports` are those of `pids`."""
        return link == self.link and (not self.pids or caller.pid in self.pids or caller.port in ports)


@dataclass
class Link:
    """One proxy: where it listens and where it leads, a TCP port of 127.0.0.1 or the path of a Unix socket."""

    name: str
    listen: int | str
    upstream: int | str


@dataclass(frozen=True)
class Caller:
    """Who is at the other end of a connection of this machine."""

    pid: int = 0
    """Of a Unix socket."""
    port: int = 0
    """Of a TCP connection: its end of it. Whose that is, is looked up when somebody is to be cut off, and only then:
    the look-up is slow."""

    @classmethod
    def of(cls, writer: asyncio.StreamWriter) -> "Caller":
        """Whoever is connected to this side."""
        end = writer.get_extra_info("socket")
        if end.family == socket.AF_UNIX:
            return cls(pid=struct.unpack("3i", end.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
        return cls(port=end.getpeername()[1])


@dataclass(eq=False)
class Connection:
    """One connection that passes through."""

    link: str
    writers: tuple[asyncio.StreamWriter, ...]
    caller: Caller
    open: asyncio.Event = field(default_factory=asyncio.Event)
    """Set while something may pass."""

    def end(self) -> None:
        """Reset both sides."""
        for writer in self.writers:
            writer.transport.abort()
        self.open.set()


class Links:
    """All proxies, and what is cut now."""

    def __init__(self) -> None:
        self._cuts: list[Cut] = []
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._seen: dict[Cut, int] = {}

    async def listen(self, link: Link) -> None:
        """Begin to accept connections."""

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # What still passes when the process ends is no failure.
            with contextlib.suppress(asyncio.CancelledError):
                await self._pass(link, reader, writer)

        if isinstance(link.listen, str):
            Path(link.listen).unlink(missing_ok=True)
            self._servers.append(await asyncio.start_unix_server(accept, link.listen, limit=_CHUNK_BYTES))
            Path(link.listen).chmod(0o777)
        else:
            self._servers.append(await asyncio.start_server(accept, "127.0.0.1", link.listen, limit=_CHUNK_BYTES))

    def cut(self, cut: Cut) -> int:
        """Cut; how many connections that met."""
        self._cuts.append(cut)
        ports = ports_of(cut.pids)
        met = [c for c in self._connections if cut.meets(c.link, c.caller, ports)]
        for connection in met:
            if cut.mode == "reset":
                connection.end()
            else:
                connection.open.clear()
        self._seen[cut] = len(met)
        return len(met)

    def heal(self) -> int:
        """Nothing is cut any more. Connections that were silent are reset, as a router that lost them would do.

        Answers how many connections all cuts met, those that were tried meanwhile included.
        """
        self._cuts.clear()
        for connection in list(self._connections):
            if not connection.open.is_set():
                connection.end()
        met = sum(self._seen.values())
        self._seen.clear()
        return met

    async def _pass(self, link: Link, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        caller = Caller.of(writer)
        cut = next((c for c in self._cuts if c.meets(link.name, caller, ports_of(c.pids))), None)
        if cut is not None:
            self._seen[cut] = self._seen.get(cut, 0) + 1
            if cut.mode == "reset":
                writer.transport.abort()
                return
        try:
            if isinstance(link.upstream, str):
                there = await asyncio.open_unix_connection(link.upstream, limit=_CHUNK_BYTES)
            else:
                there = await asyncio.open_connection("127.0.0.1", link.upstream, limit=_CHUNK_BYTES)
        except OSError:
            writer.transport.abort()
            return
        connection = Connection(link.name, (writer, there[1]), caller)
        if cut is None:
            connection.open.set()
        self._connections.add(connection)
        try:
            await asyncio.gather(_pump(reader, there[1], connection), _pump(there[0], writer, connection))
        finally:
            self._connections.discard(connection)
            for side in connection.writers:
                side.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, connection: Connection) -> None:
    # The loop says RuntimeError of a side that was reset meanwhile.
    with contextlib.suppress(OSError, RuntimeError):
        while data := await reader.read(_CHUNK_BYTES):
            await connection.open.wait()
            writer.write(data)
            await writer.drain()
    # One side says no more, and the other is told so, behind what was sent before.
    with contextlib.suppress(OSError, RuntimeError):
        writer.write_eof()


def ports_of(pids: frozenset[int]) -> frozenset[int]:
    """The local ports of the TCP connections of these processes. Source: proc_pid_fd(5), proc_net_tcp(5)."""
    sockets = set()
    for pid in pids:
        with contextlib.suppress(OSError):
            sockets |= {_target(f"/proc/{pid}/fd/{fd}") for fd in os.listdir(f"/proc/{pid}/fd")}
    ports = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if f"socket:[{fields[9]}]" in sockets:
                ports.add(int(fields[1].rpartition(":")[2], 16))
    return frozenset(ports)


def _target(path: str) -> str:
    try:
        return os.readlink(path)
    except OSError:
        return ""


async def _serve() -> None:
    links = Links()
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        answer = await _obey(links, json.loads(line))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


async def _obey(links: Links, order: Mapping[str, Any]) -> int:
    match order["do"]:
        case "listen":
            await links.listen(Link(order["name"], order["listen"], order["upstream"]))
            return 0
        case "cut":
            return links.cut(Cut(order["link"], frozenset(order["pids"]), order["mode"]))
        case "heal":
            return links.heal()
        case unknown:
            raise ValueError(f"no such order: {unknown!r}")


if __name__ == "__main__":
    uvloop.run(_serve())
