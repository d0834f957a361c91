"""DnsRecord: a record set of a managed zone of Cloud DNS."""

from collections.abc import Mapping
from typing import Any, ClassVar

from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.domain.types.dns_record import DNS_RECORD


class DnsRecordKind(Kind):
    """What a name stands for; its name in the zone, with a dot behind, and its type are what it is known by."""

    model = DNS_RECORD
    google = "google_dns_record_set"
    attributes = ("id", "name")
    # Cloud Asset Inventory has zones, not their records.
    in_assets = False
    fields: ClassVar[Mapping[str, Field]] = {"ttl": Field("ttl"), "values": Field("rrdatas", back=sorted)}
    respelt: ClassVar[Mapping[str, str]] = {"zone": "managedZone", "name": "name", "record": "type"}

    def path(self, name: str, values: Mapping[str, Any]) -> str:
        """See Kind."""
        zone, record = values.get("zone", ""), values.get("record", "")
        return f"projects/{{project}}/managedZones/{zone}/rrsets/{name}./{record}"

    def to_native(self, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """See Kind."""
        native = super().to_native(values)
        words = {"managedZone": values.get("zone"), "type": values.get("record")}
        native[""] |= {name: value for name, value in words.items() if value is not None}
        return native

    def completed(self, id: str, part: str, body: dict[str, Any]) -> dict[str, Any]:
        """See Kind: the name says these."""
        return {name: value for name, value in body.items() if name not in ("managedZone", "type")}

    def from_native(self, native: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """See Kind."""
        body = native[""]
        found = {
            "zone": body.get("managedZone"),
            "name": str(body.get("name", "")).removesuffix("."),
            "record": body.get("type"),
        }
        return {**super().from_native(native), **found}

    def read(self, source: Any, id: str) -> dict[str, dict[str, Any]] | None:
        """See Kind. The answer does not say which zone it was asked about."""
        found = super().read(source, id)
        if found is not None:
            found[""]["managedZone"] = relative(id).split("/")[3]
        return found

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {"id": relative(id), "name": relative(id).split("/")[5].removesuffix(".")}
