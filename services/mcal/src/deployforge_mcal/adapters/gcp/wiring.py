"""What native types of Google Cloud say of networks, in Terraform's words: firewall rules hold for their whole network."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.gcp.kinds.base import named
from deployforge_mcal.adapters.gcp.placing import project_of, short
from deployforge_mcal.domain.topology.ranges import EVERYWHERE, parsed
from deployforge_mcal.domain.topology.unified_rules import walls_of
from deployforge_mcal.domain.topology.walls import Entry
from deployforge_mcal.domain.topology.wiring import PROTOCOL_NUMBERS, Host, Net, Part, Sub, Wired

_PREFIX: Final = "gcp/"
#: Source: Google Cloud, "VPC firewall rules".
_PRIORITY: Final = 1000


def parts(of: Wired) -> Sequence[Part]:
    """What a native resource adds; nothing for a type that has no part in networks."""
    read = _READ.get(of.type.removeprefix(_PREFIX))
    return read(of, of.properties) if read is not None else []


def _network(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    return [Net(of.urn, of.id, (), False), walls_of(of.urn, of.id)]


def _subnet(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    net = _of_project(of, values.get("network"), "global/networks")
    return [Sub(of.urn, of.id, net, parsed(values.get("ip_cidr_range")), lists=(net,))]


def _firewall(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    if values.get("disabled") is True:
        return []
    inward = str(values.get("direction") or "INGRESS").upper() == "INGRESS"
    ranges = _texts(values, "source_ranges" if inward else "destination_ranges")
    groups = (*_texts(values, "source_tags"), *_texts(values, "source_service_accounts")) if inward else ()
    # A rule that names nobody is about everybody; addresses of the new protocol are nobody here.
    cidrs = tuple(cidr for one in ranges if (cidr := parsed(one)) is not None) if ranges or groups else (EVERYWHERE,)
    members = (*_texts(values, "target_tags"), *_texts(values, "target_service_accounts"))
    net, number = _of_project(of, values.get("network"), "global/networks"), int(values.get("priority") or _PRIORITY)
    return [
        Entry(of.urn, net, number, allow, inward, protocol, first, last, cidrs, groups=groups, members=members)
        for allow, word in ((True, "allow"), (False, "deny"))
        for block in _blocks(values.get(word))
        for protocol, first, last in _traffic(block)
    ]


def _instance(of: Wired, values: Mapping[str, Any]) -> Sequence[Part]:
    interfaces = _blocks(values.get("network_interface"))
    subs = tuple(str(named(one["subnetwork"])) for one in interfaces if one.get("subnetwork"))
    accounts = [str(one["email"]) for one in _blocks(values.get("service_account")) if one.get("email")]
    public = any("access_config" in one for one in interfaces)
    return [Host(of.urn, of.id, subs, (), public, False, groups=(*_texts(values, "tags"), *accounts))]


_READ: Final[Mapping[str, Callable[[Wired, Mapping[str, Any]], Sequence[Part]]]] = {
    "google_compute_network": _network,
    "google_compute_subnetwork": _subnet,
    "google_compute_firewall": _firewall,
    "google_compute_instance": _instance,
}
TYPES: Final = frozenset(f"{_PREFIX}{name}" for name in _READ)


def _traffic(block: Mapping[str, Any]) -> Iterator[tuple[str, int, int]]:
    given = str(block.get("protocol")).lower()
    for ports in block.get("ports") or ("0-65535",):
        low, _, high = str(ports).partition("-")
        yield PROTOCOL_NUMBERS.get(given, given), int(low), int(high or low)


def _of_project(of: Wired, value: Any, where: str) -> str:
    """The relative name of what may be named by its last part alone."""
    said = str(named(value) or "")
    return said if "/" in said or not said else f"projects/{project_of(of.id)}/{where}/{short(said)}"


def _blocks(value: Any) -> list[Mapping[str, Any]]:
    """Terraform takes one block or many."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, Mapping)]


def _texts(values: Mapping[str, Any], name: str) -> tuple[str, ...]:
    given = values.get(name)
    return tuple(map(str, given)) if isinstance(given, list) else ()
