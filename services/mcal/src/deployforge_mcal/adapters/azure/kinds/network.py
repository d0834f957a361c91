"""Network: Microsoft.Network/virtualNetworks. Its subnets are resources of their own and are left as they are."""

from collections.abc import Mapping
from typing import ClassVar

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.domain.types.network import NETWORK


class NetworkKind(Kind):
    """A private network."""

    model = NETWORK
    native_type = "Microsoft.Network/virtualNetworks"
    in_graph = True
    fields: ClassVar[Mapping[str, Field]] = {
        "cidr": Field(
            "properties.addressSpace.addressPrefixes", lambda v: [v], lambda v: v[0] if len(v) == 1 else ",".join(v)
        ),
        "tags": Field("tags"),
    }
