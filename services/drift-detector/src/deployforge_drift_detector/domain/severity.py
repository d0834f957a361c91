"""How bad a difference is. The first rule of the table that applies decides; its name goes into the record.

The manifest's rules come first, then the operator's policy, then the table. What a manifest or a policy says stands as
written, but for the policy's floors: nothing is less bad than these. A level that the table gives is raised by one for a
resource of high criticality, and from degraded to critical by what lies downstream; so is a floor's by the latter.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final

from deployforge_drift_detector.domain.compare import Difference, text
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.numbers import is_number
from deployforge_drift_detector.domain.rules import PolicyRule, SeverityRule, covers, matches

_ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})
_MANIFEST: Final = "manifest: "
_POLICY: Final = "policy: "
_FLOOR: Final = "floor: "
MANY_DOWNSTREAM: Final = 10
"""So many resources that depend on a drifted one make a degraded drift critical."""


@dataclass(frozen=True)
class Judged:
    """A level and the name of the rule that gave it."""

    level: Severity
    rule: str


@dataclass(frozen=True)
class ShippedRule:
    """One line of the table."""

    name: str
    level: Severity
    applies: Callable[[str, Difference], bool]
    """Of the resource's type and the difference."""


def worst(levels: Iterable[Judged]) -> Judged:
    """The worst of at least one; of equals, the first."""
    return max(levels, key=lambda judged: judged.level.rank)


def judge(
    type: str, resource: str, difference: Difference, *, criticality: str, rules: Iterable[SeverityRule] = (),
    policy: Collection[PolicyRule] = (),
) -> Judged:  # fmt: skip
    """How bad one difference is: as the manifest says, or else the policy, or else the table; never below a floor."""
    for rule in rules:
        if matches(rule.resource, resource) and covers(rule.path, difference.path):
            return _floored(Judged(rule.level, f"{_MANIFEST}{rule.path}"), policy, difference.path)
    for named in policy:
        if not named.floor and covers(named.path, difference.path):
            return _floored(Judged(named.level, f"{_POLICY}{named.name}"), policy, difference.path)
    shipped = next(rule for rule in SHIPPED if rule.applies(type, difference))
    return _floored(_raised(Judged(shipped.level, shipped.name), criticality), policy, difference.path)


def judge_missing(
    resource: str, *, criticality: str, rules: Iterable[SeverityRule] = (), policy: Collection[PolicyRule] = ()
) -> Judged:
    """How bad it is that the whole resource is gone; a rule must cover everything (`**`) to speak here."""
    for rule in rules:
        if rule.path == "**" and matches(rule.resource, resource):
            return _floored(Judged(rule.level, f"{_MANIFEST}{rule.path}"), policy)
    for named in policy:
        if not named.floor and named.path == "**":
            return _floored(Judged(named.level, f"{_POLICY}{named.name}"), policy)
    return _floored(_raised(Judged(Severity.DEGRADED, "deletion"), criticality), policy)


def _floored(judged: Judged, policy: Collection[PolicyRule], path: str | None = None) -> Judged:
    """Of a path; without one, of a resource that is missing. The first floor that is higher gives its name."""
    floors = (one for one in policy if one.floor and (one.path == "**" if path is None else covers(one.path, path)))
    return worst([judged, *(Judged(one.level, f"{_FLOOR}{one.name}") for one in floors)])


def raised_by_impact(judged: Judged, downstream: Collection[str]) -> Judged:
    """What the drift as a whole is worth, given the criticalities of the resources downstream. Only a degraded drift is
    raised: an informational one, as of a tag, harms nobody downstream.
    """
    if judged.level is not Severity.DEGRADED or judged.rule.startswith((_MANIFEST, _POLICY)):
        return judged
    if "high" not in downstream and len(downstream) < MANY_DOWNSTREAM:
        return judged
    return Judged(Severity.CRITICAL, f"{judged.rule}, raised by impact")


def _raised(judged: Judged, criticality: str) -> Judged:
    if criticality != "high" or judged.level is Severity.CRITICAL:
        return judged
    return Judged(judged.level.raised(), f"{judged.rule}, raised by criticality high")


def _is(type: str, *kinds: str) -> bool:
    """Unified name or the last part of a native one: `Queue`, `AWS::SQS::Queue`, `aws/AWS::SQS::Queue`."""
    return type.rpartition("::")[2].rpartition("/")[2].lower() in kinds


def _words(path: str) -> str:
    return path.removeprefix("native.").lower()


def _opens_network(type: str, difference: Difference) -> bool:
    if not _words(difference.path).partition(".")[0].endswith(("ingress", "egress")):
        return False
    if not _is(type, "securitygroup", "securitygroupingress", "securitygroupegress"):
        return False
    desired = {text(rule) for rule in _items(difference.expected)}
    return any(_open(rule) for rule in _items(difference.actual) if text(rule) not in desired)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _open(value: Any) -> bool:
    """Whether the whole world is named anywhere in a rule."""
    match value:
        case str():
            return value in _ANYWHERE
        case dict():
            return any(_open(item) for item in value.values())
        case list():
            return any(_open(item) for item in value)
        case _:
            return False


def _exposes(type: str, difference: Difference) -> bool:
    path = _words(difference.path)
    if _is(type, "database", "dbinstance", "loadbalancer") and path in ("public", "publiclyaccessible"):
        return difference.actual is True
    return _is(type, "objectstore", "bucket") and path.startswith(("publicaccess", "accesscontrol"))


def _bares(type: str, difference: Difference) -> bool:
    """Encryption was on in whatever way and is off."""
    path = _words(difference.path)
    return ("encrypt" in path or "ssespecification" in path or "kmskey" in path or "kmsmaster" in path) and (
        _off(difference.actual) and not _off(difference.expected)
    )


def _off(value: Any) -> bool:
    return value is None or value in (False, "", "none", "NONE", "off", "disabled", "Disabled")


def _widens_rights(type: str, difference: Difference) -> bool:
    root = _words(difference.path).partition(".")[0]
    return _is(type, "role", "policy", "managedpolicy") and root in {
        "policies", "trust", "trustpolicy", "usedby", "managedpolicies", "managedpolicyarns", "assumerolepolicydocument",
        "policydocument",
    }  # fmt: skip


def _loses_data(type: str, difference: Difference) -> bool:
    path, expected, actual = _words(difference.path), difference.expected, difference.actual
    if "retention" in path:
        return difference.gone or (is_number(actual) and is_number(expected) and actual < expected)
    if "versioning" in path or "pointintimerecovery" in path:
        return _off(actual) or actual == "Suspended" or actual == {}
    return False


def _unprotects(type: str, difference: Difference) -> bool:
    """Nothing is lost yet, but what kept a mistake from losing it is gone."""
    word = _words(difference.path).rpartition(".")[2].replace("_", "")
    guards = ("deletionprotection", "terminationprotection", "purgeprotection")
    return any(guard in word for guard in guards) and _off(difference.actual) and not _off(difference.expected)


def _tags(type: str, difference: Difference) -> bool:
    return _words(difference.path).partition(".")[0] == "tags"


def _anything(type: str, difference: Difference) -> bool:
    return True


SHIPPED: Final = (
    ShippedRule("network-opening", Severity.CRITICAL, _opens_network),
    ShippedRule("public-exposure", Severity.CRITICAL, _exposes),
    ShippedRule("encryption-off", Severity.CRITICAL, _bares),
    ShippedRule("iam-widening", Severity.CRITICAL, _widens_rights),
    ShippedRule("data-loss", Severity.DEGRADED, _loses_data),
    ShippedRule("deletion-protection", Severity.DEGRADED, _unprotects),
    ShippedRule("tags", Severity.INFORMATIONAL, _tags),
    ShippedRule("default", Severity.DEGRADED, _anything),
)
"""In order; `deletion` (degraded) is what `judge_missing` gives."""
