"""The types that Deployment Manager has for what Terraform's types stand for here. Source: Deployment Manager, "Supported
resource types": each takes the body of its service's REST, with what stands in the path of REST beside it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.placing import PROVIDER


@dataclass(frozen=True)
class LegacyType:
    """One type of Deployment Manager's."""

    name: str
    """`pubsub.v1.topic`"""
    google: str
    """Terraform's type of the same."""
    naming: str = "name"
    """The property that holds the name."""


LEGACY: Final[Mapping[str, LegacyType]] = {
    one.google: one
    for one in (
        LegacyType("compute.v1.network", "google_compute_network"),
        LegacyType("compute.v1.subnetwork", "google_compute_subnetwork"),
        LegacyType("compute.v1.firewall", "google_compute_firewall"),
        LegacyType("storage.v1.bucket", "google_storage_bucket"),
        LegacyType("pubsub.v1.topic", "google_pubsub_topic", "topic"),
        LegacyType("pubsub.v1.subscription", "google_pubsub_subscription", "subscription"),
    )
}
BY_NAME: Final[Mapping[str, LegacyType]] = {one.name: one for one in LEGACY.values()}


def plain(kind: Kind) -> bool:
    """Whether Deployment Manager has a type for everything that a kind is made of."""
    return not (kind.direct or kind.later) and {kind.google, *kind.others.values()} <= LEGACY.keys()


#: The unified types that can be deployed.
UNIFIED: Final = tuple(sorted(name for name, kind in KINDS.items() if plain(kind)))


def named(type_name: str) -> LegacyType | None:
    """The type of Deployment Manager's that a declaration names, `gcp/pubsub.v1.topic`, if it names one."""
    return BY_NAME.get(type_name.removeprefix(f"{PROVIDER}/")) if type_name.startswith(f"{PROVIDER}/") else None


def properties(google: str, words: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    """What Deployment Manager is told of a resource: its body, and the words of its name."""
    of = LEGACY[google]
    placed = {word: value for word, value in words.items() if word not in ("project", "name")}
    return {**body, **placed, of.naming: words["name"]}
