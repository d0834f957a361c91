"""The parts of networks in the unified vocabulary.

What a group of rules is differs by cloud: on AWS one of the groups around a host must let pass, on Azure all must, on
Google Cloud its rules are the whole network's, about those who carry its tag.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.domain.topology.ranges import parsed
from deployforge_mcal.domain.topology.unified_rules import listed, rules, tag, tagged, walls_of
from deployforge_mcal.domain.topology.walls import Firewall
from deployforge_mcal.domain.topology.wiring import Host, Net, Part, Sub, Wired

_HOSTS: Final = frozenset({"Compute", "LoadBalancer", "Database", "Cache"})
TYPES: Final = frozenset({"Network", "Subnet", "SecurityGroup", *_HOSTS})
_AWS, _AZURE = "aws", "azure"
#: Both engines.
_GOOGLE: Final = frozenset({"gcp", "gcp-deployment-manager"})


def parts(of: Wired) -> Sequence[Part]:
    """What a resource of a unified type adds; nothing for a type that has no part in networks."""
    if of.type == "Network":
        return _network(of)
    if of.type == "Subnet":
        return _subnet(of)
    if of.type == "SecurityGroup":
        return _group(of)
    return [_host(of)] if of.type in _HOSTS else []


def _network(of: Wired) -> Sequence[Part]:
    cidr = parsed(of.properties.get("cidr"))
    # AWS alone makes no routes of links by itself. The addresses of a network of Google Cloud are those of its subnets.
    net = Net(of.urn, of.id, (cidr,) if cidr and of.provider_type not in _GOOGLE else (), of.provider_type == _AWS)
    return [net, walls_of(of.urn, of.id)] if of.provider_type in _GOOGLE else [net]


def _subnet(of: Wired) -> Sequence[Part]:
    net = _text(of.properties, "network")
    around = (net,) if of.provider_type in _GOOGLE else ()
    public = of.properties.get("public") is True
    return [Sub(of.urn, of.id, net, parsed(of.properties.get("cidr")), public, lists=around)]


def _group(of: Wired) -> Sequence[Part]:
    net, egress = _text(of.properties, "network"), of.properties.get("egress")
    inward, outward = rules(of.properties.get("ingress")), None if egress is None else rules(egress)
    if of.provider_type == _AZURE:
        return [listed(of.urn, of.id, inward, outward)]
    if of.provider_type in _GOOGLE:
        return tagged(of.urn, of.id, net, inward, outward)
    return [Firewall(of.urn, of.id, net, inward, outward)]


def _host(of: Wired) -> Host:
    values = of.properties
    subs = values.get("subnets") or [values["subnet"]] if values.get("subnet") or values.get("subnets") else []
    balances = of.type == "LoadBalancer"
    guarded = not balances and of.provider_type == _AWS
    given = tuple(map(str, values.get("securityGroups") or ()))
    walls = given if of.provider_type not in {_AZURE, *_GOOGLE} else ()
    lists = given if of.provider_type == _AZURE else ()
    groups = tuple(map(tag, given)) if of.provider_type in _GOOGLE else ()
    public = values.get("public") is True
    return Host(of.urn, of.id, tuple(map(str, subs)), walls, public, guarded, balances, lists, groups)


def _text(values: Mapping[str, Any], name: str) -> str:
    return str(values.get(name) or "")
