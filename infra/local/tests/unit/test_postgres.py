"""One database per service, closed to the others; on the embedded server."""

import json
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from deployforge_chassis.identity import SERVICES
from deployforge_local import postgres
from deployforge_local.settings import LocalSettings


@pytest.fixture(scope="module")
def settings() -> Iterator[LocalSettings]:
    # Not pytest's directory: the server's own user could not enter it when root runs the tests.
    home = Path(tempfile.mkdtemp(prefix="df-local-pg-"))
    home.chmod(0o755)
    made = LocalSettings(home=home)
    postgres.prepare(made)
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(postgres.command(made), user=postgres.user(), cwd="/", stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 20
        while not postgres.is_ready(made):
            assert time.monotonic() < deadline, (home / "log").read_text()
            time.sleep(0.05)
        postgres.create_databases(made)
        yield made
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(made.socket_dir, ignore_errors=True)
        shutil.rmtree(home, ignore_errors=True)


def _databases(settings: LocalSettings) -> set[str]:
    with psycopg.connect(postgres.url(settings, "postgres")) as connection:
        return {row[0] for row in connection.execute("SELECT datname FROM pg_database WHERE NOT datistemplate")}


def test_every_service_has_a_database_of_its_own(settings: LocalSettings) -> None:
    assert _databases(settings) == {"postgres", *SERVICES, postgres.TERRAFORM}
    for service in SERVICES:
        with psycopg.connect(postgres.url(settings, postgres.owner(service))) as connection:
            connection.execute("CREATE TABLE mine (x int)")
            connection.rollback()


def test_the_role_of_a_running_service_makes_no_tables(settings: LocalSettings) -> None:
    with (
        psycopg.connect(postgres.url(settings, "healer")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE mine (x int)")


def test_a_system_made_with_one_role_for_everything_gets_both(settings: LocalSettings) -> None:
    with psycopg.connect(postgres.url(settings, "postgres", "mcal"), autocommit=True) as connection:
        connection.execute('ALTER DATABASE "mcal" OWNER TO "mcal"')
        connection.execute("CREATE TABLE older (x int)")
        connection.execute('ALTER TABLE older OWNER TO "mcal"')
    postgres.create_databases(settings)
    with psycopg.connect(postgres.url(settings, "mcal-owner")) as connection:
        owners = connection.execute(
            "SELECT relowner::regrole::text FROM pg_class WHERE relname = 'older' "
            "UNION ALL SELECT datdba::regrole::text FROM pg_database WHERE datname = 'mcal'"
        ).fetchall()
        connection.execute("DROP TABLE older")
    assert owners == [('"mcal-owner"',), ('"mcal-owner"',)]


def test_passwords_that_are_missing_are_added_and_the_others_stay(settings: LocalSettings) -> None:
    before = postgres.passwords(settings)
    path = settings.key_dir / "database-passwords.json"
    path.write_text(json.dumps({role: word for role, word in before.items() if not role.endswith("-owner")}))
    after = postgres.passwords(settings)
    path.write_text(json.dumps(before))
    assert set(after) == set(before)
    assert {role: after[role] for role in ("postgres", "healer")} == {role: before[role] for role in ("postgres", "healer")}


@pytest.mark.parametrize("database", ["mcal", "postgres", "template1"])
def test_a_role_cannot_connect_to_another_database(settings: LocalSettings, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(postgres.url(settings, "healer", database))


def test_a_wrong_password_is_refused(settings: LocalSettings) -> None:
    wrong = psycopg.conninfo.make_conninfo(postgres.url(settings, "healer"), password="wrong")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(wrong)


def test_a_start_that_broke_off_is_completed_by_the_next(settings: LocalSettings) -> None:
    with psycopg.connect(postgres.url(settings, "postgres"), autocommit=True) as connection:
        connection.execute('DROP DATABASE "healer"')
        connection.execute('GRANT CONNECT ON DATABASE "mcal" TO PUBLIC')
    postgres.create_databases(settings)
    assert "healer" in _databases(settings)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(postgres.url(settings, "healer", "mcal"))


def test_it_listens_on_no_port(settings: LocalSettings) -> None:
    with psycopg.connect(postgres.url(settings, "postgres")) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
