"""Where things are in Google Cloud: a scope's account is a project; a resource is known by its full resource name,
`//pubsub.googleapis.com/projects/p/topics/t`. Source: Google Cloud, "Full resource names".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Scope

PROVIDER: Final = "gcp"

#: Service in a full resource name → the host of its REST, and what stands before the relative name there.
REST: Final[Mapping[str, tuple[str, str]]] = {
    "cloudfunctions.googleapis.com": ("cloudfunctions.googleapis.com", "v2"),
    "cloudsql.googleapis.com": ("sqladmin.googleapis.com", "v1"),
    "compute.googleapis.com": ("compute.googleapis.com", "compute/v1"),
    "dns.googleapis.com": ("dns.googleapis.com", "dns/v1"),
    "firestore.googleapis.com": ("firestore.googleapis.com", "v1"),
    "iam.googleapis.com": ("iam.googleapis.com", "v1"),
    "logging.googleapis.com": ("logging.googleapis.com", "v2"),
    "pubsub.googleapis.com": ("pubsub.googleapis.com", "v1"),
    "redis.googleapis.com": ("redis.googleapis.com", "v1"),
    "secretmanager.googleapis.com": ("secretmanager.googleapis.com", "v1"),
    "storage.googleapis.com": ("storage.googleapis.com", "storage/v1/b"),
}


@dataclass(frozen=True)
class Place:
    """A project and a region."""

    project: str
    location: str

    @classmethod
    def of(cls, scope: Scope) -> "Place":
        """Raises ProviderFailure for a scope that names no project or no region."""
        if not scope.account or "/" in scope.account or not scope.location:
            said = f"{scope.account!r} in {scope.location!r} is not a project in a region"
            raise ProviderFailure(Failure("INVALID", said, "give the provider `project` and `region`"))
        return cls(scope.account, scope.location)

    @property
    def parent(self) -> str:
        """What Infrastructure Manager's deployments lie in."""
        return f"projects/{self.project}/locations/{self.location}"

    def full(self, service: str, relative: str) -> str:
        """A full resource name; `{project}` and `{location}` are filled in."""
        return f"//{service}/" + relative.replace("{project}", self.project).replace("{location}", self.location)


def service_of(full: str) -> str:
    """`pubsub.googleapis.com`."""
    return full.removeprefix("//").partition("/")[0]


def relative(full: str) -> str:
    """`projects/p/topics/t`."""
    return full.removeprefix("//").partition("/")[2]


def short(full: str) -> str:
    """`t`."""
    return full.rpartition("/")[2]


def project_of(full: str) -> str:
    """The project in a name, or an empty string: buckets name none."""
    _, found, rest = f"/{full.lstrip('/')}".partition("/projects/")
    return rest.partition("/")[0] if found else ""


def url(full: str, endpoint: str = "") -> str:
    """Where REST has a resource. An emulator (`endpoint`) has every service's host as the first part of the path."""
    host, before = REST[service_of(full)]
    return f"{base(host, endpoint)}/{before}/{relative(full)}"


def base(host: str, endpoint: str = "") -> str:
    """Where a service is."""
    return f"{endpoint}/{host}" if endpoint else f"https://{host}"


def host(url: str, endpoint: str = "") -> str:
    """The service that a URL is of; the reverse of `base`."""
    return url.removeprefix(endpoint or "https://").lstrip("/").partition("/")[0]
