"""SecurityGroup: firewall rules of a network that are about the instances with one network tag, the group's name.

The group itself is the rule that denies everything inwards, after all others; each declared rule is one more. Without
declared rules outwards everything is allowed, as Google has it; with them one more denies the rest.
"""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.bodies import Body, Field, Native, digest
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source, named
from deployforge_mcal.adapters.gcp.natives import GOOGLE, GoogleType
from deployforge_mcal.adapters.gcp.placing import project_of, short
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.security_group import SECURITY_GROUP

_IN, _OUT = "INGRESS", "EGRESS"
_RULE: Final = "rule:"
_CLOSED: Final = "rule:closed"
_LAST: Final = 65_000
_FIRST: Final = 1000
_EVERYWHERE: Final = "0.0.0.0/0"
_PROTOCOLS: Final = ("tcp", "udp", "icmp", "esp", "ah", "sctp", "ipip", "all")


class SecurityGroupKind(Kind):
    """Who may reach the instances that carry its tag."""

    model = SECURITY_GROUP
    google = "google_compute_firewall"
    others: ClassVar[Mapping[str, str]] = {_RULE: "google_compute_firewall"}
    attributes = ("id", "address")
    longest = 50
    fields: ClassVar[Mapping[str, Field]] = {
        "network": Field("network", back=named),
        "description": Field("description"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"ingress": "firewall allowed", "egress": "firewall allowed"}
    unchangeable: ClassVar[frozenset[str]] = frozenset({"network"})

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        for name in ("ingress", "egress"):
            for rule in values.get(name) or ():
                if "group" in rule and name == "egress":
                    yield name, "a rule outwards of Google Cloud names addresses, not a group", "cidr in place of group"
                if rule["protocol"] not in _PROTOCOLS:
                    yield name, f"Google Cloud has no protocol {rule['protocol']}", ", ".join(_PROTOCOLS)

    def placed(self, id: str, part: str) -> tuple[GoogleType, str]:
        """See Kind."""
        if part.startswith("//"):
            return GOOGLE[self.google], part
        return GOOGLE[self.google], f"{id}-{part.removeprefix(_RULE)}" if part else id

    def completed(self, id: str, part: str, body: Body) -> Body:
        """See Kind."""
        return {**body, "targetTags": [short(id)]}

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        native[""] = {**_denial(_IN), **native[""]}
        shared = {"network": values["network"]} if "network" in values else {}
        for name, direction in (("ingress", _IN), ("egress", _OUT)):
            for rule in values.get(name) or ():
                native[f"{_RULE}{digest(direction, key(rule))}"] = {**shared, **_rule(rule, direction)}
        if "egress" in values:
            native[_CLOSED] = {**shared, **_denial(_OUT)}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. A rule that this vocabulary cannot say is shown all the same, so that it is seen to be too much."""
        values = super().from_native(native)
        values["ingress"] = _shown(native, _IN)
        if any(body.get("direction") == _OUT for body in native.values()):
            values["egress"] = _shown(native, _OUT)
        return values

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind. Every rule that is about the tag counts, whoever has made it."""
        found = super().read(source, id)
        if found is None:
            return None
        host, tag = f"//compute.googleapis.com/projects/{project_of(id)}/global/firewalls", short(id)
        for body in source.below("compute.googleapis.com/Firewall", host, "", "items"):
            name = str(body.get("name", ""))
            if tag in (body.get("targetTags") or ()) and name != tag:
                mine = name.removeprefix(f"{tag}-")
                found[f"{_RULE}{mine}" if mine != name else f"{host}/{name}"] = body
        return found

    def extras(self, id: str, native: Native, wanted: Native, desired: Mapping[str, Any]) -> list[str]:
        """See Kind."""
        judged = {_IN, _OUT} if "egress" in desired else {_IN}
        too_much = [part for part, body in native.items() if part not in wanted and body.get("direction", _IN) in judged]
        return [self.placed(id, part)[1] for part in too_much]

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {name: value for name, value in super().attribute_values(id).items() if name != "name"}


def _rule(rule: Mapping[str, Any], direction: str) -> Body:
    ports: Body = {"IPProtocol": rule["protocol"]}
    if rule["protocol"] in ("tcp", "udp", "sctp") and (rule["fromPort"], rule["toPort"]) != (0, 65535):
        low, high = rule["fromPort"], rule["toPort"]
        ports["ports"] = [str(low) if low == high else f"{low}-{high}"]
    body: Body = {
        "direction": direction,
        "priority": _FIRST,
        "allowed": [ports],
        "disabled": False,
        "description": rule.get("description", ""),
    }
    if "group" in rule:
        return {**body, "sourceTags": [short(str(rule["group"]))]}
    return {**body, "sourceRanges" if direction == _IN else "destinationRanges": [rule["cidr"]]}


def _denial(direction: str) -> Body:
    where = "sourceRanges" if direction == _IN else "destinationRanges"
    denied = [{"IPProtocol": "all"}]
    return {"direction": direction, "priority": _LAST, "denied": denied, where: [_EVERYWHERE], "disabled": False}


def _shown(native: Native, direction: str) -> list[dict[str, Any]]:
    closed = "" if direction == _IN else _CLOSED
    found = [
        one
        for part, body in native.items()
        if part != closed and body.get("direction", _IN) == direction
        for one in _unified(body, direction)
    ]
    wanted, denial = _denial(direction), native.get(closed, {})
    if any((denial.get(name) or False) != value for name, value in wanted.items()):
        # Without the denial other rules of the network decide.
        found.append({"protocol": "all", "cidr": _EVERYWHERE, "description": "nothing denies the rest"})
    return sorted(found, key=key)


def _unified(body: Body, direction: str) -> Iterable[dict[str, Any]]:
    ranges = body.get("sourceRanges" if direction == _IN else "destinationRanges") or ()
    sides: list[dict[str, Any]] = [{"cidr": one} for one in ranges]
    tags = f"projects/{project_of(str(body.get('selfLink') or ''))}/global/firewalls/"
    sides += [{"group": f"{tags}{one}"} for one in body.get("sourceTags") or ()]
    more = {"description": body["description"]} if body.get("description") else {}
    if body.get("disabled"):
        more["disabled"] = True
    for allowed in body.get("allowed") or ():
        protocol = str(allowed.get("IPProtocol", "")).lower()
        for ports in allowed.get("ports") or ("0-65535",):
            low, _, high = str(ports).partition("-")
            reach = {} if protocol == "all" else {"fromPort": int(low), "toPort": int(high or low)}
            for side in sides or ({"cidr": _EVERYWHERE},):
                yield {"protocol": protocol, **reach, **side, **more}
    for denied in body.get("denied") or ():
        yield {"protocol": str(denied.get("IPProtocol")), "access": "DENY", **more}
