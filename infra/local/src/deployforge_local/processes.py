"""Every process of the local system, in the order in which they start."""

import json
import signal
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import grpc
from deployforge_chassis import devca, tls
from deployforge_chassis.identity import CLIENT, CONTROL_PLANE, DRIFT_DETECTOR, MCAL, SERVICES
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deployforge_local import artifacts, azure, emulator, gcp, hsm, kafka, people, postgres, terraform
from deployforge_local.settings import KAFKA, MINISTACK, LocalSettings


def _nothing() -> None:
    """Nothing to prepare."""


@dataclass(frozen=True)
class Process:
    """One process: how it is started, when it is ready, and what is done once it is."""

    name: str
    program: Callable[[], Sequence[str]] | str
    """Gives the command; or a module, which is then forked from the warm interpreter."""
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None
    once_ready: Callable[[], None] = _nothing
    stage: int = 0
    """Processes of one stage start together; the next stage waits until all are ready."""
    ready_seconds: float = 90.0


def stop_signal(name: str) -> int:
    """What asks a process to stop cleanly. PostgreSQL's SIGTERM waits for its clients; its SIGINT does not."""
    return signal.SIGINT if name == "postgres" else signal.SIGTERM


def prepare(settings: LocalSettings, say: Callable[[str], None]) -> None:
    """Everything that must be on disk before a process starts."""
    for directory in (settings.run_dir, settings.log_dir, settings.key_dir, *kafka.data_dirs(settings)):
        directory.mkdir(parents=True, exist_ok=True)
    settings.secrets_dir.mkdir(exist_ok=True)
    for private in (settings.key_dir, settings.secrets_dir):
        private.chmod(0o700)
    artifacts.fetch_all(settings, say)
    devca.ensure(settings.tls_dir)
    hsm.prepare(settings)
    people.ensure(settings)
    people.ensure_senders(settings)
    postgres.prepare(settings)
    kafka.prepare_kafka(settings)


def infrastructure(settings: LocalSettings) -> list[Process]:
    """What is not ours."""
    return [
        Process(
            "postgres",
            lambda: postgres.command(settings),
            lambda: postgres.is_ready(settings),
            user=postgres.user(),
            once_ready=lambda: postgres.create_databases(settings),
        ),
        Process(
            "kafka",
            lambda: kafka.kafka_command(settings),
            lambda: kafka.kafka_is_ready(settings),
            once_ready=lambda: kafka.create_topics(settings),
            # After a crash it reads its logs again first; on a busy machine that takes longer than any other start.
            ready_seconds=240.0,
        ),
        Process(
            "registry",
            lambda: kafka.registry_command(settings),
            lambda: kafka.registry_is_ready(settings),
            once_ready=lambda: kafka.register_schemas(settings),
        ),
        Process(
            "ministack",
            emulator.command,
            lambda: emulator.is_ready(settings),
            environment=emulator.environment(settings),
            once_ready=lambda: emulator.prepare_account(settings),
        ),
        Process(
            "azure",
            lambda: azure.command(settings),
            lambda: azure.is_ready(settings),
            environment=azure.environment(),
            once_ready=lambda: azure.prepare_groups(settings),
        ),
        Process(
            "gcp",
            lambda: gcp.command(settings),
            lambda: gcp.is_ready(settings),
            environment=gcp.environment(),
        ),
    ]


def services(settings: LocalSettings) -> list[Process]:
    """The six, each as often as there are replicas."""
    return [_member(settings, service, replica) for replica in range(1, settings.replicas + 1) for service in SERVICES]


def member_name(service: str, replica: int) -> str:
    """What a replica's process is called: `mcal`, `mcal-2`."""
    return service if replica == 1 else f"{service}-{replica}"


def _member(settings: LocalSettings, service: str, replica: int) -> Process:
    return Process(
        member_name(service, replica),
        f"deployforge_{service.replace('-', '_')}.main",
        lambda: is_serving(settings, service, replica),
        environment=service_environment(settings, service, replica),
        stage=1,
    )


def service_environment(settings: LocalSettings, service: str, replica: int = 1) -> dict[str, str]:
    """What a replica of a service is told."""
    told = {
        "SERVICE": service,
        "GRPC_ADDRESS": f"127.0.0.1:{settings.grpc_port(service, replica)}",
        "METRICS_ADDRESS": f"127.0.0.1:{settings.metrics_port(service, replica)}",
        "DATABASE_URL": postgres.url(settings, service, linked=True),
        "DATABASE_OWNER_URL": postgres.url(settings, postgres.owner(service), linked=True),
        "KAFKA_BOOTSTRAP": f"127.0.0.1:{settings.link(settings.port(KAFKA))}",
        "REGISTRY_URL": settings.registry_url,
        "TLS_DIR": str(settings.tls_dir),
        "LOG_LEVEL": settings.log_level,
        **{f"{peer.upper().replace('-', '_')}_ADDRESS": settings.addresses(peer) for peer in SERVICES},
    }
    if service == MCAL:
        told["AWS_ENDPOINT"] = f"http://127.0.0.1:{settings.link(settings.port(MINISTACK))}"
        options = {
            "azure": {"endpoint": settings.azure_url},
            "gcp": {"endpoint": settings.gcp_url},
            "gcp-deployment-manager": {"endpoint": settings.gcp_url},
            "terraform": terraform.options(settings),
        }
        told["PROVIDER_OPTIONS"] = json.dumps(options)
        # The emulated cloud costs nothing to ask.
        told["LISTING_SECONDS"] = "10"
        told["MCAL_CREDENTIALS_FILE"] = str(settings.credentials_file)
        told["MCAL_SECRETS_DIR"] = str(settings.secrets_dir)
    if service == DRIFT_DETECTOR:
        told["EVENTS_ADDRESS"] = f"127.0.0.1:{settings.events_port(replica)}"
        told["EVENTS_TOKENS"] = str(settings.events_tokens_file)
    if service == CONTROL_PLANE:
        told["BOOTSTRAP_TOKENS_FILE"] = str(settings.tokens_file)
    named = {f"DEPLOYFORGE_{name}": value for name, value in told.items()}
    return {**named, **hsm.environment(settings, service)}


def is_serving(settings: LocalSettings, service: str, replica: int = 1) -> bool:
    """Whether a replica of a service reports SERVING to a client of our CA."""
    with socket.socket() as probe:
        # Nobody listens while it starts, which a connection finds out in a hundredth of the work that TLS takes.
        if probe.connect_ex(("127.0.0.1", settings.grpc_port(service, replica))):
            return False
    credentials = tls.load(settings.tls_dir, CLIENT).channel_credentials()
    with grpc.secure_channel(
        f"127.0.0.1:{settings.grpc_port(service, replica)}",
        credentials,
        [("grpc.ssl_target_name_override", service)],
    ) as channel:
        try:
            stub = health_pb2_grpc.HealthStub(channel)
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
        except grpc.RpcError:
            return False
    return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)
