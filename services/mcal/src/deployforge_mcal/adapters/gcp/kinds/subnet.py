"""Subnet: a subnetwork, of the whole region."""

from collections.abc import Mapping
from typing import ClassVar

from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.adapters.gcp.kinds.base import Kind, named
from deployforge_mcal.domain.types.subnet import SUBNET


class SubnetKind(Kind):
    """A part of a network."""

    model = SUBNET
    google = "google_compute_subnetwork"
    listed = True
    attributes = ("id", "address")
    fields: ClassVar[Mapping[str, Field]] = {"network": Field("network", back=named), "cidr": Field("ipCidrRange")}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"cidr"})
