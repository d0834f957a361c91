"""Network: a VPC network without subnets of Google's own choice."""

from collections.abc import Mapping
from typing import ClassVar

from deployforge_mcal.adapters.bodies import Body, Field
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.domain.types.network import NETWORK


class NetworkKind(Kind):
    """A private network. Its addresses are those of its subnets."""

    model = NETWORK
    google = "google_compute_network"
    listed = True
    attributes = ("id", "address")
    fields: ClassVar[Mapping[str, Field]] = {}
    constants: ClassVar[Mapping[str, Body]] = {"": {"autoCreateSubnetworks": False}}
