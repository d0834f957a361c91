"""LoadBalancer: Microsoft.Network/loadBalancers (Standard, so TCP and UDP), and a public IP address beside it where it is
public.

Inside, each subnet is a front with an address of its own. Outside there is one front, the public address; a load balancer
of Azure then lies in no subnet, so that a tag each notes which ones were declared.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.placing import Place, names_of, parent_of
from deployforge_mcal.adapters.bodies import Body, Field, Native, digest, get, put
from deployforge_mcal.domain.types.load_balancer import LOAD_BALANCER

if TYPE_CHECKING:
    from deployforge_mcal.adapters.azure.session import AzureSession

_ADDRESS: Final = "address"
_FRONTS: Final = "properties.frontendIPConfigurations"
_SUBNET_TAG: Final = "deployforge:subnet-"
_SUBNETS: Final = "Microsoft.Network/virtualNetworks/subnets"
_INSIDE: Final = "frontendIPConfigurations[0].properties.privateIPAddress"


class LoadBalancerKind(Kind):
    """One address in front of many instances."""

    model = LOAD_BALANCER
    native_type = "Microsoft.Network/loadBalancers"
    attributes = ("id", "name", "address", "host")
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = {
        "name": "name", "public": _FRONTS, "subnets": f"{_FRONTS}, or tags.{_SUBNET_TAG}*",
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {
        "": {"sku": {"name": "Standard"}, "properties": {"backendAddressPools": [{"name": "backends"}]}}
    }
    beside: ClassVar[Mapping[str, str]] = {_ADDRESS: "Microsoft.Network/publicIPAddresses"}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native, subnets = super().to_native(values), values.get("subnets") or ()
        if not values.get("public"):
            put(native[""], _FRONTS, [_front(one) for one in subnets])
            return native
        put(native[""], _FRONTS, [{"name": "public"}])
        native[""].setdefault("tags", {}).update({f"{_SUBNET_TAG}{i}": _short(one) for i, one in enumerate(subnets)})
        native[_ADDRESS] = {"sku": {"name": "Standard"}, "properties": {"publicIPAllocationMethod": "Static"}}
        return native

    def linked(self, id: str, native: Native) -> Native:
        """See Kind. The label makes the name that Azure's DNS has for the address; it is one in a region."""
        if _ADDRESS in native:
            where = {"publicIPAddress": {"id": self.part_id(id, _ADDRESS)}}
            put(native[""], _FRONTS, [{"name": "public", "properties": where}])
            put(native[_ADDRESS], "properties.dnsSettings.domainNameLabel", f"df-{digest(id.lower(), length=20)}")
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, body = super().from_native(native), native[""]
        inside = [str(found) for front in _fronts(body) if (found := get(front, "properties.subnet.id"))]
        values["public"] = not inside
        noted = {k: v for k, v in (body.get("tags") or {}).items() if str(k).startswith(_SUBNET_TAG)}
        subnets = inside or [_long(str(v), str(body.get("id", ""))) for v in noted.values()]
        return {**values, "subnets": sorted(subnets)}

    def read(self, session: "AzureSession", id: str) -> Native | None:
        """The load balancer, and its public address where it has one."""
        native = super().read(session, id)
        if native is not None and any(get(front, "properties.publicIPAddress") for front in _fronts(native[""])):
            address = session.get(self.part_id(id, _ADDRESS))
            native |= {_ADDRESS: address} if address is not None else {}
        return native

    def later(self, id: str, values: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
        """See Kind: a name in DNS, inside an address."""
        public = values.get("public")
        return {"host": (self.part_id(id, _ADDRESS), "dnsSettings.fqdn") if public else (id, _INSIDE)}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        outside = get(native.get(_ADDRESS, {}), "properties.dnsSettings.fqdn")
        inside = next((get(front, "properties.privateIPAddress") for front in _fronts(native[""])), None)
        host = outside or inside
        return {"host": str(host)} if host else {}


def _fronts(body: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return get(body, _FRONTS) or ()


def _front(subnet: str) -> Body:
    return {
        "name": f"df-{digest(subnet.lower())}",
        "properties": {"subnet": {"id": subnet}, "privateIPAllocationMethod": "Dynamic"},
    }


def _short(subnet: str) -> str:
    """`group/network/subnet`: a whole id can be longer than a tag."""
    network, found = parent_of(subnet), names_of(subnet)
    return "/".join((Place.holding(network).group, *found)) if network else subnet


def _long(noted: str, here: str) -> str:
    group, *found = noted.split("/")
    return Place(Place.holding(here).subscription, group, "").resource(_SUBNETS, *found) if len(found) == 2 else noted
