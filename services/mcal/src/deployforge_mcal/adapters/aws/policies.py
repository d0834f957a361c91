"""Session policies that say exactly what is needed in as few characters as possible.

IAM takes 2,048 characters (IAM User Guide, "IAM and AWS STS quotas"), and packs them further by rules of its own. So a
list of actions becomes patterns that match nothing of the service beside them, by AWS's own list of actions as cfn-lint
bundles it, which is greedy set cover; and statements about different services become one.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from deployforge_mcal.adapters.aws.schemas import bundled
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

LIMIT: Final = 2048
#: Handlers name these for imports and replicas; a credential that deploys has no business with anybody's data.
DATA: Final = ("Item", "Query", "Scan", "GetObject", "PutObject", "DeleteObject", "GetSecretValue")
#: Never matched by a pattern that matches more than was asked for: what opens data, and what gives rights away.
_NEVER: Final = re.compile(
    r"item|query|scan$|select$|partiql|object(?!lock)|message|secretvalue|invoke|publish$|pass|assume|policy|grant|permission|"
    r"key|password|token|logevents|records",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+")

Statement = Mapping[str, Any]


class TooLong(ProviderFailure):
    """What is needed does not fit into one policy, in characters or as IAM packs it."""

    def __init__(self, said: str) -> None:
        hint = "give some of these resources a provider block of their own: their unit has a credential of its own"
        super().__init__(Failure("POLICY_TOO_LONG", said, hint, restored=True))


def exact(statements: Sequence[Statement]) -> dict[str, Any]:
    """A policy that allows what the statements do and nothing else. Raises TooLong."""
    return _checked([_shortened(one, _others) for one in _merged(statements)])


def fitted(statements: Sequence[Statement]) -> dict[str, Any]:
    """As `exact`; where that is too long, patterns match further actions of the same services on the same resources,
    but none that opens data or gives rights away, until it fits: first where the resources are the unit's own. Raises
    TooLong."""
    merged = _merged(statements)
    kept = [_shortened(one, _others) for one in merged]
    for index in sorted(range(len(kept)), key=lambda i: (kept[i]["Resource"] == ["*"], -_size([kept[i]]))):
        if _size(kept) <= LIMIT:
            break
        kept[index] = _shortened(merged[index], _sensitive)
    return _checked(kept)


def _checked(statements: list[dict[str, Any]]) -> dict[str, Any]:
    if (size := _size(statements)) > LIMIT:
        raise TooLong(f"the session policy needs {size} characters, IAM allows {LIMIT}")
    return {"Version": "2012-10-17", "Statement": statements}


def written(policy: Mapping[str, Any]) -> str:
    """The policy as it is sent: a list of one thing is written as the thing."""
    return _written(policy["Statement"])


def _size(statements: Iterable[Statement]) -> int:
    return len(_written(statements))


def _written(statements: Iterable[Statement]) -> str:
    short = [{k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in one.items()} for one in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": short}, separators=(",", ":"))


def _merged(statements: Sequence[Statement]) -> list[dict[str, Any]]:
    """Statements whose services differ are one: an action of a service is about resources of that service alone. Those
    about everything, or with a condition, are only put together with their like."""
    found: list[dict[str, Any]] = []
    for one in statements:
        like = next((other for other in found if _mergeable(one, other)), None)
        if like is None:
            found.append({**one, "Action": list(one["Action"]), "Resource": list(one["Resource"])})
        else:
            like["Action"] += [a for a in one["Action"] if a not in like["Action"]]
            like["Resource"] += [r for r in one["Resource"] if r not in like["Resource"]]
    return found


def _mergeable(one: Statement, other: Statement) -> bool:
    if one.get("Condition") != other.get("Condition") or one["Effect"] != other["Effect"]:
        return False
    if one["Resource"] == other["Resource"]:
        return True
    everything = ["*"] in (one["Resource"], other["Resource"])
    return not everything and not _services(one) & _services(other)


def _services(statement: Statement) -> set[str]:
    return {action.partition(":")[0] for action in statement["Action"]}


def _shortened(statement: Statement, apart: Callable[[str, frozenset[str]], frozenset[str]]) -> dict[str, Any]:
    """The statement with patterns that match nothing of what `apart` gives for a service and its needed actions."""
    by_service: dict[str, list[str]] = {}
    for action in statement["Action"]:
        service, _, name = action.partition(":")
        by_service.setdefault(service, []).append(name)
    patterns = [
        f"{service}:{pattern}"
        for service, names in by_service.items()
        for pattern in _cover(service, frozenset(names), apart(service, frozenset(n.lower() for n in names)))
    ]
    return {**statement, "Action": patterns}


def _others(service: str, needed: frozenset[str]) -> frozenset[str]:
    """All other actions of the service, in lower case: IAM does not look at case."""
    return frozenset(_actions().get(service, ())) - needed


def _sensitive(service: str, needed: frozenset[str]) -> frozenset[str]:
    return frozenset(one for one in _others(service, needed) if _NEVER.search(one))


@lru_cache(maxsize=1)
def _actions() -> dict[str, tuple[str, ...]]:
    """Service → its actions in lower case."""
    text = (bundled() / "AdditionalSpecs" / "Policies.json").read_text()
    return {service: tuple(about["Actions"]) for service, about in json.loads(text).items()}


@lru_cache(maxsize=1024)
def _cover(service: str, needed: frozenset[str], apart: frozenset[str]) -> tuple[str, ...]:
    """Few patterns that match all that is needed and nothing of what is apart."""
    if service not in _actions():
        return tuple(sorted(needed))
    around = len(service) + len('":",')
    matches = {p: m for p in _candidates(needed) if (m := _matched(p, needed, apart))}
    left, found = set(needed), list[str]()
    while left:
        saved = {p: sum(len(n) + around for n in m & left) - len(p) - around for p, m in matches.items()}
        best = max(sorted(saved), key=lambda p: saved[p], default="")
        if not best or saved[best] <= 0:
            break
        found.append(best)
        left -= matches[best]
    return tuple(sorted([*found, *left]))


def _candidates(needed: Iterable[str]) -> set[str]:
    """Every action with some of its words left out in one place, or with only those kept."""
    found: set[str] = set()
    for name in needed:
        words = _WORD.findall(name)
        for start in range(len(words) + 1):
            for end in range(start, len(words) + 1):
                if start or end < len(words):
                    found.add("".join(words[:start]) + "*" + "".join(words[end:]))
                    if start < end:
                        found.add(f"*{''.join(words[start:end])}*")
    return found - {"*"}


def _matched(pattern: str, needed: frozenset[str], apart: frozenset[str]) -> frozenset[str]:
    """What it matches of the needed; nothing when it matches something that it must not."""
    head, _, tail = pattern.lower().partition("*")
    # `*words*`, or one star somewhere.
    middle, inner, _ = tail.partition("*")

    def hit(name: str) -> bool:
        if inner:
            return middle in name
        return name.startswith(head) and name.endswith(tail) and len(name) >= len(head) + len(tail)

    return frozenset() if any(map(hit, apart)) else frozenset(n for n in needed if hit(n.lower()))
