"""The table of data keys: who has which, wrapped by what, and what was shredded.

A data key is named by its owner and its generation. Re-encryption raises the generation of the whole database, so
the key that seals now is always of the generation that `key_state` names; older ones only open. A shredded owner
keeps its rows without keys: nobody can make a new key for it by mistake.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

SCHEMA = (
    # `changes` counts what makes cached keys stale; `required_version` is the lowest version of the wrapping key that
    # a new row may have; `job` is the rotation that was begun and has not ended.
    "CREATE TABLE IF NOT EXISTS key_state (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
    "changes bigint NOT NULL DEFAULT 0, generation int NOT NULL DEFAULT 1, "
    "required_version int NOT NULL DEFAULT 0, job text)",
    "INSERT INTO key_state DEFAULT VALUES ON CONFLICT DO NOTHING",
    "CREATE TABLE IF NOT EXISTS data_keys (owner uuid NOT NULL, generation int NOT NULL, wrapped bytea, "
    "provider_version int NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), shredded_at timestamptz, "
    "key_id bytea NOT NULL GENERATED ALWAYS AS (uuid_send(owner) || int4send(generation)) STORED UNIQUE, "
    "PRIMARY KEY (owner, generation))",
    # Functions, because each statement of one sees what was committed while an earlier one waited for its lock: a key
    # made at the moment of shredding is shredded, or is not made.
    """
    CREATE OR REPLACE FUNCTION add_data_key(whose uuid, number int, sealed bytea, version int) RETURNS boolean
    LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('data key ' || whose, 0));
        IF EXISTS (SELECT 1 FROM data_keys WHERE owner = whose AND shredded_at IS NOT NULL) THEN
            RETURN false;
        END IF;
        PERFORM 1 FROM key_state WHERE required_version <= version AND generation = number FOR SHARE;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO data_keys (owner, generation, wrapped, provider_version) VALUES (whose, number, sealed, version)
            ON CONFLICT DO NOTHING;
        RETURN true;
    END $$
    """,
    """
    CREATE OR REPLACE FUNCTION shred_data_keys(whose uuid) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
        PERFORM pg_advisory_xact_lock(hashtextextended('data key ' || whose, 0));
        INSERT INTO data_keys (owner, generation, provider_version, shredded_at) VALUES (whose, 0, 0, now())
            ON CONFLICT DO NOTHING;
        UPDATE data_keys SET wrapped = NULL, shredded_at = coalesce(shredded_at, now()) WHERE owner = whose;
        UPDATE key_state SET changes = changes + 1;
    END $$
    """,
)

ID_BYTES = 20
"""Length of a key's id as it stands in front of what the key sealed."""


@dataclass(frozen=True)
class KeyId:
    """Names one data key."""

    owner: UUID
    generation: int

    def __bytes__(self) -> bytes:
        return self.owner.bytes + self.generation.to_bytes(4, "big")

    def __str__(self) -> str:
        return f"{self.owner}/{self.generation}"

    @staticmethod
    def read(data: bytes) -> "KeyId":
        """The id that `bytes` gave."""
        return KeyId(UUID(bytes=data[:16]), int.from_bytes(data[16:ID_BYTES], "big"))


@dataclass(frozen=True)
class KeyState:
    """What all processes of a service must agree on."""

    changes: int
    generation: int


@dataclass(frozen=True)
class DataKey:
    """A row: the key is None once it was shredded."""

    id: KeyId
    wrapped: bytes | None


class DataKeys:
    """The data keys of one service's database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def state(self, cursor: Any = None) -> KeyState:
        """What is in force now; read with `cursor`, when given, in its transaction."""
        sql = "SELECT changes, generation FROM key_state"
        row = self._database.one(sql) if cursor is None else cursor.execute(sql).fetchone()
        assert row is not None, "key_state has no row; was Sealer.SCHEMA applied?"
        return KeyState(row["changes"], row["generation"])

    def newest(self, owner: UUID) -> DataKey | None:
        """The owner's key of the highest generation; without a key when the owner was shredded."""
        row = self._database.one(
            "SELECT generation, wrapped, bool_or(shredded_at IS NOT NULL) OVER () AS shredded FROM data_keys "
            "WHERE owner = %s ORDER BY generation DESC LIMIT 1",
            (owner,),
        )
        if row is None:
            return None
        return DataKey(KeyId(owner, row["generation"]), None if row["shredded"] else bytes(row["wrapped"]))

    def find(self, id: KeyId) -> DataKey | None:
        """One key. An owner that was shredded has had every key, and has none."""
        row = self._database.one(
            "SELECT wrapped, shredded_at FROM data_keys WHERE owner = %s AND (generation = %s OR shredded_at IS NOT NULL) "
            "ORDER BY shredded_at NULLS LAST LIMIT 1",
            (id.owner, id.generation),
        )
        if row is None:
            return None
        return DataKey(id, None if row["shredded_at"] else bytes(row["wrapped"]))

    def add(self, id: KeyId, wrapped: bytes, version: int) -> bool:
        """Store a new key unless there is one; False when the owner, the generation or the version is out of date."""
        add = "SELECT add_data_key(%s, %s, %s, %s) AS ok"
        with self._database.transaction() as cursor:
            # Whoever is shredding this owner may be the very thread that asks, in a unit of work that it must first end.
            cursor.execute("SET LOCAL lock_timeout = '5s'")
            row = cursor.execute(add, (id.owner, id.generation, wrapped, version)).fetchone()
        return bool(row and row["ok"])

    @staticmethod
    def shred(owner: UUID) -> Write:
        """The write that takes an owner's keys away for ever."""
        return "SELECT shred_data_keys(%s)", (owner,)
