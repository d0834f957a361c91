"""Subnet: Microsoft.Network/virtualNetworks/subnets."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.placing import Place
from deployforge_mcal.adapters.bodies import Field, Native, Seed, get
from deployforge_mcal.domain.types.subnet import SUBNET


class SubnetKind(Kind):
    """A part of a network."""

    model = SUBNET
    native_type = "Microsoft.Network/virtualNetworks/subnets"
    tracked = False
    fields: ClassVar[Mapping[str, Field]] = {"cidr": Field("properties.addressPrefix")}
    respelt: ClassVar[Mapping[str, str]] = {"network": "id of the parent"}

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """See Kind: in the network that is named, whose id may be known later only."""
        return f"{values['network']}/subnets/{self.generated(seed)}"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        if values.get("network") is not None:
            native[""]["id"] = f"{values['network']}/subnets/"
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. Azure may list the one prefix as many."""
        values = super().from_native(native)
        several = get(native[""], "properties.addressPrefixes")
        if "cidr" not in values and several:
            values["cidr"] = ",".join(several)
        values["network"] = str(native[""].get("id", "")).rpartition("/subnets/")[0]
        return values
