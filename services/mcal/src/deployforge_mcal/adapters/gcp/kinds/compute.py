"""Compute: a Compute Engine instance in the region's zone b. What it was made from is noted in its metadata: an instance
does not say it."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind, named
from deployforge_mcal.adapters.gcp.placing import project_of, short
from deployforge_mcal.domain.types.compute import COMPUTE

_SIZES: Final = {"small": "e2-small", "medium": "e2-medium", "large": "e2-standard-2"}
_PORTABLE: Final = {size: name for name, size in _SIZES.items()}
_IMAGE, _STARTUP = "deployforge-image", "startup-script"


class ComputeKind(Kind):
    """A virtual machine."""

    model = COMPUTE
    google = "google_compute_instance"
    attributes = ("id", "address", "privateIp")
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {
        "size": Field("machineType", lambda v: _SIZES.get(v, v), lambda v: _PORTABLE.get(short(v), short(v))),
        "deletionProtection": Field("deletionProtection"),
        "tags": Field("labels"),
    }
    respelt: ClassVar[Mapping[str, str]] = {
        "image": "disks.initializeParams.sourceImage", "subnet": "networkInterfaces.subnetwork",
        "securityGroups": "tags.items", "startup": f"metadata.{_STARTUP}",
    }  # fmt: skip
    later: ClassVar[Mapping[str, str]] = {"privateIp": "network_interface.0.network_ip"}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        body, notes = native[""], {}
        if values.get("image") is not None:
            body["disks"] = [{"boot": True, "initializeParams": {"sourceImage": values["image"]}}]
            notes[_IMAGE] = values["image"]
        if values.get("startup") is not None:
            notes[_STARTUP] = values["startup"]
        if values.get("subnet") is not None:
            body["networkInterfaces"] = [{"subnetwork": values["subnet"]}]
        if values.get("securityGroups") is not None:
            body["tags"] = {"items": [short(str(one)) for one in values["securityGroups"]]}
        if notes:
            body["metadata"] = {"items": [{"key": key, "value": value} for key, value in notes.items()]}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        body, values = native[""], super().from_native(native)
        notes = {str(one["key"]): one.get("value") for one in (body.get("metadata") or {}).get("items") or ()}
        interfaces = body.get("networkInterfaces") or [{}]
        project = project_of(str(body.get("selfLink") or ""))
        before = f"projects/{project}/global/firewalls/" if project else ""
        found: dict[str, Any] = {
            "image": notes.get(_IMAGE), "startup": notes.get(_STARTUP),
            "subnet": named(interfaces[0].get("subnetwork", "")),
            "securityGroups": sorted(f"{before}{tag}" for tag in (body.get("tags") or {}).get("items") or ()),
        }  # fmt: skip
        return {**values, **{name: value for name, value in found.items() if value is not None}}

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {name: value for name, value in super().attribute_values(id).items() if name != "name"}

    def live_attributes(self, native: Native) -> dict[str, str]:
        """See Kind."""
        interfaces = native[""].get("networkInterfaces") or [{}]
        return {"privateIp": str(interfaces[0]["networkIP"])} if "networkIP" in interfaces[0] else {}
