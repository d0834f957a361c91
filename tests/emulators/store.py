"""Everything the emulator knows, on disk: documents by kind and key. One thread at a time, see `app`."""

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """Documents in one SQLite file. A change is kept once the call that made it has been answered."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute("CREATE TABLE IF NOT EXISTS things (kind TEXT, key TEXT, body TEXT, PRIMARY KEY (kind, key))")

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """A document, or None."""
        row = self._db.execute("SELECT body FROM things WHERE kind = ? AND key = ?", (kind, key.lower())).fetchone()
        return None if row is None else json.loads(row[0])

    def put(self, kind: str, key: str, body: Any) -> None:
        """Keep a document in place of the one before."""
        self._db.execute("INSERT OR REPLACE INTO things VALUES (?, ?, ?)", (kind, key.lower(), json.dumps(body)))

    def drop(self, kind: str, key: str) -> None:
        """Forget a document, if there is one."""
        self._db.execute("DELETE FROM things WHERE kind = ? AND key = ?", (kind, key.lower()))

    def below(self, kind: str, prefix: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
        """Keys that begin with a prefix, in order, with their documents."""
        low = prefix.lower()
        rows = self._db.execute(
            "SELECT key, body FROM things WHERE kind = ? AND key >= ? AND key < ? ORDER BY key",
            (kind, low, low + "\U0010ffff"),
        ).fetchall()
        return ((key, json.loads(body)) for key, body in rows)

    def commit(self) -> None:
        """What was changed since the last one is on disk."""
        self._db.commit()

    def undo(self) -> None:
        """Forget what was changed since the last commit."""
        self._db.rollback()


class Clock:
    """Seconds since 1970, shifted by whoever tests what time does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def now(self) -> float:
        """The emulator's time."""
        return time.time() + float((self._store.get("clock", "shift") or {}).get("seconds", 0))

    def shift(self, seconds: float) -> None:
        """Move it, for good."""
        shifted = float((self._store.get("clock", "shift") or {}).get("seconds", 0)) + seconds
        self._store.put("clock", "shift", {"seconds": shifted})


def iso(seconds: float) -> str:
    """As ARM writes times."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds)) + f".{int(seconds % 1 * 1e7):07d}Z"
