"""Canaries: secrets planted wherever one can come from, and looked for wherever something is kept or said.

What is searched is searched for a marker too, which is no secret and stands beside them: a search that finds nothing of
anything proves nothing.
"""

import base64
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_chassis import tls
from deployforge_chassis.identity import BROKER, SERVICES
from deployforge_client import DeployForge
from deployforge_local import postgres
from deployforge_local.cloud import Cloud
from deployforge_local.processes import service_environment
from deployforge_local.settings import LocalSettings

from tests.integration.conftest import Cli
from tests.integration.journey import (
    NAMESPACE,
    REGION,
    applied,
    destroyed,
    eventually,
    followed,
    manifest,
    physical_ids,
    queue,
)

_AUTO = {"mode": "auto", "maxSeverity": "critical", "limits": {"maxResources": 5, "maxPercent": 0, "perHour": 60}}
_HEALED_WITHIN_SECONDS = 60.0
_HEX = re.compile(rb"\\\\x([0-9a-f]{16,})")


@dataclass
class Planted:
    """Values that must be nowhere, and words that must be found."""

    canaries: dict[str, str] = field(default_factory=dict)
    """Where it comes from → the value."""

    def plant(self, where: str) -> str:
        self.canaries[where] = f"canary-{secrets.token_hex(16)}"
        return self.canaries[where]

    def found_in(self, data: bytes) -> list[str]:
        """Whose value is in there: as it is, or in base64 or hexadecimal."""
        return [where for where, value in self.canaries.items() if _holds(data, value)]


def _holds(data: bytes, value: str) -> bool:
    plain = value.encode()
    # In base64 a value has three spellings, by where it begins; the first and last characters depend on neighbours.
    shifted = [base64.b64encode(b"x" * n + plain)[4 if n else 0 : -4] for n in range(3)]
    return any(spelling in data for spelling in (plain, plain.hex().encode(), plain[::-1], *shifted))


@pytest.fixture
def planted(cloud: Cloud) -> Iterator[Planted]:
    made = Planted()
    file = LocalSettings().secrets_dir / "journey" / f"db-{secrets.token_hex(4)}"
    file.parent.mkdir(mode=0o700, exist_ok=True)
    file.touch(0o600)
    file.write_text(made.plant("file") + "\n")
    made.canaries["environment"] = os.environ["DEPLOYFORGE_SECRET_JOURNEY"]
    manager = cloud.client("secretsmanager", REGION)
    manager.create_secret(Name=f"journey/{file.name}", SecretString=made.plant("AWS"))
    made.canaries["name"] = file.name
    yield made
    file.unlink()
    manager.delete_secret(SecretId=f"journey/{file.name}", ForceDeleteWithoutRecovery=True)


def _manifest(deployment: str, kept: str, marker: str, **more: object) -> bytes:
    parameters = {
        "dbPassword": {"type": "secret", "from": f"secret://file/journey/{kept}"},
        "apiKey": {"type": "secret", "from": "secret://env/journey"},
        "licence": {"type": "secret", "from": f"secret://aws/journey/{kept}"},
    }
    resources = [
        {"name": "db", "type": "Secret", "properties": {"value": "${parameters.dbPassword}", "description": marker}},
        {"name": "api", "type": "Secret", "properties": {"value": "${parameters.apiKey}", "tags": {"marker": marker}}},
        {"name": "raw", "type": "aws/AWS::SecretsManager::Secret", "properties": {"SecretString": "${parameters.licence}"}},
        queue("jobs", tags={"marker": marker}),
        *more.pop("resources", []),  # type: ignore[misc]
    ]
    return manifest(deployment, resources, parameters=parameters, healing=_AUTO, **more)


def _not_checked(alice: DeployForge, name: str) -> dict[str, str]:
    """Resource → why the last scan did not check it, or not all of it."""
    shards = alice.coverage(f"{NAMESPACE}/{name}").shards
    return {one.urn.rpartition(":")[2]: one.reason for s in shards for one in s.not_checked}


def test_planted_secrets_are_nowhere_but_in_the_cloud(
    alice: DeployForge, admin: DeployForge, cloud: Cloud, cli: Cli, name: str, planted: Planted, tmp_path: Path
) -> None:
    marker, kept = f"marker-{secrets.token_hex(8)}", planted.canaries.pop("name")
    manager = cloud.client("secretsmanager", REGION)

    applied(alice, _manifest(name, kept, marker))
    ids = physical_ids(alice, name)
    values = [manager.get_secret_value(SecretId=ids[n])["SecretString"] for n in ("db", "api", "raw")]
    assert values == [planted.canaries[where] for where in ("file", "environment", "AWS")]

    # What is beside a value drifts and is put right; the value itself, which nobody can see, never drifts.
    manager.update_secret(SecretId=ids["db"], Description="hijacked")
    eventually(
        lambda: manager.describe_secret(SecretId=ids["db"]).get("Description") == marker, _HEALED_WITHIN_SECONDS, "healed"
    )
    # The scan after the healing says so; until then the unit is being changed.
    eventually(
        lambda: _not_checked(alice, name).get("db") == "value: not checked, the cloud gives no secret back",
        _HEALED_WITHIN_SECONDS,
        "a scan says that the value is not checked",
    )

    # The cloud repeats what it was given: a listener that does not exist is named in the error.
    echo = {
        "name": "echo", "type": "aws/AWS::ElasticLoadBalancingV2::ListenerRule",
        "properties": {
            "ListenerArn": "${parameters.licence}", "Priority": 1,
            "Actions": [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}],
            "Conditions": [{"Field": "path-pattern", "Values": ["/x"]}],
        },
    }  # fmt: skip
    failed = followed(alice, alice.submit(_manifest(name, kept, marker, resources=[echo])).request_id)
    assert failed.state in (cp.REQUEST_STATE_FAILED, cp.REQUEST_STATE_ROLLED_BACK)
    said = alice.execution(failed.execution_id) if failed.execution_id else failed
    assert "Listener '(secret)' not found" in str(said) + failed.reason

    # A value in its place is refused before it is kept.
    wrong = _manifest(name, kept, marker).replace(b"${parameters.apiKey}", planted.plant("written out").encode())
    (tmp_path / "wrong.yaml").write_bytes(wrong)
    refused = cli("apply", str(tmp_path / "wrong.yaml"))
    assert refused.returncode == 2
    assert "value is written out: it would be stored and shown" in refused.stdout + refused.stderr

    texts = {"credentials": _credentials(planted, alice, cli, name, tmp_path).encode()}
    where = f"{NAMESPACE}/{name}"
    (tmp_path / "again.yaml").write_bytes(_manifest(name, kept, marker))
    commands = [
        ("apply", str(tmp_path / "again.yaml")), ("plan", str(tmp_path / "again.yaml")), ("history", where),
        ("status", where), ("inventory", where), ("audit", "list", where, "-o", "json"), ("manifest", failed.request_id),
        ("list",), ("graph", where), ("drift", "list", where), ("healing", "incidents"), ("credentials", "list"),
    ]  # fmt: skip
    texts |= {"CLI": "".join(d.stdout + d.stderr for d in (cli(*c, context="admin") for c in commands)).encode()}
    texts["errors"] = (str(said) + failed.reason + str(alice.get(failed.request_id))).encode()
    texts["audit"] = str(admin.audit(size=500)).encode()
    destroyed(alice, name)
    texts |= {f"database {service}": _dump(service) for service in SERVICES}
    texts |= {f"opened {service}": _opened(service) for service in SERVICES}
    texts |= _topics()
    texts |= _logs()

    leaks = {place: leaked for place, data in texts.items() if (leaked := planted.found_in(data))}
    assert leaks == {}
    # The same search finds what is no secret: in the clear where it may be, sealed in databases.
    for place in ("CLI", "errors", "audit", "database control-plane", "database state-manager", "topics", "credentials"):
        assert _holds(texts[place], name), place
    # What is audited of a credential is its name and type.
    assert _holds(texts["audit"], f"root-{name} (aws)")
    assert _holds(texts["database mcal"], f"root-{name}")
    # Where all goes well, logs tell of the processes only.
    assert all(_holds(texts[f"logs {service}.log"], "partitions assigned") for service in SERVICES)
    for place in ("CLI", "opened control-plane", "opened mcal", "opened state-manager", "topics"):
        assert _holds(texts[place], marker), place
    assert all(texts[f"database {service}"] for service in SERVICES)


def _credentials(planted: Planted, alice: DeployForge, cli: Cli, name: str, tmp_path: Path) -> str:
    """What is said when a root credential is stored, refused by the cloud, and stored wrongly."""
    file, credential = tmp_path / "credential.json", f"root-{name}"
    secret = {"accessKeyId": planted.plant("root key"), "secretAccessKey": planted.plant("root secret"), "roleArn": "arn:r"}
    file.write_text(json.dumps(secret))
    put = ("credentials", "put", credential, "--file", str(file), "--type")
    said = [cli(*put, "aws", context="admin"), cli(*put, "nimbus", context="admin"), cli(*put, "aws")]
    assert [done.returncode for done in said] == [0, 2, 1], said
    mine = _manifest(f"{name}-root", "none", "none").replace(b"aws-local", credential.encode())
    bare = yaml.safe_load(mine)
    bare["spec"] |= {"resources": [queue("jobs")], "parameters": {}}
    refused = followed(alice, alice.submit(yaml.safe_dump(bare).encode()).request_id)
    assert refused.state == cp.REQUEST_STATE_FAILED, refused
    file.write_text(planted.plant("no object"))
    said.append(cli(*put, "aws", context="admin"))
    assert said[-1].returncode == 2
    said.append(cli("credentials", "test", credential, context="admin"))
    assert (said[-1].returncode, "CREDENTIAL_REFUSED" in said[-1].stderr) == (1, True), said[-1]
    # A deployment that was never made uses nothing.
    said.append(cli("credentials", "list", context="admin"))
    assert credential in said[-1].stdout
    # It stays: every database is searched with it in there.
    return refused.reason + "".join(done.stdout + done.stderr for done in said)


def test_the_search_finds_every_spelling(planted: Planted) -> None:
    value = planted.canaries["file"]
    for n in range(3):
        assert planted.found_in(base64.b64encode(b"y" * n + value.encode() + b"zz")) == ["file"]
    assert planted.found_in(f"\\x{value.encode().hex()}".encode()) == ["file"]
    assert planted.found_in(b"nothing") == []


def _dump(service: str) -> bytes:
    """All of a service's database as text; bytes as hexadecimal, and once more as what they are."""
    settings = LocalSettings()
    dump = subprocess.run(
        [postgres.binary("pg_dump"), "--no-owner", "--dbname", postgres.url(settings, "postgres", service)],
        capture_output=True, check=True, timeout=120,
    ).stdout  # fmt: skip
    return dump + b"".join(bytes.fromhex(found[1].decode()[: len(found[1]) // 2 * 2]) for found in _HEX.finditer(dump))


def _opened(service: str) -> bytes:
    """Every stored event and body of a service, unsealed: what an administrator with all keys could read."""
    told = {**os.environ, **service_environment(LocalSettings(), service)}
    # In a process of its own: a token's library reads its environment once.
    return subprocess.run([sys.executable, "-c", _OPEN], env=told, capture_output=True, check=True, timeout=120).stdout


_OPEN = """
import sys
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.keys import open_provider
from deployforge_chassis.sealing import SealedMapper, Sealer
from eventsourcing.persistence import StoredEvent

settings = ServiceSettings()
database = Database(settings.database_url)
sealer = Sealer(database, open_provider(settings.keys_uri), service=settings.service)
mapper = SealedMapper(sealer)
for row in database.query("SELECT originator_id, originator_version, topic, state FROM events"):
    stored = StoredEvent(row["originator_id"], row["originator_version"], row["topic"], bytes(row["state"]))
    sys.stdout.buffer.write(mapper.body(stored) + b"\\n")
for row in database.query("SELECT digest, sealed FROM bodies"):
    sys.stdout.buffer.write(sealer.open(bytes(row["sealed"]), "body|" + row["digest"]) + b"\\n")
database.close()
"""


def _topics() -> dict[str, bytes]:
    """Every message of every topic: keys, values, headers."""
    settings = LocalSettings()
    consumer = Consumer({
        "bootstrap.servers": settings.kafka_bootstrap, "group.id": f"canary-{secrets.token_hex(4)}",
        "enable.auto.commit": False, "enable.partition.eof": True, **tls.load(settings.tls_dir, BROKER).kafka_settings(),
    })  # fmt: skip
    known = consumer.list_topics(timeout=20).topics
    places = [
        TopicPartition(t, p, OFFSET_BEGINNING)
        for t, m in known.items()
        for p in m.partitions
        if t.startswith("deployforge.")
    ]
    consumer.assign(places)
    ended, found = 0, []
    while ended < len(places):
        for message in consumer.consume(500, 30):
            if message.error() is not None:
                ended += 1
                continue
            headers = b" ".join(value or b"" for _, value in message.headers() or ())
            found.append(b" ".join([message.key() or b"", message.value() or b"", headers]))
    consumer.close()
    assert len(found) > 20
    return {"topics": b"\n".join(found)}


def _logs() -> dict[str, bytes]:
    """Every log, traces included, but that of the emulated cloud, which holds secrets because it must."""
    logs = [path for path in LocalSettings().log_dir.glob("*.log*") if not path.name.startswith("ministack")]
    assert len(logs) > len(SERVICES)
    return {f"logs {path.name}": path.read_bytes() for path in logs}
