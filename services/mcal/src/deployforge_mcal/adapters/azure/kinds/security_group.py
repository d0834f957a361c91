"""SecurityGroup: Microsoft.Network/networkSecurityGroups.

Azure lets a whole virtual network in, and everything out, by rules of its own that cannot be removed. "Exactly these
rules" therefore needs a last rule that denies: always inwards, outwards where rules are declared.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.bodies import Body, Field, Native, digest
from deployforge_mcal.domain.normalise import key
from deployforge_mcal.domain.types.security_group import SECURITY_GROUP

_PROTOCOLS: Final = {"tcp": "Tcp", "udp": "Udp", "icmp": "Icmp", "all": "*"}
_BACK: Final = {v: k for k, v in _PROTOCOLS.items()}
_LAST: Final = {"Inbound": "df-deny-inbound", "Outbound": "df-deny-outbound"}
_EVERYWHERE: Final = "0.0.0.0/0"


class SecurityGroupKind(Kind):
    """Who may reach what it is laid around."""

    model = SECURITY_GROUP
    native_type = "Microsoft.Network/networkSecurityGroups"
    in_graph = True
    attributes = ("id", "address")
    fields: ClassVar[Mapping[str, Field]] = {"tags": Field("tags")}
    respelt: ClassVar[Mapping[str, str]] = dict.fromkeys(("ingress", "egress"), "properties.securityRules")

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """See Kind."""
        for name in ("ingress", "egress"):
            for rule in values.get(name) or ():
                if "group" in rule:
                    yield name, "a rule of Azure names addresses, not another group", "cidr in place of group"
                if rule["protocol"] not in _PROTOCOLS:
                    yield name, f"Azure has no protocol {rule['protocol']}", ", ".join(_PROTOCOLS)

    def to_native(self, values: Mapping[str, Any]) -> Native:
        """See Kind."""
        native = super().to_native(values)
        rules: list[Body] = []
        for name, direction in (("ingress", "Inbound"), ("egress", "Outbound")):
            if name in values:
                rules += [_rule(one, direction, 100 + i) for i, one in enumerate(values[name])]
                rules.append(_denial(direction))
        if rules:
            native[""]["properties"] = {"securityRules": rules}
        return native

    def from_native(self, native: Native) -> dict[str, Any]:
        """See Kind. A rule that this vocabulary cannot say is shown all the same, so that it is seen to be too much."""
        values = super().from_native(native)
        rules = [(r["name"], r["properties"]) for r in (native[""].get("properties") or {}).get("securityRules") or ()]
        values["ingress"] = _shown(rules, "Inbound")
        closed = any(name == _LAST["Outbound"] for name, _ in rules)
        if closed or any(p["direction"] == "Outbound" for _, p in rules):
            values["egress"] = _shown(rules, "Outbound")
        return values

    def attribute_values(self, id: str) -> dict[str, str]:
        """See Kind."""
        return {"id": id, "address": id}


def _rule(rule: Mapping[str, Any], direction: str, priority: int) -> Body:
    ports = "*" if rule["protocol"] in ("all", "icmp") else f"{rule['fromPort']}-{rule['toPort']}"
    if rule.get("fromPort") == rule.get("toPort") and ports != "*":
        ports = str(rule["fromPort"])
    there = "*" if rule["cidr"] == _EVERYWHERE else rule["cidr"]
    outwards = direction == "Outbound"
    return {
        "name": f"df-{digest(direction, key(rule))}",
        "properties": {
            "priority": priority, "direction": direction, "access": "Allow", "protocol": _PROTOCOLS[rule["protocol"]],
            "sourcePortRange": "*", "destinationPortRange": ports, "sourceAddressPrefix": "*" if outwards else there,
            "destinationAddressPrefix": there if outwards else "*", "description": rule.get("description", ""),
        },
    }  # fmt: skip


def _denial(direction: str) -> Body:
    inwards = direction == "Inbound"
    return {
        "name": _LAST[direction],
        "properties": {
            "priority": 4096, "direction": direction, "access": "Deny", "protocol": "*", "sourcePortRange": "*",
            # Azure's own load balancer must be able to ask whether somebody is well.
            "destinationPortRange": "*", "sourceAddressPrefix": "VirtualNetwork" if inwards else "*",
            "destinationAddressPrefix": "*", "description": "what is not allowed above is denied",
        },
    }  # fmt: skip


def _shown(rules: Sequence[tuple[str, Mapping[str, Any]]], direction: str) -> list[dict[str, Any]]:
    mine = [(name, p) for name, p in rules if p["direction"] == direction]
    found = [_unified(p, direction) for name, p in mine if name != _LAST[direction]]
    denial = dict(mine).get(_LAST[direction])
    wanted = _denial(direction)["properties"]
    if denial is None or any(denial.get(name) != value for name, value in wanted.items() if name != "description"):
        # Without the denial Azure's own rules let these in, or out.
        found.append({"protocol": "all", "group": "VirtualNetwork" if direction == "Inbound" else "Internet"})
    return sorted(found, key=key)


def _unified(p: Mapping[str, Any], direction: str) -> dict[str, Any]:
    side = "source" if direction == "Inbound" else "destination"
    protocol = _BACK.get(str(p.get("protocol")), str(p.get("protocol")).lower())
    found: dict[str, Any] = {"protocol": protocol}
    ports = str(p.get("destinationPortRange") or ",".join(p.get("destinationPortRanges") or ()))
    if protocol == "icmp":
        found |= {"fromPort": 0, "toPort": 65535}
    elif protocol != "all":
        low, _, high = ("0-65535" if ports == "*" else ports).partition("-")
        found |= {"fromPort": _number(low), "toPort": _number(high or low)}
    elif ports != "*":
        found["fromPort"] = ports
    address = str(p.get(f"{side}AddressPrefix") or ",".join(p.get(f"{side}AddressPrefixes") or ()))
    if address == "*" or "/" in address or "." in address:
        found["cidr"] = _EVERYWHERE if address == "*" else address if "/" in address else f"{address}/32"
    else:
        found["group"] = address
    if p.get("description"):
        found["description"] = p["description"]
    if p.get("access") != "Allow":
        found["access"] = p.get("access")
    return found


def _number(text: str) -> Any:
    return int(text) if text.isdigit() else text
