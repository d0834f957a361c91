import threading
from pathlib import Path
from uuid import uuid4

import pytest
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer, Shredded, Tampered


def _another(database: Database, tmp_path: Path, service: str = "test") -> Sealer:
    """A sealer that has cached nothing yet, as in another process."""
    return Sealer(database, KeyFile(tmp_path / "test.key"), service=service)


def test_what_is_sealed_opens_in_another_process(sealer: Sealer, fresh_database: Database, tmp_path: Path) -> None:
    sealed = sealer.seal(uuid4(), b"a secret", "place")
    assert b"secret" not in sealed
    assert _another(fresh_database, tmp_path).open(sealed, "place") == b"a secret"


@pytest.mark.parametrize("position", [16, 28, -1])
def test_a_flipped_byte_is_noticed_and_the_place_named(sealer: Sealer, position: int) -> None:
    sealed = bytearray(sealer.seal(uuid4(), b"value", "stream|3|topic"))
    sealed[position] ^= 1
    with pytest.raises(Tampered, match=r"stream\|3\|topic"):
        sealer.open(bytes(sealed), "stream|3|topic")


def test_a_moved_value_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal(uuid4(), b"value", "here")
    with pytest.raises(Tampered, match="there"):
        sealer.open(sealed, "there")


def test_a_value_does_not_pass_for_another_owners(sealer: Sealer) -> None:
    mine, yours = uuid4(), uuid4()
    sealed = sealer.seal(mine, b"value", "place")
    sealer.seal(yours, b"value", "place")
    with pytest.raises(Tampered):
        sealer.open(yours.bytes + sealed[16:], "place")


def test_a_truncated_value_is_noticed(sealer: Sealer) -> None:
    owner = uuid4()
    sealer.seal(owner, b"value", "place")
    with pytest.raises(Tampered):
        sealer.open(owner.bytes, "place")


def test_without_its_data_key_a_value_is_gone(sealer: Sealer, fresh_database: Database, tmp_path: Path) -> None:
    owner = uuid4()
    sealed = sealer.seal(owner, b"value", "place")
    fresh_database.query("DELETE FROM data_keys WHERE owner = %s", (owner,))
    with pytest.raises(Shredded, match=str(owner)):
        _another(fresh_database, tmp_path).open(sealed, "place")


def test_processes_that_seal_first_at_the_same_time_agree_on_the_key(
    sealer: Sealer, fresh_database: Database, tmp_path: Path
) -> None:
    owner, sealed, ready = uuid4(), [], threading.Barrier(4)

    def seal() -> None:
        one = _another(fresh_database, tmp_path)
        ready.wait(20)
        sealed.append(one.seal(owner, b"value", "place"))

    threads = [threading.Thread(target=seal) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [sealer.open(value, "place") for value in sealed] == [b"value"] * 4
