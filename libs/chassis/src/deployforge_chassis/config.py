"""What a service process is told by its environment.

Every variable has the prefix DEPLOYFORGE_. A service subclasses `ServiceSettings` in its own `config.py`,
the only module of a service that reads the environment.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from deployforge_chassis.identity import SERVICES


class UnknownPeer(LookupError):
    """A service was asked to call a peer that does not exist."""

    def __init__(self, peer: str) -> None:
        super().__init__(f"no service is called {peer!r}; there are {', '.join(SERVICES)}")
        self.peer = peer


class ServiceSettings(BaseSettings):
    """Settings that all services share. Frozen: nothing changes after start-up."""

    model_config = SettingsConfigDict(
        env_prefix="DEPLOYFORGE_",
        frozen=True,
        extra="ignore",
        use_attribute_docstrings=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
    )

    service: str
    """This process's service name, `orchestrator`. A subclass gives the default."""

    database_url: str = Field(repr=False)
    """libpq URL or DSN of the service's own database, for all work on rows; a Unix socket directory as host is fine."""

    database_owner_url: str = Field(default="", repr=False)
    """libpq URL or DSN of the role that owns the tables, used at start only; empty: `database_url` is its role too."""

    grpc_address: str = "127.0.0.1:0"
    """Where the gRPC server listens, `host:port`; port 0 takes a free one."""

    metrics_address: str = "127.0.0.1:0"
    """Where Prometheus metrics are served over HTTP, `host:port`; port 0 takes a free one."""

    parking_limit: int = Field(default=50, ge=1)
    """So many messages may be parked within a minute; above that the consumer pauses."""

    parking_cooldown_seconds: float = Field(default=300.0, gt=0)
    """How long a consumer pauses that parked too much, unless parked messages are replayed."""

    kafka_bootstrap: str = "127.0.0.1:7400"
    """Brokers, `host:port[,host:port…]`; always mutual TLS."""

    registry_url: str = "http://127.0.0.1:7402/apis/ccompat/v7"
    """Base URL of a schema registry that speaks the Confluent API."""

    tls_dir: Path = Path(".deployforge/tls")
    """Directory with `ca.pem`, `<service>.pem` (chain), `<service>.key` (PKCS8), `control-plane.pem`."""

    keys: str = ""
    """URI of the provider of the key that wraps this service's data keys: `file:///path`, `pkcs11:token=…;object=…`
    or `aws-kms:alias/…`, see docs/operations/keys.md. Empty: the file named by `key_file`."""

    key_file: Path = Path(".deployforge/keys/service.key")
    """File with the key that wraps this service's data keys, when `keys` is empty."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe level that is logged."""

    control_plane_address: str = "127.0.0.1:7410"
    """gRPC address of control-plane, `host:port[,host:port…]`: one per replica, or a name for all."""

    orchestrator_address: str = "127.0.0.1:7411"
    """gRPC address of orchestrator, `host:port[,host:port…]`: one per replica, or a name for all."""

    state_manager_address: str = "127.0.0.1:7412"
    """gRPC address of state-manager, `host:port[,host:port…]`: one per replica, or a name for all."""

    drift_detector_address: str = "127.0.0.1:7413"
    """gRPC address of drift-detector, `host:port[,host:port…]`: one per replica, or a name for all."""

    healer_address: str = "127.0.0.1:7414"
    """gRPC address of healer, `host:port[,host:port…]`: one per replica, or a name for all."""

    mcal_address: str = "127.0.0.1:7415"
    """gRPC address of mcal, `host:port[,host:port…]`: one per replica, or a name for all."""

    grpc_threads: int = Field(default=64, ge=2)
    """Threads that serve calls; a streaming call holds one for as long as it lasts."""

    grpc_streams: int = Field(default=48, ge=1)
    """Streaming calls served at once; more are refused with RESOURCE_EXHAUSTED. Below `grpc_threads`."""

    grpc_concurrency: int = Field(default=256, ge=1)
    """Calls running or waiting for a thread; more are refused with RESOURCE_EXHAUSTED."""

    effects_waiting_at_most: int = Field(default=5_000, ge=1)
    """Pieces of outside work that may be due and not taken up; above that, commands are refused with
    RESOURCE_EXHAUSTED and a hint when to try again."""

    unpublished_at_most: int = Field(default=100_000, ge=1)
    """Events that may wait to be published; above that, commands are refused as above."""

    effects_kept_seconds: float = Field(default=7 * 86_400.0, gt=0)
    """Seconds for which outside work that is done stays in its table; then it is deleted, little by little."""

    drain_seconds: float = Field(default=10.0, gt=0)
    """Seconds that all parts together get to finish after SIGTERM."""

    @field_validator("log_level", mode="before")
    @classmethod
    def _any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @property
    def keys_uri(self) -> str:
        """The URI of the key provider in use."""
        return self.keys or self.key_file.absolute().as_uri()

    def peer_address(self, peer: str) -> str:
        """Where service `peer` answers calls, `host:port[,host:port…]`."""
        if peer not in SERVICES:
            raise UnknownPeer(peer)
        address: str = getattr(self, f"{peer.replace('-', '_')}_address")
        return address
