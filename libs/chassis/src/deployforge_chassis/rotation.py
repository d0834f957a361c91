"""Rotation of wrapping keys and re-encryption of data, online: readers and writers go on.

`rotate` makes a new version of the wrapping key, wraps every data key anew, then raises the minimum version, so that
an old data key put back is refused. With `reencrypt` every owner gets a new data key (a new generation), and whatever
the old ones sealed is sealed anew, each value by compare-and-set; then the old data keys are deleted.

Why nobody is left behind: what a writer sealed with an old key it may commit only while it has looked at the
generation within twice POLL_SECONDS (`Sealer.admit`), and under the insert lock. After that time and one turn of the
lock, old values can only become fewer. Old keys stay for a while after the last value is gone, for readers that have
fetched a row and not yet opened it.

A rotation that was cut off is resumed by the next call: `key_state.job` says how far it has come, and old values are
found by looking.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.data_keys import KeyId
from deployforge_chassis.database import INSERT_LOCK, Database
from deployforge_chassis.keys import KeyProvider, version_of
from deployforge_chassis.sealed_columns import SealedColumn, count_old, old_rows, other_columns, put
from deployforge_chassis.sealer import POLL_SECONDS, Sealer, Shredded, Tampered

_ROTATION_LOCK: Final = 0x4446_4B52
_BATCH: Final = 200
_READERS_SECONDS: Final = 10.0
_NAMED_AT_MOST: Final = 10

_TAKE: Final = "SELECT pg_try_advisory_lock(%s) AS got"
_STATE: Final = "SELECT required_version, generation, job FROM key_state"
_BEGIN: Final = "UPDATE key_state SET job = %s, required_version = %s"
_RAISE: Final = (
    "UPDATE key_state SET job = 'sealing', generation = generation + 1, changes = changes + 1 "
    "WHERE job = 'reencrypt' RETURNING generation"
)
_STALE: Final = (
    "SELECT owner, generation, wrapped FROM data_keys WHERE wrapped IS NOT NULL AND provider_version < %s "
    "ORDER BY owner, generation LIMIT %s"
)
_REWRAP: Final = (
    "UPDATE data_keys SET wrapped = %s, provider_version = %s WHERE owner = %s AND generation = %s AND wrapped = %s"
)
_HORIZON: Final = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text AS upto"
_STILL: Final = "SELECT pg_snapshot_xmin(pg_current_snapshot()) < %s::text::xid8 AS writing"
_LOOK_SECONDS: Final = 0.05
_RETIRE: Final = "DELETE FROM data_keys WHERE generation < %s AND shredded_at IS NULL"


class RotationRunning(Exception):
    """Another call, here or in another replica, rotates this service's keys."""

    def __init__(self) -> None:
        super().__init__("the keys of this service are being rotated already; wait until that has ended")


class NotReencrypted(Exception):
    """Some values could not be sealed anew. The old data keys are kept, so nothing is lost; call again once mended."""

    def __init__(self, places: list[str]) -> None:
        more = f" and {len(places) - _NAMED_AT_MOST} more" if len(places) > _NAMED_AT_MOST else ""
        super().__init__(f"not re-encrypted, old data keys are kept: {'; '.join(places[:_NAMED_AT_MOST])}{more}")
        self.places = places


@dataclass(frozen=True)
class Progress:
    """How far a rotation has come."""

    step: str
    """`wrap`, a column (`events.state`), `retire`, or `done`."""
    done: int = 0
    total: int = 0


class Rotation:
    """Rotates the keys of one service. `grace_seconds` and `readers_seconds` are waited for; see the module."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        provider: KeyProvider,
        *,
        grace_seconds: float = 2 * POLL_SECONDS + 0.5,
        readers_seconds: float = _READERS_SECONDS,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._database, self._sealer, self._provider = database, sealer, provider
        self._grace_seconds, self._readers_seconds, self._sleep = grace_seconds, readers_seconds, sleep

    def run(self, *, reencrypt: bool) -> Iterator[Progress]:
        """Rotate, or go on with a rotation that was cut off; ends with the step `done`.

        Raises RotationRunning, KeyUnavailable, or NotReencrypted. What was done stays done.
        """
        with self._alone() as connection:
            state = connection.execute(_STATE).fetchone()
            job, version = state["job"], state["required_version"]
            if job is None:
                version = self._provider.rotate()
            if job != "sealing":
                job = "reencrypt" if reencrypt or job == "reencrypt" else "rotate"
                connection.execute(_BEGIN, (job, version))
            yield from self._wrap_anew(connection, version)
            self._provider.raise_minimum(version)
            if job != "rotate":
                yield from self._reencrypt(connection)
            connection.execute("UPDATE key_state SET job = NULL")
        yield Progress("done")

    @contextmanager
    def _alone(self) -> Iterator[Any]:
        with self._database.own_connection() as connection:
            if not connection.execute(_TAKE, (_ROTATION_LOCK,)).fetchone()["got"]:  # type: ignore[index]
                raise RotationRunning
            # A crash of the database may undo the last replacements; they are found and made again.
            connection.execute("SET synchronous_commit = off")
            yield connection

    def _wrap_anew(self, connection: Any, version: int) -> Iterator[Progress]:
        done, total = 0, self._count_stale(connection, version)
        yield Progress("wrap", 0, total)
        while rows := connection.execute(_STALE, (version, _BATCH)).fetchall():
            for row in rows:
                aad = self._sealer.key_aad(KeyId(row["owner"], row["generation"]))
                fresh = self._provider.wrap(self._provider.unwrap(bytes(row["wrapped"]), aad), aad)
                key = (row["owner"], row["generation"], row["wrapped"])
                connection.execute(_REWRAP, (fresh, version_of(fresh), *key))
            done += len(rows)
            yield Progress("wrap", done, max(done, total))
        # Durable before older versions are refused.
        connection.execute("SET synchronous_commit = on")
        connection.execute("UPDATE key_state SET required_version = required_version")
        connection.execute("SET synchronous_commit = off")

    @staticmethod
    def _count_stale(connection: Any, version: int) -> int:
        sql = "SELECT count(*) AS n FROM data_keys WHERE wrapped IS NOT NULL AND provider_version < %s"
        return int(connection.execute(sql, (version,)).fetchone()["n"])

    def _reencrypt(self, connection: Any) -> Iterator[Progress]:
        connection.execute(_RAISE)
        generation = self._sealer.notice().generation
        self._sleep(self._grace_seconds)
        with connection.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (INSERT_LOCK,))
        self._wait_for_writers(connection)
        unread: list[str] = []
        for column in self._sealer.columns:
            yield from self._seal_anew(connection, column, generation, unread)
        self._check(connection, generation, unread)
        yield Progress("retire")
        self._sleep(self._readers_seconds)
        connection.execute("SET synchronous_commit = on")
        with connection.transaction():
            connection.execute(_RETIRE, (generation,))
            connection.execute("UPDATE key_state SET changes = changes + 1")
        self._sealer.notice()

    def _wait_for_writers(self, connection: Any) -> None:
        """Until whoever was writing at this moment, a rebuild of read models for instance, has ended."""
        horizon = connection.execute(_HORIZON).fetchone()["upto"]
        while connection.execute(_STILL, (horizon,)).fetchone()["writing"]:
            self._sleep(_LOOK_SECONDS)

    def _seal_anew(self, connection: Any, column: SealedColumn, generation: int, unread: list[str]) -> Iterator[Progress]:
        done, total = 0, count_old(connection, column.table, column.column, generation)
        yield Progress(column.name, 0, total)
        for rows in old_rows(connection, column, generation, _BATCH):
            for row in rows:
                try:
                    fresh = self._sealer.reseal(bytes(row[column.column]), column.place(row))
                except Shredded:
                    continue
                except Tampered as damaged:
                    unread.append(f"{column.name}: {damaged}")
                    continue
                if fresh is not None:
                    put(connection, column, row, fresh)
            done += len(rows)
            yield Progress(column.name, done, max(done, total))

    def _check(self, connection: Any, generation: int, unread: list[str]) -> None:
        """Refuse to give up old keys while anything needs them. Raises NotReencrypted."""
        left = [(c.table, c.column) for c in self._sealer.columns] if not unread else []
        for table, column in [*left, *other_columns(connection, self._sealer.columns)]:
            if count := count_old(connection, table, column, generation):
                unread.append(f"{table}.{column}: {count} values that an old key has sealed")
        if unread:
            raise NotReencrypted(unread)
