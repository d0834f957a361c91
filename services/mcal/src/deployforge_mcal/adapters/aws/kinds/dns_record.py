"""DnsRecord: AWS::Route53::RecordSet. CloudFormation knows it by its name alone, though there may be a record of each
type of that name in each zone; here its id is what CloudFormation's import wants, `name|zone|type`."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.aws.kinds.base import Kind
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.dns_record import DNS_RECORD, host
from deployforge_mcal.domain.units import Scope

_ESCAPED: Final = re.compile(r"\\([0-7]{3})")
_ID: Final = ("Name", "HostedZoneId", "Type")


class DnsRecordKind(Kind):
    """What a name stands for."""

    model = DNS_RECORD
    native_type = "AWS::Route53::RecordSet"
    name_property = "Name"
    native_set_paths = ("ResourceRecords",)
    natives: ClassVar[Mapping[str, str]] = {
        "zone": "HostedZoneId", "name": "Name", "record": "Type", "ttl": "TTL", "values": "ResourceRecords",
    }  # fmt: skip
    respelt = frozenset({"ttl", "values"})
    attributes: ClassVar[Mapping[str, Any]] = {"id": {"Ref": ""}, "name": {"Ref": ""}}

    def to_native(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        native = super().to_native(values)
        if "ttl" in values:
            native["TTL"] = str(values["ttl"])
        if "values" in values:
            native["ResourceRecords"] = list(values["values"])
        return native

    def from_native(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """See Kind."""
        values = super().from_native(native)
        if "TTL" in native:
            values["ttl"] = int(native["TTL"])
        values["values"] = sorted(native.get("ResourceRecords", ()))
        return values

    def canonical(self, native: Mapping[str, Any]) -> dict[str, Any]:
        """Names in lower case without the dot behind."""
        found = super().canonical(native)
        if isinstance(found.get("Name"), str) and not has_references(found["Name"]):
            found["Name"] = host(found["Name"])
        return found

    def identified(self, id: str, native: Mapping[str, Any]) -> str:
        """See Kind; as it is where one of the three is not known yet."""
        parts = [native.get(name) for name in _ID]
        known = all(isinstance(part, str) and not has_references(part) for part in parts)
        return "|".join([host(parts[0]), str(parts[1]), str(parts[2])]) if known and "|" not in id else id

    def read_one(self, session: AwsSession, id: str) -> dict[str, Any] | None:
        """See Kind."""
        name, zone, type = id.split("|")
        found = session.call(
            "route53", "list_resource_record_sets", HostedZoneId=zone, StartRecordName=name, StartRecordType=type,
            MaxItems="1",
        )["ResourceRecordSets"]  # fmt: skip
        for record in found:
            if _name(record) == name and record["Type"] == type:
                return dict(_native(record, zone))
        return None

    def write(self, session: AwsSession, id: str, native: Mapping[str, Any], live: Mapping[str, Any]) -> None:
        """See Kind. Route 53 takes a record as a whole."""
        name, zone, type = id.split("|")
        whole = {**live, **native}
        record = {
            "Name": name, "Type": type, "TTL": int(whole.get("TTL", 300)),
            "ResourceRecords": [{"Value": value} for value in whole.get("ResourceRecords", ())],
        }  # fmt: skip
        batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
        session.call("route53", "change_resource_record_sets", HostedZoneId=zone, ChangeBatch=batch)

    def create(self, session: AwsSession, name: str, native: Mapping[str, Any]) -> str:
        """See Kind."""
        id = self.identified("", {**native, "Name": name})
        self.write(session, id, native, {})
        return id

    def physical_name(self, id: str) -> str:
        """The first part."""
        return id.partition("|")[0]

    def attribute_values(self, id: str, scope: Scope) -> dict[str, str]:
        """See Kind."""
        name = host(self.physical_name(id))
        return {"id": name, "name": name}


def _name(record: Mapping[str, Any]) -> str:
    r"""The name of a record; Route 53 writes `*` as `\052`."""
    return host(_ESCAPED.sub(lambda code: chr(int(code[1], 8)), record["Name"]))


def _native(record: Mapping[str, Any], zone: str) -> Iterator[tuple[str, Any]]:
    yield from (("Name", _name(record)), ("HostedZoneId", zone), ("Type", record["Type"]))
    if "TTL" in record:
        yield "TTL", str(record["TTL"])
    yield "ResourceRecords", [r["Value"] for r in record.get("ResourceRecords", ())]
