"""What the drift-detector is told by its environment."""

from pathlib import Path

from deployforge_chassis.config import ServiceSettings
from pydantic import Field, PositiveInt


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "drift-detector"
    """This process's service name."""

    scan_at_least_seconds: int = Field(default=1, ge=1)
    """No shard is scanned more often than this on schedule, whatever its resources ask for."""

    second_read_seconds: float = Field(default=10.0, ge=0)
    """An answer that contradicts what was seen a moment ago counts when it was read again; for so long that is asked for,
    and so long is a moment. 0: every answer counts at once."""

    scan_type_seconds: dict[str, PositiveInt] = Field(default_factory=dict)
    """JSON `{"Role": 15, "aws/AWS::IAM::*": 15}`: types, or patterns of types, that are looked at this often, in seconds,
    where their deployments are content with less."""

    anomaly_model: str = ""
    """A file that `deployforge drift train` wrote, read when the first drift is told; empty for the model that ships."""

    severity_policy: Path | None = None
    """A file of YAML or JSON with the operator's rules about the severity of drift, read at the start, which fails where it
    is wrong; empty means none."""

    events_address: str = ""
    """Where clouds' change events are taken in, as `127.0.0.1:8090`; empty means nowhere. Plain HTTP: for an ingress that
    ends TLS."""

    events_tokens: Path | None = None
    """A JSON file: cloud (aws, azure, gcp) → the token that its senders show. A cloud without one is refused."""

    stall_seconds: float = Field(default=30.0, gt=0)
    """The process ends itself when batches wait and none was finished for this long."""

    rss_cap_mib: int = Field(default=1024, ge=128)
    """The process ends itself, to be started again, when it holds more memory than this many MiB."""
