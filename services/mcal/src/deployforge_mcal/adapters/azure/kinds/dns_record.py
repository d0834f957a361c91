"""DnsRecord: Microsoft.Network/dnsZones/<record type>. Values are written as in a zone file (RFC 1035, section 5)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.placing import Place, names_of, type_of
from deployforge_mcal.adapters.bodies import Field, Native, Seed, get, put
from deployforge_mcal.domain.references import has_references
from deployforge_mcal.domain.types.dns_record import DNS_RECORD

_ZONES: Final = "Microsoft.Network/dnsZones"
_QUOTED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"')
_WHOLE: Final = {
    "TXT": (re.compile(rf"{_QUOTED.pattern}( +{_QUOTED.pattern})*"), '"quoted text"'),
    "MX": (re.compile(r"\d+ \S+"), "10 mail.example.com"),
    "SRV": (re.compile(r"\d+ \d+ \d+ \S+"), "10 5 5060 sip.example.com"),
    "CAA": (re.compile(rf"\d+ \S+ {_QUOTED.pattern}"), '0 issue "ca.example.com"'),
}
#: Record type → where Azure holds its values.
_HELD: Final = {
    "A": "ARecords", "AAAA": "AAAARecords", "CNAME": "CNAMERecord", "TXT": "TXTRecords", "MX": "MXRecords",
    "NS": "NSRecords", "SRV": "SRVRecords", "CAA": "caaRecords",
}  # fmt: skip
_ONE_WORD: Final = {"A": "ipv4Address", "AAAA": "ipv6Address", "CNAME": "cname", "NS": "nsdname"}
_WORDS: Final = {"MX": ("preference", "exchange"), "SRV": ("priority", "weight", "port", "target")}


class DnsRecordKind(Kind):
    """What a name stands for."""

    model = DNS_RECORD
    native_type = f"{_ZONES}/recordsets"
    tracked = False
    attributes = ("id", "name")
    fields: ClassVar[Mapping[str, Field]] = {"ttl": Field("properties.TTL")}
    respelt: ClassVar[Mapping[str, str]] = {
        "zone": "id of the zone", "name": "name", "record": "type", "values": "properties.<type>Records",
    }  # fmt: skip

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        zone, name, record, held = values["zone"], values["name"], values["record"], values["values"]
        for part, value in (("zone", zone), ("name", name), ("record", record)):
            if has_references(value):
                yield part, "it is part of the record's id, and must be known", "a name written out"
                return
        if zone != zone.lower():
            yield "zone", f"{zone} is not in lower case", zone.lower()
        elif name != zone and not name.endswith(f".{zone}"):
            yield "name", f"{name} does not lie in {zone}", f"{zone}, or a name that ends with .{zone}"
        if record == "CNAME" and len(held) != 1:
            yield "values", "an alias stands for one name", "one value"
        shape, example = _WHOLE.get(record, (None, ""))
        for value in held:
            if shape is not None and not has_references(value) and shape.fullmatch(value) is None:
                yield "values", f"{value} is not what a {record} record holds", example

    def id(self, place: Place, seed: Seed, values: Mapping[str, Any]) -> str:
        """See Kind."""
        return place.id + _within(values)

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        native[""] = {**native[""], "name": "", "id": _within(values)}
        record = values.get("record")
        if record is not None and values.get("values") is not None:
            held = [_there(record, value) for value in values["values"]]
            put(native[""], f"properties.{_HELD[record]}", held[0] if record == "CNAME" else held)
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind."""
        values, body = super().from_native(native), native[""]
        id = str(body.get("id", ""))
        if (record := type_of(id).rpartition("/")[2].upper()) in _HELD:
            zone, relative = names_of(id)[-2:]
            held = get(body, f"properties.{_HELD[record]}") or []
            several = held if isinstance(held, Sequence) else [held]
            values |= {
                "zone": zone, "name": zone if relative == "@" else f"{relative}.{zone}".lower(), "record": record,
                "values": sorted(_back(record, one) for one in several),
            }  # fmt: skip
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        zone, relative = names_of(id)[-2:]
        return {"id": id, "name": zone if relative == "@" else f"{relative}.{zone}"}


def _within(values: Mapping[str, Any]) -> str:
    """What an id says after the resource group: zone, record type and the name within the zone."""
    zone, name = (str(values.get(part, "")) for part in ("zone", "name"))
    relative = "@" if name == zone else name.removesuffix(f".{zone}")
    return f"/providers/{_ZONES}/{zone}/{values.get('record', '')}/{relative}"


def _there(record: str, value: str) -> dict[str, Any]:
    if record in _ONE_WORD:
        return {_ONE_WORD[record]: value}
    if record == "TXT":
        return {"value": _QUOTED.findall(value)}
    if record == "CAA":
        flags, tag, quoted = value.split(" ", 2)
        return {"flags": int(flags), "tag": tag, "value": quoted.strip('"')}
    *numbers, target = value.split()
    return {**dict(zip(_WORDS[record], map(int, numbers), strict=False)), _WORDS[record][-1]: target}


def _back(record: str, held: Mapping[str, Any]) -> str:
    if record in _ONE_WORD:
        return str(held[_ONE_WORD[record]])
    if record == "TXT":
        return " ".join(f'"{text}"' for text in held["value"])
    if record == "CAA":
        return f'{held["flags"]} {held["tag"]} "{held["value"]}"'
    return " ".join(str(held[word]) for word in _WORDS[record])
