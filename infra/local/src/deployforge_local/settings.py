"""Where the local system keeps things and which ports it uses. All of it follows from a directory and a port base."""

import hashlib
import tempfile
from pathlib import Path

from deployforge_chassis.identity import SERVICES
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

#: Port offsets of what is not a service of ours.
KAFKA, KAFKA_CONTROLLER, REGISTRY, REGISTRY_MANAGEMENT, MINISTACK, AZURE, GCP = _FOREIGN = range(7)
#: Port offsets of the services' gRPC and metrics, in the order of `identity.SERVICES`.
_GRPC, _METRICS = 10, 20
#: Where the drift detector takes clouds' change events in.
_EVENTS = 7
#: From one replica's ports to the next one's.
_PER_REPLICA = 30


class LocalSettings(BaseSettings):
    """Read from the environment, prefix DEPLOYFORGE_."""

    model_config = SettingsConfigDict(env_prefix="DEPLOYFORGE_", frozen=True, extra="ignore", env_ignore_empty=True)

    home: Path = Path(".deployforge")
    """Directory of this system's data, logs, keys and certificates; two systems need two."""

    port_base: int = Field(default=7400, ge=1024, le=65500)
    """First of the 26 ports of this system, all on 127.0.0.1; each further replica takes the 30 after that."""

    replicas: int = Field(default=1, ge=1, le=3)
    """Processes of each service, sharing its database and its consumer groups."""

    link_port_base: int = Field(default=0, ge=0, le=65500)
    """Where the services find the broker, the emulated cloud and each other, when something stands in between: the
    port base of those proxies. PostgreSQL's socket is then looked for in `link_socket_dir`. 0: nothing stands there."""

    cache: Path = Path("~/.cache/deployforge")
    """Directory of downloaded, verified artifacts; systems share it."""

    log_level: str = "info"
    """Least severe level that services log."""

    @property
    def root(self) -> Path:
        """`home`, absolute."""
        return self.home.expanduser().absolute()

    @property
    def cache_dir(self) -> Path:
        """`cache`, absolute."""
        return self.cache.expanduser().absolute()

    @property
    def run_dir(self) -> Path:
        """Pid files and the supervisor's status."""
        return self.root / "run"

    @property
    def log_dir(self) -> Path:
        """One log per process."""
        return self.root / "logs"

    @property
    def tls_dir(self) -> Path:
        """The development CA and its certificates."""
        return self.root / "tls"

    @property
    def key_dir(self) -> Path:
        """The services' keys, or the token that holds them."""
        return self.root / "keys"

    @property
    def key_provider_file(self) -> Path:
        """Whether this system's keys are in a token or in files: `pkcs11` or `file`."""
        return self.key_dir / "provider"

    @property
    def data_dir(self) -> Path:
        """What Kafka, the registry and the emulated cloud keep."""
        return self.root / "data"

    @property
    def contexts_file(self) -> Path:
        """Who may talk to this system from the command line."""
        return self.root / "contexts.yaml"

    @property
    def credentials_file(self) -> Path:
        """The emulated cloud's root credential, for mcal."""
        return self.root / "keys" / "cloud-credentials.json"

    @property
    def secrets_dir(self) -> Path:
        """One secret per file of mode 600, for `secret://file/<name>` in manifests."""
        return self.root / "secrets"

    @property
    def tokens_file(self) -> Path:
        """Hashes of the first API tokens, for the control plane."""
        return self.root / "keys" / "bootstrap-tokens.json"

    @property
    def events_tokens_file(self) -> Path:
        """What clouds show that send change events."""
        return self.root / "keys" / "events-tokens.json"

    @property
    def socket_dir(self) -> Path:
        """PostgreSQL's Unix socket; short, because a socket's path has 107 bytes at most."""
        return Path(tempfile.gettempdir()) / f"deployforge-{hashlib.sha256(str(self.root).encode()).hexdigest()[:10]}"

    @property
    def link_socket_dir(self) -> Path:
        """Where services look for PostgreSQL's socket when something stands in between."""
        return self.socket_dir / "link"

    def port(self, offset: int) -> int:
        """A port of this system."""
        return self.port_base + offset

    def link(self, port: int) -> int:
        """The port by which services reach a port of this system."""
        return port - self.port_base + self.link_port_base if self.link_port_base else port

    def grpc_port(self, service: str, replica: int = 1) -> int:
        """Where a replica of a service answers calls."""
        return self.port(_GRPC + SERVICES.index(service) + _PER_REPLICA * (replica - 1))

    def metrics_port(self, service: str, replica: int = 1) -> int:
        """Where a replica of a service shows its metrics."""
        return self.port(_METRICS + SERVICES.index(service) + _PER_REPLICA * (replica - 1))

    def events_port(self, replica: int = 1) -> int:
        """Where a replica of the drift detector takes clouds' change events in."""
        return self.port(_EVENTS + _PER_REPLICA * (replica - 1))

    def addresses(self, service: str) -> str:
        """All replicas of a service, `host:port[,host:port…]`, as its clients are told."""
        replicas = range(1, self.replicas + 1)
        return ",".join(f"127.0.0.1:{self.link(self.grpc_port(service, replica))}" for replica in replicas)

    @property
    def ports(self) -> list[int]:
        """Every port of this system."""
        members = [(s, replica) for s in SERVICES for replica in range(1, self.replicas + 1)]
        services = [port for member in members for port in (self.grpc_port(*member), self.metrics_port(*member))]
        events = [self.events_port(replica) for replica in range(1, self.replicas + 1)]
        return [self.port(offset) for offset in _FOREIGN] + events + services

    @property
    def kafka_bootstrap(self) -> str:
        """The broker."""
        return f"127.0.0.1:{self.port(KAFKA)}"

    @property
    def registry_url(self) -> str:
        """The schema registry's Confluent API."""
        return f"http://127.0.0.1:{self.port(REGISTRY)}/apis/ccompat/v7"

    @property
    def ministack_url(self) -> str:
        """The emulated AWS."""
        return f"http://127.0.0.1:{self.port(MINISTACK)}"

    @property
    def azure_url(self) -> str:
        """The emulated Azure Resource Manager."""
        return f"http://127.0.0.1:{self.port(AZURE)}"

    @property
    def gcp_url(self) -> str:
        """The emulated Google Cloud."""
        return f"http://127.0.0.1:{self.port(GCP)}"
