"""Microsoft.Network."""

import ipaddress
from collections.abc import Iterable
from typing import Any, Final

from tests.emulators.arm.ids import ArmId
from tests.emulators.arm.kinds import Finder, Kind, Properties, bad, names

_VERSIONS: Final = ("2023-09-01", "2024-05-01")
_NAME: Final = names(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,78}[A-Za-z0-9_])?")
_PROTOCOLS: Final = ("*", "Tcp", "Udp", "Icmp", "Esp", "Ah")
_DEFAULT_RULES: Final = (
    ("AllowVnetInBound", 65000, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowAzureLoadBalancerInBound", 65001, "Inbound", "Allow", "AzureLoadBalancer", "*"),
    ("DenyAllInBound", 65500, "Inbound", "Deny", "*", "*"),
    ("AllowVnetOutBound", 65000, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork"),
    ("AllowInternetOutBound", 65001, "Outbound", "Allow", "*", "Internet"),
    ("DenyAllOutBound", 65500, "Outbound", "Deny", "*", "*"),
)


def _nets(id: ArmId, prefixes: Iterable[str]) -> list[Any]:
    try:
        return [ipaddress.ip_network(p) for p in prefixes]
    except ValueError as wrong:
        raise bad(id, f"The address prefix is not valid: {wrong}", "InvalidAddressPrefixFormat") from None


def _prefixes(properties: Properties) -> list[str]:
    one = properties.get("addressPrefix")
    return [one] if one else list(properties.get("addressPrefixes") or ())


def _network(id: ArmId, properties: Properties, find: Finder) -> None:
    if not _nets(id, properties["addressSpace"].get("addressPrefixes") or ()):
        raise bad(id, "A virtual network needs at least one address prefix", "InvalidRequestFormat")


def _subnet(id: ArmId, properties: Properties, find: Finder) -> None:
    network = find(str(id.parent))
    if network is None:
        raise bad(id, f"The virtual network {id.names[0]} was not found", "ParentResourceNotFound", 404)
    wanted = _nets(id, _prefixes(properties))
    space = _nets(id, network["properties"]["addressSpace"]["addressPrefixes"])
    if not wanted or not all(any(w.version == s.version and w.subnet_of(s) for s in space) for w in wanted):
        said = f"Subnet '{id.name}' is not valid in virtual network '{id.names[0]}'."
        raise bad(id, said, "NetcfgInvalidSubnet")
    for other in network["properties"].get("subnets") or ():
        there = _nets(id, _prefixes(other["properties"]))
        if other["name"].lower() != id.name.lower() and any(w.overlaps(t) for w in wanted for t in there):
            said = f"Subnet '{id.name}' is not valid because its IP address range overlaps with that of '{other['name']}'."
            raise bad(id, said, "NetcfgSubnetRangesOverlap")
    group = (properties.get("networkSecurityGroup") or {}).get("id")
    if group and find(group) is None:
        raise bad(id, f"Resource {group} referenced by resource {id} was not found.", "InvalidResourceReference")


def _security(id: ArmId, properties: Properties, find: Finder) -> None:
    seen: set[tuple[str, int]] = set()
    for rule in properties.get("securityRules") or ():
        if not isinstance(rule, dict) or not rule.get("name"):
            raise bad(id, "A security rule needs a name", "InvalidRequestFormat")
        p = rule.get("properties") or {}
        for name in ("protocol", "access", "priority", "direction"):
            if p.get(name) is None:
                raise bad(
                    id,
                    f"Required security rule parameter {name} of {rule['name']} is missing.",
                    "SecurityRuleParameterMissing",
                )
        if (
            p["protocol"] not in _PROTOCOLS
            or p["access"] not in ("Allow", "Deny")
            or p["direction"] not in ("Inbound", "Outbound")
        ):
            raise bad(
                id, f"Security rule {rule['name']} has an invalid protocol, access or direction.", "SecurityRuleInvalid"
            )
        if not isinstance(p["priority"], int) or not 100 <= p["priority"] <= 4096:
            raise bad(
                id,
                f"Security rule {rule['name']} has invalid priority {p['priority']}: 100 to 4096.",
                "SecurityRuleInvalidPriority",
            )
        if (turn := (p["direction"], p["priority"])) in seen:
            raise bad(
                id,
                f"Security rule {rule['name']} conflicts with another of priority {p['priority']}.",
                "SecurityRuleConflict",
            )
        seen.add(turn)


def _rules(id: ArmId, properties: Properties, location: str) -> Properties:
    mine = [
        {
            "name": r["name"], "id": f"{id}/securityRules/{r['name']}", "type": f"{id.type}/securityRules",
            "properties": {**r["properties"], "provisioningState": "Succeeded"},
        }
        for r in properties.get("securityRules") or ()
    ]  # fmt: skip
    standing = [
        {
            "name": name, "id": f"{id}/defaultSecurityRules/{name}",
            "properties": {
                "priority": priority, "direction": direction, "access": access, "protocol": "*", "sourcePortRange": "*",
                "destinationPortRange": "*", "sourceAddressPrefix": source, "destinationAddressPrefix": target,
                "provisioningState": "Succeeded",
            },
        }
        for name, priority, direction, access, source, target in _DEFAULT_RULES
    ]  # fmt: skip
    return {"securityRules": mine, "defaultSecurityRules": standing}


#: Record type → where its values are, and which words each of them has.
_RECORDS: Final = {
    "A": ("ARecords", {"ipv4Address"}), "AAAA": ("AAAARecords", {"ipv6Address"}), "CNAME": ("CNAMERecord", {"cname"}),
    "MX": ("MXRecords", {"preference", "exchange"}), "TXT": ("TXTRecords", {"value"}), "NS": ("NSRecords", {"nsdname"}),
    "SRV": ("SRVRecords", {"priority", "weight", "port", "target"}), "CAA": ("caaRecords", {"flags", "tag", "value"}),
}  # fmt: skip


def _record(id: ArmId, properties: Properties, find: Finder) -> None:
    if find(str(id.parent)) is None:
        said = f"Can not perform requested operation on nested resource. Parent resource '{id.names[0]}' not found."
        raise bad(id, said, "ParentResourceNotFound", 404)
    where, words = _RECORDS[id.types[-1].upper()]
    held = properties.get(where)
    for one in held if isinstance(held, list) else [held]:
        if not isinstance(one, dict) or set(one) != words:
            raise bad(id, f"The record set '{id.name}' has no {where}, or not as {', '.join(sorted(words))}")
    for address in held if where in ("ARecords", "AAAARecords") else ():
        try:
            ipaddress.ip_address(next(iter(address.values())))
        except ValueError as wrong:
            raise bad(id, f"The value of a record of '{id.name}' is not valid: {wrong}") from None


def _record_state(id: ArmId, properties: Properties, location: str) -> Properties:
    name = id.names[0] if id.name == "@" else f"{id.name}.{id.names[0]}"
    return {"fqdn": f"{name}.", "targetResource": {}}


KINDS: Final = (
    Kind(
        "Microsoft.Network/virtualNetworks", _VERSIONS, _NAME, slow=True, check=_network, required=("addressSpace",),
        allowed=frozenset({
            "addressSpace", "dhcpOptions", "subnets", "enableDdosProtection", "enableVmProtection", "encryption",
            "flowTimeoutInMinutes", "virtualNetworkPeerings", "provisioningState",
        }),
        defaults={"enableDdosProtection": False},
        rules={"addressSpace": lambda v: isinstance(v, dict)},
    ),
    Kind(
        "Microsoft.Network/virtualNetworks/subnets", _VERSIONS, _NAME, tracked=False, check=_subnet,
        allowed=frozenset({
            "addressPrefix", "addressPrefixes", "networkSecurityGroup", "serviceEndpoints", "delegations", "routeTable",
            "natGateway", "privateEndpointNetworkPolicies", "privateLinkServiceNetworkPolicies", "defaultOutboundAccess",
            "provisioningState",
        }),
        defaults={"privateEndpointNetworkPolicies": "Disabled", "privateLinkServiceNetworkPolicies": "Enabled"},
    ),
    Kind(
        "Microsoft.Network/networkSecurityGroups", _VERSIONS, _NAME, check=_security, computed=_rules,
        allowed=frozenset({"securityRules", "flushConnection", "defaultSecurityRules", "provisioningState"}),
    ),
    *(
        Kind(f"Microsoft.Network/{name}", _VERSIONS, _NAME)
        for name in ("routeTables", "natGateways")
    ),
    Kind("Microsoft.Network/virtualNetworks/virtualNetworkPeerings", _VERSIONS, _NAME, tracked=False),
    Kind("Microsoft.Network/dnsZones", ("2018-05-01",)),
    *(
        Kind(f"Microsoft.Network/dnsZones/{record}", ("2018-05-01",), tracked=False, check=_record, required=("TTL",), computed=_record_state)
        for record in _RECORDS
    ),
)  # fmt: skip
