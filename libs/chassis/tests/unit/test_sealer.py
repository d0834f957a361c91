import threading
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from deployforge_chassis.data_keys import DataKeys, KeyId
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyFile, KeyUnavailable
from deployforge_chassis.sealer import KEPT_SECONDS, POLL_SECONDS, KeysMoved, Sealer, Shredded, Tampered
from eventsourcing.persistence import DataError


def _another(database: Database, tmp_path: Path, service: str = "test") -> Sealer:
    """A sealer that has cached nothing yet, as in another process."""
    return Sealer(database, KeyFile(tmp_path / "test.key"), service=service)


def test_what_is_sealed_opens_in_another_process(sealer: Sealer, fresh_database: Database, tmp_path: Path) -> None:
    sealed = sealer.seal(uuid4(), b"a secret", "place")
    assert b"secret" not in sealed
    assert _another(fresh_database, tmp_path).open(sealed, "place") == b"a secret"


@pytest.mark.parametrize("position", [0, 1, 17, 20, 21, 33, -1])
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
        sealer.open(sealed[:1] + yours.bytes + sealed[17:], "place")


def test_a_truncated_value_is_noticed(sealer: Sealer) -> None:
    sealed = sealer.seal(uuid4(), b"value", "place")
    for length in (0, 1, 20, 21, 32, 33, len(sealed) - 1):
        with pytest.raises(Tampered):
            sealer.open(sealed[:length], "place")


def test_what_was_shredded_is_gone_and_the_owner_gets_no_new_key(
    sealer: Sealer, fresh_database: Database, tmp_path: Path
) -> None:
    owner, other = uuid4(), uuid4()
    sealed, kept = sealer.seal(owner, b"value", "place"), sealer.seal(other, b"kept", "place")
    fresh_database.write([sealer.shred(owner)])
    sealer.forget()
    for one in (sealer, _another(fresh_database, tmp_path)):
        with pytest.raises(Shredded, match=str(owner)):
            one.open(sealed, "place")
        with pytest.raises(Shredded, match=str(owner)):
            one.seal(owner, b"more", "place")
        assert one.open(kept, "place") == b"kept"
    rows = fresh_database.query("SELECT wrapped, shredded_at FROM data_keys WHERE owner = %s", (owner,))
    assert rows and all(row["wrapped"] is None and row["shredded_at"] for row in rows)


def test_an_owner_that_never_sealed_anything_can_be_shredded_too(sealer: Sealer, fresh_database: Database) -> None:
    owner = uuid4()
    fresh_database.write([sealer.shred(owner), sealer.shred(owner)])
    with pytest.raises(Shredded):
        sealer.seal(owner, b"value", "place")


def test_shredding_that_is_rolled_back_changes_nothing(sealer: Sealer, fresh_database: Database) -> None:
    owner = uuid4()
    sealed = sealer.seal(owner, b"value", "place")
    with pytest.raises(DataError):
        fresh_database.write([sealer.shred(owner), ("SELECT 1 / 0", ())])
    sealer.forget()
    assert sealer.open(sealed, "place") == b"value"


def test_a_process_that_has_a_key_in_memory_notices_within_seconds_that_it_was_shredded(
    sealer: Sealer, fresh_database: Database, tmp_path: Path
) -> None:
    now, owner = [1000.0], uuid4()
    other = Sealer(fresh_database, KeyFile(tmp_path / "test.key"), service="test", now=lambda: now[0])
    sealed = other.seal(owner, b"value", "place")
    fresh_database.write([sealer.shred(owner)])
    assert other.open(sealed, "place") == b"value"
    now[0] += POLL_SECONDS + 0.1
    with pytest.raises(Shredded):
        other.open(sealed, "place")
    with pytest.raises(Shredded):
        other.seal(owner, b"value", "place")


def test_a_key_made_while_its_owner_is_being_shredded_is_shredded_or_not_made(
    sealer: Sealer, fresh_database: Database, tmp_path: Path
) -> None:
    owners = [uuid4() for _ in range(20)]
    ready = threading.Barrier(4)

    def seal() -> None:
        one = _another(fresh_database, tmp_path)
        ready.wait(20)
        for owner in owners:
            with suppress(Shredded):
                one.seal(owner, b"value", "place")

    threads = [threading.Thread(target=seal) for _ in range(3)]
    for thread in threads:
        thread.start()
    ready.wait(20)
    for owner in owners:
        fresh_database.write([sealer.shred(owner)])
    for thread in threads:
        thread.join(30)
    assert fresh_database.query("SELECT 1 FROM data_keys WHERE wrapped IS NOT NULL") == []


def test_a_key_of_a_shredded_owner_put_back_by_hand_opens_nothing(sealer: Sealer, fresh_database: Database) -> None:
    owner = uuid4()
    sealed = sealer.seal(owner, b"value", "place")
    wrapped = fresh_database.query("SELECT wrapped FROM data_keys WHERE owner = %s", (owner,))[0]["wrapped"]
    fresh_database.write([sealer.shred(owner)])
    fresh_database.query(
        "UPDATE data_keys SET wrapped = %s, shredded_at = NULL WHERE owner = %s AND generation = 1", (wrapped, owner)
    )
    sealer.forget()
    with pytest.raises(Shredded):
        sealer.open(sealed, "place")
    with pytest.raises(Shredded):
        sealer.seal(owner, b"value", "place")


def test_a_data_key_wrapped_for_another_owner_is_refused(sealer: Sealer, fresh_database: Database) -> None:
    mine, yours = uuid4(), uuid4()
    sealed = sealer.seal(mine, b"value", "place")
    sealer.seal(yours, b"value", "place")
    fresh_database.query(
        "UPDATE data_keys SET wrapped = (SELECT wrapped FROM data_keys WHERE owner = %s) WHERE owner = %s", (yours, mine)
    )
    sealer.forget()
    with pytest.raises(Tampered):
        sealer.open(sealed, "place")


def test_what_one_service_sealed_another_cannot_open(sealer: Sealer, fresh_database: Database, tmp_path: Path) -> None:
    sealed = sealer.seal(uuid4(), b"value", "place")
    with pytest.raises(Tampered):
        _another(fresh_database, tmp_path, service="other").open(sealed, "place")


def test_without_the_provider_nothing_new_is_sealed_and_what_is_in_memory_only_for_a_while(
    fresh_database: Database, sealer: Sealer, tmp_path: Path
) -> None:
    now, known = [1000.0], uuid4()
    one = Sealer(fresh_database, KeyFile(tmp_path / "test.key"), service="test", now=lambda: now[0])
    sealed = one.seal(known, b"value", "place")
    (tmp_path / "test.key").rename(tmp_path / "away")
    with pytest.raises(KeyUnavailable):
        one.seal(uuid4(), b"value", "place")
    now[0] += KEPT_SECONDS - 1
    assert one.open(one.seal(known, b"more", "place"), "place") == b"more"
    now[0] += 2
    with pytest.raises(KeyUnavailable):
        one.seal(known, b"value", "place")
    with pytest.raises(KeyUnavailable):
        one.open(sealed, "place")
    (tmp_path / "away").rename(tmp_path / "test.key")
    assert one.open(sealed, "place") == b"value"
    assert one.seal(uuid4(), b"value", "place")


def test_a_new_generation_seals_anew_and_what_the_old_one_sealed_may_not_be_saved_any_more(
    sealer: Sealer, fresh_database: Database
) -> None:
    owner = uuid4()
    old = sealer.seal(owner, b"value", "place")
    fresh_database.query("UPDATE key_state SET generation = 2, changes = changes + 1")
    with fresh_database.transaction() as cursor:
        sealer.admit([old], cursor)
        sealer.notice()
        with pytest.raises(KeysMoved):
            sealer.admit([old], cursor)
        new = sealer.reseal(old, "place")
        assert new is not None
        sealer.admit([new], cursor)
    assert sealer.reseal(new, "place") is None
    assert sealer.open(new, "place") == sealer.open(old, "place") == b"value"


def test_a_process_that_was_stopped_between_sealing_and_saving_looks_again(
    fresh_database: Database, sealer: Sealer, tmp_path: Path
) -> None:
    now = [1000.0]
    one = Sealer(fresh_database, KeyFile(tmp_path / "test.key"), service="test", now=lambda: now[0])
    sealed = one.seal(uuid4(), b"value", "place")
    fresh_database.query("UPDATE key_state SET generation = 2, changes = changes + 1")
    now[0] += 2 * POLL_SECONDS + 0.1
    with fresh_database.transaction() as cursor, pytest.raises(KeysMoved):
        one.admit([sealed], cursor)


def test_a_new_key_that_an_old_version_wrapped_is_not_stored(sealer: Sealer, fresh_database: Database) -> None:
    fresh_database.query("UPDATE key_state SET required_version = 2")
    rows = DataKeys(fresh_database)
    assert not rows.add(KeyId(uuid4(), 1), b"wrapped", 1)
    assert not rows.add(KeyId(uuid4(), 2), b"wrapped", 2)
    assert rows.add(KeyId(uuid4(), 1), b"wrapped", 2)


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
