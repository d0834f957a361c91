"""What the program's state does not say: which operation did what to a unit, and with which configuration.

One row per unit beside the states, in the same database, sealed with a key of its own.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deployforge_terraform.credentials import TerraformSession
from deployforge_terraform.errors import failed

#: Where the program's back end keeps its tables, and this adapter its own.
SCHEMA: Final = "deployforge"
_UNITS: Final = "deployforge.units"
_STATES: Final = "deployforge.states"
_LOCK: Final = 0x6466_7466
_CONNECT_SECONDS: Final = 10
_NONCE: Final = 12


@dataclass(frozen=True)
class Record:
    """The last operation on a unit."""

    token: str = ""
    actions: Mapping[str, str] = field(default_factory=dict)
    """Address → what this operation planned to do to it, at its first attempt."""
    made: Mapping[str, str] = field(default_factory=dict)
    """Address → id of what it made; the state may not know it after a kill."""
    begun: tuple[str, ...] = ()
    """Addresses on which work had begun and of whose end nothing is known."""
    running: bool = False
    """The program was started with these actions, and nothing is known of its end."""
    config: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    modules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Address of a module → what was last applied of it, references resolved."""


class Records:
    """A connection to the database of the states. Raises ProviderFailure when it cannot be reached."""

    def __init__(self, session: TerraformSession) -> None:
        self._session = session
        try:
            self._connection = psycopg.connect(session.state_url, autocommit=True, connect_timeout=_CONNECT_SECONDS)
        except psycopg.Error as error:
            said = session.scrubbed(" ".join(str(error).split()))[:500]
            hint = "is the database of the credential's stateUrl up?"
            raise failed("STATE_UNREACHABLE", said, hint, retryable=True) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._connection.close()

    @contextmanager
    def first_use(self) -> Iterator[None]:
        """Of several that come first to an empty database, one makes its tables while the others wait."""
        if self._there(_UNITS) and self._there(_STATES):
            yield
            return
        self._connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            self._connection.execute("CREATE SCHEMA IF NOT EXISTS deployforge")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS deployforge.units (workspace text PRIMARY KEY, sealed bytea NOT NULL)"
            )
            yield
        finally:
            self._connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))

    def _there(self, table: str) -> bool:
        found = self._connection.execute("SELECT to_regclass(%s) IS NOT NULL", (table,)).fetchone()
        return bool(found and found[0])

    def exists(self, workspace: str) -> bool:
        """Whether the unit has a state."""
        if not self._there(_STATES):
            return False
        sql = "SELECT 1 FROM deployforge.states WHERE name = %s"
        return self._connection.execute(sql, (workspace,)).fetchone() is not None

    def remove(self, workspace: str) -> None:
        """End a unit whose state is empty."""
        if self._there(_STATES):
            self._connection.execute("DELETE FROM deployforge.states WHERE name = %s", (workspace,))
        if self._there(_UNITS):
            self._connection.execute("DELETE FROM deployforge.units WHERE workspace = %s", (workspace,))

    def get(self, workspace: str) -> Record:
        """An empty record where there is none."""
        if not self._there(_UNITS):
            return Record()
        sql = "SELECT sealed FROM deployforge.units WHERE workspace = %s"
        row = self._connection.execute(sql, (workspace,)).fetchone()
        if row is None:
            return Record()
        sealed = bytes(row[0])
        try:
            text = self._cipher(workspace).decrypt(sealed[:_NONCE], sealed[_NONCE:], workspace.encode())
        except InvalidTag as error:
            hint = "the credential's stateKey is not the one that this unit was stored with"
            raise failed("STATE_KEY_WRONG", f"the record of {workspace} cannot be opened", hint) from error
        shown = json.loads(text)
        return Record(**{**shown, "begun": tuple(shown["begun"]), "variables": tuple(shown["variables"])})

    def put(self, workspace: str, record: Record) -> None:
        """Replace the unit's record."""
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher(workspace).encrypt(nonce, json.dumps(asdict(record)).encode(), workspace.encode())
        sql = (
            "INSERT INTO deployforge.units (workspace, sealed) VALUES (%s, %s) "
            "ON CONFLICT (workspace) DO UPDATE SET sealed = excluded.sealed"
        )
        self._connection.execute(sql, (workspace, sealed))

    def _cipher(self, workspace: str) -> AESGCM:
        return AESGCM(bytes.fromhex(self._session.key_of(f"record|{workspace}")))
