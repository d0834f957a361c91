"""What mcal is told by its environment."""

from ipaddress import IPv4Network
from pathlib import Path

from deployforge_chassis.config import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "mcal"
    """This process's service name."""

    aws_endpoint: str = ""
    """URL of an AWS emulator; empty means AWS itself."""

    provider_options: dict[str, dict[str, str]] = Field(default_factory=dict)
    """JSON `{provider type: {option: value}}` for installed adapters; what each takes is in its own documentation.
    `azure` and `gcp` take the `endpoint` of an emulator, which issues its tokens too."""

    mcal_credentials_file: Path | None = None
    """JSON `{credentialRef: {type: aws, accessKeyId, secretAccessKey, roleArn}}`, for Azure `{type: azure, tenantId,
    clientId, clientSecret}`, for Google Cloud `{type: gcp, serviceAccount, readerServiceAccount, key}`, sealed into the
    database at every start. None: credentials come by Credentials.Put alone."""

    mcal_secrets_dir: Path | None = None
    """Directory of secrets, one per file of mode 600, named in manifests as `secret://file/<path>`. None: no such
    source."""

    mcal_secrets_prefix: str = Field(default="DEPLOYFORGE_SECRET_", min_length=4)
    """Variables of this process that begin so are secrets, named in manifests as `secret://env/<rest>`; no others can
    be."""

    provider_read_seconds: float = Field(default=600.0, gt=0)
    """How long a provider may take to read, in seconds; what it has not answered then was not checked."""

    provider_change_seconds: float = Field(default=7200.0, gt=0)
    """How long a provider may take for an operation, in seconds; then the operation fails, whatever its adapter does."""

    operation_threads: int = Field(default=8, ge=1)
    """Operations done at once; each waits for its cloud most of the time."""

    scan_threads: int = Field(default=4, ge=1)
    """Shards read at once."""

    api_calls_first: int = Field(default=8, ge=1)
    """Calls to one API of an account that scans and deployments begin with at once; what the API bears is learned."""

    api_calls_at_most: int = Field(default=32, ge=1)
    """Calls to one API of an account at once, whatever it bears; at least `api_calls_first`."""

    api_reserve: float = Field(default=0.25, ge=0, lt=1)
    """The share of these that scans leave to deployments."""

    listing_seconds: float = Field(default=60.0, gt=0)
    """An account and location is searched for what no deployment owns at most this often, in seconds."""

    network_pools: tuple[IPv4Network, ...] = (IPv4Network("10.0.0.0/8"),)
    """JSON list of the ranges that `cidr: auto/<size>` takes from, in this order."""

    network_reserved: tuple[IPv4Network, ...] = ()
    """JSON list of ranges that `auto` leaves alone: networks that are not deployed from here."""

    network_shared: tuple[IPv4Network, ...] = ()
    """JSON list of ranges that many networks may have at once, because these never meet. Elsewhere networks whose
    addresses overlap are refused."""

    network_planned_days: float = Field(default=7.0, gt=0)
    """Days for which a range stays with a network that was planned and never made."""
