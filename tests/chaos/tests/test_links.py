"""Links pass everything on, until they are cut; then they cut what they are told to, and count it."""

import contextlib
import os
import socket
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.linked import Linked
from tests.chaos.links import Link


class _Echo(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def port() -> int:
    return _free_port()


@pytest.fixture
def linked(tmp_path: Path, port: int) -> Iterator[Linked]:
    with (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Echo) as tcp,
        socketserver.ThreadingUnixStreamServer(str(tmp_path / "up"), _Echo) as unix,
    ):
        for server in (tcp, unix):
            server.daemon_threads = True
            threading.Thread(target=server.serve_forever, daemon=True).start()
        links = [
            Link("tcp", port, tcp.server_address[1]),
            Link("unix", str(tmp_path / "down"), str(tmp_path / "up")),
        ]
        with Linked(links) as running:
            yield running
        for server in (tcp, unix):
            server.shutdown()


def _connected(port: int) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", port), timeout=10)
    assert _said(made, b"hello") == b"hello"
    return made


def _said(connection: socket.socket, words: bytes) -> bytes:
    """What comes back; empty when the connection ends instead."""
    try:
        connection.sendall(words)
        return connection.recv(65536)
    except (ConnectionError, BrokenPipeError):
        return b""


def test_a_reset_link_ends_connections_and_refuses_new_ones_until_it_is_healed(linked: Linked, port: int) -> None:
    with _connected(port) as old:
        assert linked.cut("tcp", [os.getpid()], "reset") == 1
        assert _said(old, b"again") == b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as new:
        assert _said(new, b"hello") == b""
    assert linked.heal() == 2
    _connected(port).close()


def test_a_silent_link_answers_nothing_and_ends_nothing(linked: Linked, port: int) -> None:
    with _connected(port) as connection:
        assert linked.cut("tcp", [os.getpid()], "silence") == 1
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            _said(connection, b"anybody?")
        connection.settimeout(10)
        assert linked.heal() == 1
        # It is reset now, as by a router that has lost it: nothing that was said meanwhile is delivered late.
        with contextlib.suppress(ConnectionError):
            assert connection.recv(10) == b""


def test_only_the_link_and_the_caller_that_are_named_are_cut(linked: Linked, port: int, tmp_path: Path) -> None:
    with _connected(port) as mine, socket.socket(socket.AF_UNIX) as local:
        local.connect(str(tmp_path / "down"))
        assert _said(local, b"x") == b"x"
        asks = (
            "import socket,sys; s=socket.create_connection(('127.0.0.1',int(sys.argv[1])),5); s.sendall(b'x'); "
            "print(len(s.recv(1)), flush=True); input()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", asks, str(port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as other:
            assert other.stdout is not None and other.stdout.readline() == "1\n"
            assert linked.cut("tcp", [other.pid], "reset") == 1
            assert _said(mine, b"still there") == b"still there"
            other.communicate("\n")
        assert linked.cut("unix", [os.getpid()], "reset") == 1
        assert _said(mine, b"still there") == b"still there"


def test_what_a_caller_sent_before_it_closed_arrives(linked: Linked, port: int) -> None:
    with _connected(port) as connection:
        connection.sendall(b"x" * 1_000_000)
        connection.shutdown(socket.SHUT_WR)
        received = 0
        while data := connection.recv(65536):
            received += len(data)
    assert received == 1_000_000


def test_an_end_that_is_not_there_is_not_hidden(tmp_path: Path) -> None:
    port = _free_port()
    link = Link("nowhere", port, str(tmp_path / "nothing"))
    with Linked([link]), socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        assert _said(connection, b"hello") == b""
