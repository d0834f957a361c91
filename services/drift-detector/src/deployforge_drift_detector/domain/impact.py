"""What else suffers: the resources that need a drifted one, directly or through others, why, and what is lost with them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployforge_drift_detector.domain.cloud_events import spelling
from deployforge_drift_detector.domain.desired import Desired

AT_MOST: Final = 200
"""More than this says nothing new, and a fact must stay well below a broker's limit for one message. All are counted."""

_FIREWALL: Final = re.compile(r"securitygroup|firewall|networkacl", re.IGNORECASE)
_NETWORK: Final = re.compile(
    r"network|subnet|vpc|routetable|route$|routes$|peering|gateway|securitygroup|firewall|networkacl", re.IGNORECASE
)
_IDENTITY: Final = re.compile(
    r"role|policy|policies|instanceprofile|serviceaccount|iam_|userassignedidentit", re.IGNORECASE
)
_PLACING: Final = re.compile(
    r"(network|vpc|subnet|subnetgroup|subnetwork|securitygroup|role)(name|id|arn)?s?|iaminstanceprofile|serviceaccount",
    re.IGNORECASE,
)
_LONGEST: Final = 2_048


@dataclass(frozen=True)
class Impact:
    """One resource downstream."""

    urn: str
    path: tuple[str, ...]
    """From the drifted resource to this one, both included."""
    reason: str
    """Of the last step of the path; each step before it is the last one of another."""
    via: str = ""
    """reference, network, iam or order; empty in records that are older than this."""


@dataclass(frozen=True)
class Downstream:
    """What suffers with a resource."""

    impact: tuple[Impact, ...] = ()
    """The nearest, at most AT_MOST, each behind all of these that it needs."""
    affected: int = 0
    """How many there are in all."""
    outputs: tuple[str, ...] = ()
    """Outputs that break, as `deployment.output`."""


def why(user: Desired, needed: Desired) -> tuple[str, str]:
    """How `user` would notice that something is wrong with `needed`: by what (see Impact.via), and in words."""
    said = sorted((one.path, one.attribute) for one in user.references if one.urn == needed.urn)
    if said:
        path, attribute = said[0]
        more = f" and {len(said) - 1} more" if len(said) > 1 else ""
        evidence = f"{path} refers to {needed.resource}.{attribute}{more}"
    elif needed.physical_id and (path := _where_named(user, needed.physical_id)):
        evidence = f"{path} names it"
    else:
        return "order", f"{user.resource} is declared to depend on {needed.resource}"
    via, words = _meaning(user, needed, path)
    return via, f"{words}{evidence}"


def named(one: Desired) -> Iterator[tuple[str, str]]:
    """(path, what stands there, see `spelling`) of what may be the physical id of a network, a firewall or an identity
    around a resource, or of what a firewall or a policy speaks of.
    """
    everything = bool(_FIREWALL.search(_kind(one.type)) or _IDENTITY.search(_kind(one.type)))
    for name, value in one.properties.items():
        if everything or _PLACING.fullmatch(name.replace("_", "")):
            yield from ((path, spelling(text)) for path, text in _texts(value, name) if _may_be_an_id(text))


def _meaning(user: Desired, needed: Desired, path: str) -> tuple[str, str]:
    """By what, and the beginning of a sentence."""
    theirs, ours = _kind(needed.type), _kind(user.type)
    if _IDENTITY.search(theirs) and not _IDENTITY.search(ours):
        return "iam", f"{user.resource} runs as {needed.resource}: "
    if _IDENTITY.search(ours):
        return "iam", f"{user.resource} says what may be done with {needed.resource}: "
    if _FIREWALL.search(theirs) and _FIREWALL.search(ours):
        return "network", f"{user.resource} tells who is let through by {needed.resource}: "
    if _FIREWALL.search(theirs):
        return "network", f"{user.resource} is reached through {needed.resource}: "
    if _NETWORK.search(theirs):
        return "network", f"{user.resource} lies in {needed.resource}: "
    return "reference", ""


def _kind(type: str) -> str:
    """`AWS::EC2::SecurityGroup` and `aws/AWS::EC2::SecurityGroup` are SecurityGroup."""
    return type.rpartition("::")[2].rpartition("/")[2]


def _where_named(user: Desired, physical_id: str) -> str:
    wanted = spelling(physical_id)
    return next((path for path, name in named(user) if name == wanted), "")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for name, inner in value.items():
            yield from _texts(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{at}]")


def _may_be_an_id(text: str) -> bool:
    return 2 < len(text) <= _LONGEST and not any(map(str.isspace, text))
