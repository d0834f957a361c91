"""Compute: Microsoft.Compute/virtualMachines with Linux on it, and a network interface beside it.

Azure wants somebody who may log in: the public key is taken from an SSH key resource of the group when the machine is
made, and a tag notes which one. A script runs by Azure's own extension for scripts: what a machine is given as custom data
is never shown again.
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.placing import Place
from deployforge_mcal.adapters.azure.rendering import Expression, said_by
from deployforge_mcal.adapters.bodies import Body, Field, Native, get, put
from deployforge_mcal.domain import references
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.compute import COMPUTE

if TYPE_CHECKING:
    from deployforge_mcal.adapters.azure.session import AzureSession

_INTERFACE: Final = "interface"
_SCRIPT: Final = "/extensions/startup"
_USER: Final = "azureuser"
_KEYS: Final = "Microsoft.Compute/sshPublicKeys"
_KEY_NAME: Final = re.compile(r"[A-Za-z0-9._()-]{1,80}")
_KEY_TAG: Final = "deployforge:key-pair"
_SIZES: Final = {"small": "Standard_B1ms", "medium": "Standard_B2s", "large": "Standard_B2ms"}
_PORTABLE: Final = {name: size for size, name in _SIZES.items()}
_IMAGE: Final = "properties.storageProfile.imageReference"
_IMAGE_WORDS: Final = ("publisher", "offer", "sku", "version")
_PRIVATE: Final = "ipConfigurations[0].properties.privateIPAddress"


class ComputeKind(Kind):
    """A virtual machine."""

    model = COMPUTE
    native_type = "Microsoft.Compute/virtualMachines"
    attributes = ("id", "name", "address", "privateIp")
    fields: ClassVar[Mapping[str, Field]] = {
        "size": Field("properties.hardwareProfile.vmSize", lambda v: _SIZES.get(v, v), lambda v: _PORTABLE.get(v, v)),
        "tags": Field("tags"),
    }
    respelt: ClassVar[Mapping[str, str]] = {
        "image": _IMAGE, "subnet": "networkInterfaces properties.ipConfigurations.properties.subnet",
        "securityGroups": "networkInterfaces properties.networkSecurityGroup", "startup": "extensions/startup",
        "keyPair": "properties.osProfile.linuxConfiguration.ssh",
    }  # fmt: skip
    constants: ClassVar[Mapping[str, Body]] = {
        "": {
            "properties": {
                # The machine's disk goes with it.
                "storageProfile": {"osDisk": {"createOption": "FromImage", "deleteOption": "Delete"}},
                "osProfile": {"adminUsername": _USER, "linuxConfiguration": {"disablePasswordAuthentication": True}},
            }
        },
        _INTERFACE: {},
    }
    beside: ClassVar[Mapping[str, str]] = {_INTERFACE: "Microsoft.Network/networkInterfaces"}

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        image = values["image"]
        if not has_references(image) and not image.startswith("/") and image.count(":") != 3:
            yield "image", f"{image} is no image of Azure", "publisher:offer:sku:version, or the id of an image"
        if len(values.get("securityGroups") or ()) > 1:
            yield "securityGroups", "a network interface of Azure has one security group", "one, or none"
        if "keyPair" not in values:
            said = "Azure makes no machine without somebody who may log in"
            yield "keyPair", said, f"the name of a {_KEYS} of the resource group"
        elif _KEY_NAME.fullmatch(values["keyPair"]) is None:
            yield "keyPair", f"{values['keyPair']} is no name of a key", "a name written out"

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        machine, interface = native[""], native.setdefault(_INTERFACE, {})
        if values.get("image") is not None:
            put(machine, _IMAGE, _reference(values["image"]))
        if values.get("subnet") is not None:
            first = {"subnet": {"id": values["subnet"]}, "privateIPAllocationMethod": "Dynamic"}
            put(interface, "properties.ipConfigurations", [{"name": "primary", "properties": first}])
        for group in values.get("securityGroups") or ():
            put(interface, "properties.networkSecurityGroup.id", group)
        if values.get("startup") is not None:
            native[_SCRIPT] = _script(values["startup"])
        if values.get("keyPair") is not None:
            machine.setdefault("tags", {})[_KEY_TAG] = values["keyPair"]
        return native

    def linked(self, id: str, native: Native) -> Native:
        """See Kind."""
        machine = native[""]
        attached = {"id": self.part_id(id, _INTERFACE), "properties": {"primary": True}}
        put(machine, "properties.networkProfile.networkInterfaces", [attached])
        put(machine, "properties.osProfile.computerName", id.rpartition("/")[2])
        if key := (machine.get("tags") or {}).get(_KEY_TAG):
            data = Expression(f"[{said_by(Place.holding(id).resource(_KEYS, key), 'publicKey')}]")
            keys = [{"path": f"/home/{_USER}/.ssh/authorized_keys", "keyData": data}]
            put(machine, "properties.osProfile.linuxConfiguration.ssh.publicKeys", keys)
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, interface = super().from_native(native), native.get(_INTERFACE, {})
        fronts = get(interface, "properties.ipConfigurations") or [{}]
        group = get(interface, "properties.networkSecurityGroup.id")
        found: dict[str, Any] = {
            "image": _image(get(native[""], _IMAGE) or {}), "subnet": get(fronts[0], "properties.subnet.id"),
            "securityGroups": [group] if group else [], "startup": _text(native.get(_SCRIPT, {})),
            "keyPair": (native[""].get("tags") or {}).get(_KEY_TAG),
        }  # fmt: skip
        return {**values, **{name: value for name, value in found.items() if value is not None}}

    def read(self, session: "AzureSession", id: str) -> Native | None:
        """The machine with its network interface, and its script where it has one."""
        native = super().read(session, id)
        if native is not None and (script := session.get(self.part_id(id, _SCRIPT))) is not None:
            native[_SCRIPT] = script
        return native

    def later(self, id: str, values: Mapping[str, Any]) -> Mapping[str, tuple[str, str]]:
        """See Kind."""
        return {"privateIp": (self.part_id(id, _INTERFACE), _PRIVATE)}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        fronts = get(native.get(_INTERFACE, {}), "properties.ipConfigurations") or [{}]
        address = get(fronts[0], "properties.privateIPAddress")
        return {"privateIp": str(address)} if address else {}


def _reference(image: str) -> Body:
    words = image.split(":")
    return dict(zip(_IMAGE_WORDS, words, strict=True)) if len(words) == len(_IMAGE_WORDS) else {"id": image}


def _image(reference: Mapping[str, Any]) -> str | None:
    if reference.get("id"):
        return str(reference["id"])
    return ":".join(str(reference.get(word, "")) for word in _IMAGE_WORDS) if reference.get("publisher") else None


def _script(text: str) -> Body:
    """Source: Microsoft Learn, "Use the Azure Custom Script Extension Version 2 with Linux virtual machines"."""
    # Encoded, it is no longer a text in which the template's own reading could find `$${`.
    settings = {"script": base64.b64encode(references.substitute(text, {}).encode()).decode()}
    return {
        "properties": {
            "publisher": "Microsoft.Azure.Extensions", "type": "CustomScript", "typeHandlerVersion": "2.1",
            "autoUpgradeMinorVersion": True, "settings": settings,
        }
    }  # fmt: skip


def _text(extension: Body) -> str | None:
    script = get(extension, "properties.settings.script")
    try:
        return base64.b64decode(str(script)).decode() if script is not None else None
    except (binascii.Error, UnicodeDecodeError):
        return str(script)
