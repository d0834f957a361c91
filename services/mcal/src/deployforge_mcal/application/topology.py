"""Keeps what networks are made of, and says who reaches whom."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from deployforge_chassis.facts import Fact, Write

from deployforge_mcal.application.messages import DesiredWiring
from deployforge_mcal.application.ports import WiringReader
from deployforge_mcal.application.stores import Wiring
from deployforge_mcal.domain.topology import unified, unread
from deployforge_mcal.domain.topology.network_map import NetworkMap
from deployforge_mcal.domain.topology.places import Place, UnknownPlace, place
from deployforge_mcal.domain.topology.reach import reach
from deployforge_mcal.domain.topology.traffic import Answer, Traffic
from deployforge_mcal.domain.topology.wiring import Part, Wired

#: What is not looked at, said with every answer.
UNSEEN: Final = (
    "firewalls within machines, what forwards traffic by itself, and whatever was not deployed from here are not looked at"
)


class Topology:
    """`native`: type of native resource → what reads it."""

    def __init__(self, wiring: Wiring, native: Mapping[str, WiringReader]) -> None:
        self._wiring, self._native = wiring, native

    def heard(self, fact: Fact) -> list[Write]:
        """What becomes of a resource that networks may be made of."""
        if fact.value is None:
            return [self._wiring.drop(fact.key)]
        of = fact.read(DesiredWiring)
        properties = json.loads(of.properties_json)
        if unread.bears(of.provider_type, of.type):
            properties = unread.reduced(properties)
        elif of.type not in unified.TYPES and of.type not in self._native:
            return []
        wired = Wired(of.urn, of.type, of.provider_type, of.account, of.location, of.physical_id, properties)
        return [self._wiring.put(of.deployment_id, of.version, wired)]

    def path(self, source: str, target: str, traffic: Traffic, may_see: Callable[[str], bool]) -> Answer:
        """Whether one place reaches another. Raises UnknownPlace, for what the asker may not see too."""
        whole = NetworkMap(part for one in self._wiring.all() for part in self._parts(one))
        return reach(whole, _visible(whole, source, may_see), _visible(whole, target, may_see), traffic)

    def _parts(self, of: Wired) -> Sequence[Part]:
        if unread.bears(of.provider_type, of.type):
            return [unread.part(of)]
        return self._native.get(of.type, unified.parts)(of)


def _visible(whole: NetworkMap, name: str, may_see: Callable[[str], bool]) -> Place:
    found = place(whole, name)
    # Of an address, the network that it is in says whose it is.
    urns = [found.urn, *(net.urn for net in (whole.nets.get(found.net),) if net is not None and not found.urn)]
    if any(urn and not may_see(urn.split(":")[2]) for urn in urns):
        raise UnknownPlace(name)
    return found
