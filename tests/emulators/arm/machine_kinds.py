"""Virtual machines, and what stands around them: network interfaces, public addresses, load balancers, keys."""

import base64
import binascii
import hashlib
import ipaddress
from collections.abc import Mapping
from typing import Any, Final

from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.kinds import Finder, Kind, Properties, bad, names

_NETWORK: Final = ("2023-09-01", "2024-05-01")
_COMPUTE: Final = ("2023-09-01", "2024-07-01")
_NAME: Final = names(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?")
_SECRET: Final = ("adminPassword", "customData")


def _there(id: ArmId, target: Any, find: Finder) -> dict[str, Any]:
    found = find(str(target)) if target else None
    if found is None:
        raise bad(id, f"Resource {target} referenced by resource {id} was not found.", "InvalidResourceReference")
    return found


def _inside(key: str, subnet: Mapping[str, Any]) -> str:
    """An address of a subnet, the same for the same front; Azure keeps the first four and the last."""
    net = ipaddress.ip_network(subnet["properties"]["addressPrefix"])
    return str(net[4 + int(hashlib.sha256(key.encode()).hexdigest(), 16) % max(1, net.num_addresses - 5)])


def _fronts(id: ArmId, fronts: Any, find: Finder, where: str) -> None:
    """Give each front an id, and an address where it has none of its own."""
    for front in fronts:
        if not isinstance(front, dict) or not front.get("name"):
            raise bad(id, f"A front of '{id.name}' needs a name", "InvalidRequestFormat")
        held = front.setdefault("properties", {})
        subnet, public = held.get("subnet"), held.get("publicIPAddress")
        if not subnet and not public:
            said = f"'{front['name']}' of '{id.name}' must have a subnet or a public IP address."
            raise bad(id, said, "InvalidRequestFormat")
        front["id"] = f"{id}/{where}/{front['name']}"
        if public:
            _there(id, public.get("id"), find)
        if subnet:
            found = _there(id, subnet.get("id"), find)
            held.setdefault("privateIPAllocationMethod", "Dynamic")
            held["privateIPAddress"] = held.get("privateIPAddress") or _inside(front["id"].lower(), found)
            held["privateIPAddressVersion"] = "IPv4"
        held["provisioningState"] = "Succeeded"


def _interface(id: ArmId, properties: Properties, find: Finder) -> None:
    _fronts(id, properties["ipConfigurations"], find, "ipConfigurations")
    if group := properties.get("networkSecurityGroup"):
        _there(id, group.get("id"), find)


def _balancer(id: ArmId, properties: Properties, find: Finder) -> None:
    fronts = properties.get("frontendIPConfigurations") or []
    _fronts(id, fronts, find, "frontendIPConfigurations")
    if len({bool(front["properties"].get("publicIPAddress")) for front in fronts}) > 1:
        raise bad(id, f"'{id.name}' cannot be public and internal at once", "LoadBalancerFrontendsMixed")
    for pool in properties.get("backendAddressPools") or ():
        pool |= {"id": f"{id}/backendAddressPools/{pool['name']}", "properties": {"provisioningState": "Succeeded"}}


def _address(id: ArmId, properties: Properties, find: Finder) -> None:
    label = (properties.get("dnsSettings") or {}).get("domainNameLabel")
    if label is not None and not names(r"[a-z][a-z0-9-]{1,61}[a-z0-9]").fullmatch(label):
        raise bad(id, f"The domain name label {label} of '{id.name}' is invalid.", "InvalidDomainNameLabel")


def _address_state(id: ArmId, properties: Properties, location: str) -> Properties:
    found: Properties = {"publicIPAddressVersion": "IPv4", "idleTimeoutInMinutes": 4}
    if properties.get("publicIPAllocationMethod") == "Static":
        found["ipAddress"] = f"20.{'.'.join(str(n) for n in hashlib.sha256(id.key.encode()).digest()[:3])}"
    dns = properties.get("dnsSettings") or {}
    if label := dns.get("domainNameLabel"):
        found["dnsSettings"] = {**dns, "fqdn": f"{label}.{location}.cloudapp.azure.com"}
    return found


def _machine(id: ArmId, properties: Properties, find: Finder) -> None:
    attached = properties["networkProfile"].get("networkInterfaces") or ()
    if not attached:
        raise bad(id, f"Virtual machine '{id.name}' needs a network interface.", "InvalidParameter")
    for one in attached:
        _there(id, one.get("id"), find)
    image = properties["storageProfile"].get("imageReference") or {}
    if not image.get("id") and not all(image.get(word) for word in ("publisher", "offer", "sku", "version")):
        raise bad(id, f"The image of '{id.name}' is not told: {image}", "InvalidParameter")
    before = find(str(id))
    _unchanged(id, properties, before["properties"] if before is not None else None)
    linux = properties["osProfile"].get("linuxConfiguration") or {}
    keys = (linux.get("ssh") or {}).get("publicKeys") or ()
    if linux.get("disablePasswordAuthentication") and not keys:
        said = "Authentication using either SSH or by user name and password must be enabled in Linux profile."
        raise bad(id, said, "InvalidParameter")
    if any(not str(key.get("keyData", "")).startswith("ssh-") for key in keys):
        raise bad(id, f"A public key of '{id.name}' is not an SSH key", "InvalidParameter")
    if "adminUsername" not in properties["osProfile"]:
        raise bad(id, f"osProfile.adminUsername of '{id.name}' is missing", "InvalidParameter")


def _unchanged(id: ArmId, properties: Properties, before: Mapping[str, Any] | None) -> None:
    """What it was made from and who may log in stays as it was; what Azure added may be left out."""
    if before is None:
        return
    profile = {name: value for name, value in properties["osProfile"].items() if name not in _SECRET}
    image = properties["storageProfile"]["imageReference"]
    for name, now, was in (
        ("imageReference", image, before["storageProfile"]["imageReference"]),
        ("osProfile", profile, before["osProfile"]),
    ):
        if any(value != was.get(key) for key, value in now.items()):
            raise bad(id, f"Changing property '{name}' is not allowed.", "PropertyChangeNotAllowed", 409)


def _machine_state(id: ArmId, properties: Properties, location: str) -> Properties:
    storage = properties["storageProfile"]
    image = storage["imageReference"]
    exact = {} if image.get("id") else {"exactVersion": "24.04.202611010"}
    disk = {"osType": "Linux", "diskSizeGB": 30, "caching": "ReadWrite", "name": f"{id.name}_OsDisk", **storage["osDisk"]}
    profile = {name: value for name, value in properties["osProfile"].items() if name not in _SECRET}
    return {
        "vmId": hashlib.sha256(id.key.encode()).hexdigest()[:32],
        "storageProfile": {**storage, "imageReference": {**image, **exact}, "osDisk": disk, "dataDisks": []},
        "osProfile": {"allowExtensionOperations": True, "secrets": [], **profile},
    }


def _script(id: ArmId, properties: Properties, find: Finder) -> None:
    if find(str(id.parent)) is None:
        raise bad(id, f"Parent resource '{id.names[0]}' not found.", "ParentResourceNotFound", 404)
    given = (properties.get("settings") or {}).get("script")
    if given is not None:
        try:
            base64.b64decode(given, validate=True)
        except binascii.Error:
            raise bad(id, f"The script of '{id.name}' is not in base64", "VMExtensionProvisioningError") from None


def _key(id: ArmId, properties: Properties, find: Finder) -> None:
    if not str(properties.get("publicKey", "ssh-")).startswith("ssh-"):
        raise bad(id, f"The public key of '{id.name}' is not an SSH key", "InvalidParameter")


KINDS: Final = (
    Kind(
        "Microsoft.Network/networkInterfaces", _NETWORK, _NAME, required=("ipConfigurations",), check=_interface,
        defaults={"enableIPForwarding": False, "enableAcceleratedNetworking": False},
    ),
    Kind("Microsoft.Network/publicIPAddresses", _NETWORK, _NAME, check=_address, computed=_address_state),
    Kind("Microsoft.Network/loadBalancers", _NETWORK, _NAME, check=_balancer),
    Kind(
        "Microsoft.Compute/virtualMachines", _COMPUTE, names(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}"), slow=True,
        required=("hardwareProfile", "storageProfile", "osProfile", "networkProfile"), check=_machine, computed=_machine_state,
    ),
    Kind(
        "Microsoft.Compute/virtualMachines/extensions", _COMPUTE, tracked=False, check=_script,
        required=("publisher", "type", "typeHandlerVersion"), hidden=("protectedSettings",),
    ),
    Kind("Microsoft.Compute/sshPublicKeys", _COMPUTE, _NAME, check=_key),
)  # fmt: skip
