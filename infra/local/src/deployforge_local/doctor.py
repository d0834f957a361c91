"""Checks of the machine and of the local system; each finding comes with what to do."""

import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
from confluent_kafka import KafkaException
from cryptography import x509
from deployforge_chassis import topics
from deployforge_chassis.identity import BROKER, CLIENT, SERVICES
from deployforge_chassis.registry import COMPATIBILITY

from deployforge_local import artifacts, hsm, kafka, postgres, system
from deployforge_local.settings import LocalSettings

Check = tuple[str, bool, str, str]
"""name, is it well, what was found, what to do."""

_DISK_BYTES = 2 * 1024**3


def checks(settings: LocalSettings | None = None) -> list[Check]:
    """All checks; the command line finds this by the entry point group `deployforge.doctor`."""
    settings = settings or LocalSettings()
    running = system.supervisor(settings) is not None
    return [*_machine(settings), *(_system(settings) if running else _stopped(settings))]


def _machine(settings: LocalSettings) -> Iterator[Check]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield "python", sys.version_info[:2] in ((3, 11), (3, 12)), version, "use Python 3.11 or 3.12"
    existing = settings.root
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free
    yield "disk", free > _DISK_BYTES, f"{free / 1024**3:.0f} GiB free", "free 2 GiB, or move DEPLOYFORGE_HOME"
    damaged = artifacts.damaged(settings)
    found = f"{len(damaged)} of 93 missing or damaged" if damaged else "complete and unchanged"
    yield "artifacts", not damaged, found, f"`make up` fetches them; remove {settings.cache_dir} if it cannot"


def _stopped(settings: LocalSettings) -> Iterator[Check]:
    taken = [port for port in settings.ports if system._in_use(port)]
    found = f"in use by others: {taken}" if taken else f"{settings.ports[0]} to {settings.ports[-1]} are free"
    yield "ports", not taken, found, "choose another DEPLOYFORGE_PORT_BASE"
    yield "system", False, "is not running", "`make up`"


def _system(settings: LocalSettings) -> Iterator[Check]:
    for row in system.rows(settings):
        found = f"{row.state}, pid {row.pid}, {row.resident_bytes / 2**20:.0f} MiB, {row.restarts} restarts"
        yield row.name, row.state == "ready", found, f"see {settings.log_dir / (row.name + '.log')}"
    yield _certificates(settings)
    yield _keys(settings)
    yield _topics(settings)
    yield _compatibility(settings)
    ready = postgres.is_ready(settings)
    yield "database", ready, "answers" if ready else "does not answer", f"see {settings.log_dir / 'postgres.log'}"


def _certificates(settings: LocalSettings) -> Check:
    names = (*SERVICES, BROKER, CLIENT)
    if missing := [name for name in names if not (settings.tls_dir / f"{name}.pem").is_file()]:
        return "certificates", False, f"missing: {missing}", "`make down && make up` makes them"
    ends = min(
        x509.load_pem_x509_certificate((settings.tls_dir / f"{name}.pem").read_bytes()).not_valid_after_utc
        for name in names
    )
    days = (ends - datetime.now(UTC)).days
    return "certificates", days > 0, f"valid for {days} more days", "`make down && make up` renews them"


def _keys(settings: LocalSettings) -> Check:
    try:
        chosen = hsm.provider(settings)
    except hsm.OtherProvider as missing:
        return "keys", False, str(missing), "install SoftHSM again"
    found = {
        "pkcs11": "in a SoftHSM token (pkcs11)",
        "file": "in key files (file); a new home would use SoftHSM if it is installed",
    }
    return "keys", True, found[chosen], ""


def _topics(settings: LocalSettings) -> Check:
    try:
        missing = {t.full_name for t in topics.load().values()} - kafka.existing_topics(settings)
    except KafkaException as error:
        return "topics", False, str(error), f"see {settings.log_dir / 'kafka.log'}"
    return "topics", not missing, f"missing: {sorted(missing)}" if missing else "all there", "`make down && make up`"


def _compatibility(settings: LocalSettings) -> Check:
    see = f"see {settings.log_dir / 'registry.log'}"
    try:
        level = httpx.get(f"{settings.registry_url}/config", timeout=5).json().get("compatibilityLevel", "none")
    except (httpx.HTTPError, ValueError) as error:
        return "schemas", False, f"the registry does not answer: {error}", see
    restart = "`python -m deployforge_local restart registry` demands FULL_TRANSITIVE again"
    return "schemas", level == COMPATIBILITY, f"compatibility {level}", restart
