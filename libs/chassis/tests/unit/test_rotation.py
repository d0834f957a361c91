"""Rotation and re-encryption of a service that goes on working, also when they are cut off half-way."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.data_keys import KeyId
from deployforge_chassis.database import Database
from deployforge_chassis.effect_queue import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.keys import KeyFile, VersionRefused
from deployforge_chassis.rotation import NotReencrypted, Progress, Rotation, RotationRunning
from deployforge_chassis.sealer import Sealer, Shredded, Tampered
from deployforge_chassis.testing import attack, runtime_url, until
from eventsourcing.application import AggregateNotFoundError

from .conftest import Counter

_OWNERS = [UUID(int=n) for n in range(1, 6)]


class Service:
    """One replica: an application with streams, bodies and effects."""

    def __init__(self, url: str, key_file: Path) -> None:
        self.database = Database(runtime_url(url), owner_url=url, pool_size=1)
        self.database.migrate(Sealer.SCHEMA)
        self.provider = KeyFile(key_file)
        self.sealer = Sealer(self.database, self.provider, service="counter")
        self.app = EventSourcedApplication(self.database, self.sealer, name="counter")
        self.bodies = Bodies(self.database, self.sealer)
        self.queue = EffectQueue(self.app, self.sealer)

    def count(self, owner: UUID, n: int, key: str = "a") -> str:
        """Append an event, with a body and an effect beside it; the body's digest."""
        while True:
            try:
                counter: Any = self.app.repository.get(Counter.create_id(owner, key))
            except AggregateNotFoundError:
                counter = Counter(owner, key)
            counter.count(key, n)
            digest, body = self.bodies.put(owner, f"{owner} {n}".encode() * 50)
            effect = self.queue.enqueue("do", f"{owner}-{key}-{n}", {"n": n}, deployment_id=owner)
            try:
                self.app.save(counter, writes=[body, effect])
            except VersionConflict:
                continue
            return digest

    def total(self, owner: UUID, key: str = "a") -> int:
        """How many events the stream has."""
        counter: Any = self.app.repository.get(Counter.create_id(owner, key))
        return int(counter.version)

    def rotation(self, **more: Any) -> Rotation:
        return Rotation(self.database, self.sealer, self.provider, **{"readers_seconds": 0.2, **more})

    def generations(self) -> set[int]:
        """The generations of the keys that have sealed anything that is stored."""
        return {
            KeyId.read(bytes(row["sealed"])[1:21]).generation
            for column in self.sealer.columns
            for row in self.database.query(f"SELECT {column.column} AS sealed FROM {column.table}")
        }


@pytest.fixture
def make(database_url: str, tmp_path: Path) -> Iterator[Callable[[], Service]]:
    KeyFile.create(tmp_path / "k")
    made: list[Service] = []

    def another() -> Service:
        made.append(Service(database_url, tmp_path / "k"))
        return made[-1]

    yield another
    for service in made:
        service.database.close()


@pytest.fixture
def service(make: Callable[[], Service]) -> Service:
    return make()


def _all(progress: Iterator[Progress]) -> list[Progress]:
    return list(progress)


def test_after_a_rotation_every_data_key_is_wrapped_anew_and_an_old_one_put_back_is_refused(
    service: Service, make: Callable[[], Service]
) -> None:
    digests = {owner: service.count(owner, 1) for owner in _OWNERS}
    old = service.database.query("SELECT owner, wrapped FROM data_keys ORDER BY owner")
    told = _all(service.rotation().run(reencrypt=False))
    assert told[0] == Progress("wrap", 0, len(_OWNERS))
    assert told[-1] == Progress("done")
    assert service.database.query("SELECT DISTINCT provider_version AS v FROM data_keys") == [{"v": 2}]
    assert service.provider.minimum_version() == 2
    other = make()
    for owner in _OWNERS:
        assert other.bodies.get(digests[owner]).startswith(str(owner).encode())
        assert service.count(owner, 2)
    service.database.query("UPDATE data_keys SET wrapped = %s WHERE owner = %s", (old[0]["wrapped"], old[0]["owner"]))
    third = make()
    with pytest.raises(Tampered) as refused:
        third.bodies.get(digests[old[0]["owner"]])
    assert isinstance(refused.value.__cause__, VersionRefused)
    with pytest.raises(Tampered):
        third.count(old[0]["owner"], 3)
    assert third.bodies.get(digests[old[1]["owner"]])


def test_re_encryption_leaves_nothing_that_an_old_key_opens_and_everything_readable(service: Service) -> None:
    digests = {owner: [service.count(owner, n) for n in range(1, 8)] for owner in _OWNERS}
    before = service.database.query("SELECT originator_id, originator_version, state FROM events ORDER BY 1, 2")
    told = _all(service.rotation(grace_seconds=0).run(reencrypt=True))
    assert {step.step for step in told} >= {
        "wrap",
        "events.state",
        "stream_heads.sealed",
        "bodies.sealed",
        "effects.payload",
        "retire",
        "done",
    }
    assert service.generations() == {2}
    assert service.database.query("SELECT DISTINCT generation AS g FROM data_keys") == [{"g": 2}]
    after = service.database.query("SELECT originator_id, originator_version, state FROM events ORDER BY 1, 2")
    assert [row["originator_id"] for row in before] == [row["originator_id"] for row in after]
    assert not {bytes(row["state"]) for row in before} & {bytes(row["state"]) for row in after}
    service.sealer.forget()
    for owner in _OWNERS:
        assert service.total(owner) == 8
        for digest in digests[owner]:
            assert service.bodies.get(digest).startswith(str(owner).encode())
    work = service.queue.claim(["do"])
    assert work is not None and work.payload["n"] == 1


def test_an_old_ciphertext_put_back_after_re_encryption_is_refused(service: Service, database_url: str) -> None:
    digest = service.count(_OWNERS[0], 1)
    old = service.database.query("SELECT sealed FROM bodies")[0]["sealed"]
    _all(service.rotation(grace_seconds=0).run(reencrypt=True))
    service.database.query("UPDATE bodies SET sealed = %s", (old,))
    service.sealer.forget()
    with pytest.raises(Tampered):
        service.bodies.get(digest)


def test_readers_and_writers_of_two_replicas_go_on_meanwhile(service: Service, make: Callable[[], Service]) -> None:
    replicas, over, wrong = [make(), make()], threading.Event(), []
    counts = dict.fromkeys(_OWNERS, 0)

    def work(number: int) -> None:
        replica, mine = replicas[number % 2], f"key-{number}"
        try:
            n = 0
            while not over.is_set():
                n += 1
                for owner in _OWNERS[:3]:
                    digest = replica.count(owner, n, mine)
                    assert replicas[(number + 1) % 2].bodies.get(digest).startswith(str(owner).encode())
                    assert replicas[(number + 1) % 2].total(owner, mine) == n + 1
            counts[_OWNERS[number]] = n
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: wrong or len(service.database.query("SELECT 1 FROM events")) > 20)
    told = _all(service.rotation().run(reencrypt=True))
    over.set()
    for thread in threads:
        thread.join(60)
    assert wrong == []
    assert told[-1] == Progress("done")
    assert service.generations() == {2}
    fresh = make()
    for number in range(2):
        for owner in _OWNERS[:3]:
            assert fresh.total(owner, f"key-{number}") == counts[_OWNERS[number]] + 1


_CHILD = """
import os, signal, sys
from pathlib import Path
from deployforge_chassis import rotation
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.database import Database
from deployforge_chassis.effect_queue import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealer import Sealer
url, owner_url, key_file, left = *sys.argv[1:4], int(sys.argv[4])
database, provider = Database(url, owner_url=owner_url, pool_size=1), KeyFile(Path(key_file))
sealer = Sealer(database, provider, service="counter")
app = EventSourcedApplication(database, sealer, name="counter")
Bodies(database, sealer), EffectQueue(app, sealer)
rotation._BATCH = 3
for step in rotation.Rotation(database, sealer, provider, grace_seconds=0, readers_seconds=0).run(reencrypt=True):
    left -= 1
    if not left:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("steps", [1, 2, 4, 7, 12])
def test_a_rotation_that_was_killed_is_ended_by_the_next_call(
    service: Service, database_url: str, tmp_path: Path, steps: int
) -> None:
    digests = {owner: [service.count(owner, n) for n in range(1, 5)] for owner in _OWNERS}
    told = [runtime_url(database_url), database_url, str(tmp_path / "k"), str(steps)]
    child = subprocess.run([sys.executable, "-c", _CHILD, *told], capture_output=True, timeout=60)
    assert child.returncode == -signal.SIGKILL, child.stderr.decode()
    service.sealer.notice()
    for owner in _OWNERS:
        assert service.total(owner) == 5
    job = until(lambda: service.database.query("SELECT job FROM key_state")[0]["job"])
    assert job in {"reencrypt", "sealing"}
    # The lock of the killed process is gone when the database has noticed its end.
    steps_told = until(lambda: _ended(service))
    assert steps_told[-1] == Progress("done")
    assert service.provider.versions() == (1, 2)
    assert service.generations() == {2}
    assert service.database.query("SELECT job FROM key_state") == [{"job": None}]
    for owner in _OWNERS:
        assert service.total(owner) == 5
        assert all(service.bodies.get(digest) for digest in digests[owner])


def _ended(service: Service) -> list[Progress]:
    try:
        return _all(service.rotation(grace_seconds=0).run(reencrypt=False))
    except RotationRunning:
        return []


def test_two_do_not_rotate_at_once(service: Service, make: Callable[[], Service]) -> None:
    service.count(_OWNERS[0], 1)
    running = service.rotation().run(reencrypt=False)
    next(running)
    with pytest.raises(RotationRunning):
        _all(make().rotation().run(reencrypt=False))
    assert _all(running)[-1] == Progress("done")


def test_what_was_shredded_stays_so_and_holds_nothing_up(service: Service) -> None:
    digest = service.count(_OWNERS[0], 1)
    service.count(_OWNERS[1], 1)
    service.database.write([service.sealer.shred(_OWNERS[0])])
    assert _all(service.rotation(grace_seconds=0).run(reencrypt=True))[-1] == Progress("done")
    with pytest.raises(Shredded):
        service.bodies.get(digest)
    with pytest.raises(Shredded):
        service.sealer.seal(_OWNERS[0], b"more", "place")
    assert service.total(_OWNERS[1]) == 2


def test_a_damaged_value_is_named_and_old_keys_are_kept(service: Service, database_url: str) -> None:
    digest, other = service.count(_OWNERS[0], 1), service.count(_OWNERS[1], 1)
    whole = service.database.query("SELECT sealed FROM bodies WHERE digest = %s", (digest,))[0]["sealed"]
    attack(
        database_url, f"UPDATE bodies SET sealed = set_byte(sealed, 60, get_byte(sealed, 60) # 1) WHERE digest = '{digest}'"
    )
    with pytest.raises(NotReencrypted, match=f"bodies.sealed: .*{digest}"):
        _all(service.rotation(grace_seconds=0).run(reencrypt=True))
    assert service.bodies.get(other)
    service.database.query("UPDATE bodies SET sealed = %s WHERE digest = %s", (whole, digest))
    assert _all(service.rotation(grace_seconds=0).run(reencrypt=False))[-1] == Progress("done")
    assert service.generations() == {2}
    assert service.bodies.get(digest)


def test_a_column_that_nobody_declared_keeps_the_old_keys(service: Service) -> None:
    service.database.migrate(["CREATE TABLE hidden (id int PRIMARY KEY, what bytea NOT NULL)"])
    sealed = service.sealer.seal(uuid4(), b"forgotten", "hidden|1")
    service.database.write([("INSERT INTO hidden VALUES (1, %s)", (sealed,))])
    with pytest.raises(NotReencrypted, match=r"hidden\.what: 1 values"):
        _all(service.rotation(grace_seconds=0).run(reencrypt=True))
    service.sealer.forget()
    assert service.sealer.open(sealed, "hidden|1") == b"forgotten"


def test_a_writer_that_was_stopped_between_sealing_and_saving_seals_again(
    service: Service, make: Callable[[], Service]
) -> None:
    slow = make()
    counter = Counter(_OWNERS[0], "a")
    counter.count("a", 1)
    _, body = slow.bodies.put(_OWNERS[0], b"sealed by the old key")
    _all(service.rotation(grace_seconds=0).run(reencrypt=True))
    slow.sealer.notice()
    with pytest.raises(VersionConflict):
        slow.app.save(counter, writes=[body])
    assert slow.count(_OWNERS[0], 1)
    assert service.generations() == {2}
