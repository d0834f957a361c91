"""At every point between a command and its last effect × {killed, an error, stopped and resumed too late}.

After recovery: every command once in its stream, the chain without a gap, every fact heard once and in order per key,
one call of the cloud and one outcome for each. Real processes on a real PostgreSQL; `replica.py` says what they do.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from deployforge_chassis.keys import KeyFile
from psycopg.rows import dict_row

POINTS = {
    "events inserted, not committed": "before events",
    "committed, not published": "after events",
    "what will be published recorded, not committed": "before published",
    "what will be published recorded": "producing",
    "published, position not moved": "produced",
    "position not committed": "before relay",
    "position moved": "after relay",
    "consumed, not applied": "consumed",
    "applied, not committed": "before seen",
    "applied and committed": "after seen",
    "work leased, not called": "leased",
    "called, no outcome": "called",
    "outcome not committed": "before outcomes",
    "outcome recorded": "after outcomes",
}
PARKING = {"parked, not committed": "before parked", "parked": "after parked"}
REPLAY = {"replayed, not committed": "before parked", "replayed": "after parked"}
OUTLIVED, DIED = "exit 10", "exit 11"
#: mode → what may become of a replica; one that dies of an error is started anew.
BECOMES = {"kill": ("killed 9",), "exception": (OUTLIVED, DIED), "pause": ("stopped",)}
EVERY = [(key, n) for key in ("a", "b") for n in (1, 2, 3)]


class Nursery:
    """The program that forks replicas."""

    def __init__(self) -> None:
        program = Path(__file__).with_name("replica.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def ask(self, **order: Any) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline().strip()

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    nursery = Nursery()
    yield nursery
    nursery.close()


@dataclass
class World:
    """The databases of a run, and its replicas."""

    nursery: Nursery
    places: dict[str, str]

    def start(self, name: str, **order: Any) -> str:
        """What became of a replica."""
        return self.nursery.ask(name=name, **self.places, **order)

    def resume(self, name: str) -> str:
        return self.nursery.ask(name=name, resume=True)

    def query(self, where: str, sql: str, *params: Any) -> list[dict[str, Any]]:
        with psycopg.connect(self.places[where], autocommit=True, row_factory=dict_row) as connection:
            cursor = connection.execute(sql.encode(), params)
            return cursor.fetchall() if cursor.description else []

    def cut_off(self, name: str) -> None:
        """End a replica's connections, as the server does with a client that went silent; its leases run out too."""
        cut = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = %s"
        self.query("bus", cut, name)
        self.query("hears", "UPDATE effects SET due_at = now() WHERE status = 'waiting'")


@pytest.fixture
def world(nursery: Nursery, new_database: Callable[[], str], tmp_path: Path) -> World:
    KeyFile.create(tmp_path / "key")
    urls = {name: new_database() for name in ("says", "hears", "bus")}
    return World(nursery, {**urls, "key_file": str(tmp_path / "key")})


def break_at(world: World, point: str, mode: str, **order: Any) -> None:
    """Let a fault happen, and let whoever comes next finish."""
    first = world.start("first", point=point, mode=mode, **order)
    assert first in BECOMES[mode], f"{point} was not reached"
    if first != OUTLIVED:
        world.cut_off("first")
        assert world.start("second", **order) == "exit 0"
    if mode == "pause":
        # It finds that everything is done, or dies of what it finds; a third one has nothing left to do.
        assert world.resume("first") in BECOMES["exception"]
        assert world.start("third", **order) == "exit 0"


def assert_nothing_lost_nothing_doubled(world: World, heard: list[tuple[str, int]] = EVERY) -> None:
    streams = world.query("says", "SELECT originator_id, array_agg(originator_version ORDER BY notification_id) AS versions "
                                  "FROM events GROUP BY originator_id")  # fmt: skip
    assert [row["versions"] for row in streams] == [[1, 2, 3, 4]] * 2
    _assert_chain(world)
    seen = world.query("hears", "SELECT key, n FROM seen ORDER BY key, at")
    assert [(row["key"], row["n"]) for row in seen] == heard
    tokens = [f"{key}-{n}" for key, n in heard]
    assert [row["token"] for row in world.query("bus", "SELECT token FROM cloud ORDER BY token")] == tokens
    outcomes = world.query("hears", "SELECT token FROM outcomes ORDER BY token, at")
    assert [row["token"] for row in outcomes] == tokens
    assert {row["status"] for row in world.query("hears", "SELECT status FROM effects")} <= {"done"}


def _assert_chain(world: World) -> None:
    """What is on the bus, repeats aside, is every fact of the log, each naming the one before it."""
    chains: dict[int, dict[int, int]] = {}
    said = b"Said".hex()
    facts = "SELECT partition, headers FROM log WHERE headers->>'type' = %s ORDER BY partition, message_offset"
    for row in world.query("bus", facts, said):
        id, prev = (int(bytes.fromhex(row["headers"][name])) for name in ("id", "prev"))
        chain = chains.setdefault(row["partition"], {})
        assert chain.setdefault(id, prev) == prev, "a fact came again with another one before it"
    for chain in chains.values():
        assert list(chain.values()) == [0, *list(chain)[:-1]]
    logged = world.query("says", "SELECT notification_id AS id FROM events WHERE topic LIKE '%%Said' ORDER BY 1")
    assert sorted(id for chain in chains.values() for id in chain) == [row["id"] for row in logged]


@pytest.mark.parametrize("mode", BECOMES)
@pytest.mark.parametrize("point", POINTS.values(), ids=POINTS)
def test_nothing_is_lost_and_nothing_doubled(world: World, point: str, mode: str) -> None:
    break_at(world, point, mode)
    assert_nothing_lost_nothing_doubled(world)


@pytest.mark.parametrize("mode", BECOMES)
@pytest.mark.parametrize("point", PARKING.values(), ids=PARKING)
def test_a_key_is_parked_once_and_in_order(world: World, point: str, mode: str) -> None:
    break_at(world, point, mode, poisoned=True)
    assert_nothing_lost_nothing_doubled(world, [("a", 1), ("a", 2), ("a", 3)])
    assert _parked(world) == [("b", id) for id in _said(world, "b")]


@pytest.mark.parametrize("mode", BECOMES)
@pytest.mark.parametrize("point", REPLAY.values(), ids=REPLAY)
def test_a_parked_key_is_replayed_once_and_in_order(world: World, point: str, mode: str) -> None:
    assert world.start("poisoned", poisoned=True) == "exit 0"
    assert _parked(world) == [("b", id) for id in _said(world, "b")]
    break_at(world, point, mode, replay=True)
    assert _parked(world) == []
    assert_nothing_lost_nothing_doubled(world)


def _parked(world: World) -> list[tuple[str, int]]:
    """Key and notification id of what is parked."""
    rows = world.query("hears", "SELECT key, headers FROM parked ORDER BY id")
    return [(bytes(row["key"]).decode(), int(row["headers"]["id"])) for row in rows]


def _said(world: World, key: str) -> list[int]:
    """The notification ids of a key's facts."""
    rows = world.query("bus", "SELECT headers FROM log WHERE key = %s ORDER BY message_offset", key.encode())
    return list(dict.fromkeys(int(bytes.fromhex(row["headers"]["id"])) for row in rows))
