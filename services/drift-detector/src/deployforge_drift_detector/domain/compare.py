"""What differs between what a resource should be and what it is.

Only what is desired is enforced: attributes that the desired state does not name may hold anything. Objects are
compared path by path, lists as a whole; a list that the desired state names as a set is compared without its order. Where
the resource says that the items of its lists are open, of these too only what is desired is enforced.
Absent and null are the same, and so are 1 and 1.0: clouds spell them either way. What is deployed has values: text that
looks like a reference (`${orders.arn}`) is text.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis.canonical import dumps
from deployforge_chassis.jsondiff import declared_part


class _Absent:
    """Stands for an attribute that is not there."""


ABSENT: Final = _Absent()
"""No value, not even null."""


@dataclass(frozen=True)
class Difference:
    """One enforced attribute that is not as desired."""

    path: str
    """Dotted, `tags.env`."""
    expected: Any
    actual: Any
    gone: bool = False
    """The attribute is absent; `actual` is None then."""


def differences(
    desired: Mapping[str, Any], observed: Mapping[str, Any], set_paths: Collection[str] = ()
) -> tuple[Difference, ...]:
    """Every enforced attribute that differs, by path."""
    return tuple(sorted(_walk("", desired, observed, frozenset(set_paths)), key=lambda found: found.path))


def agrees_at_a_glance(desired: Mapping[str, Any], observed: Mapping[str, Any], ambiguous: Collection[str]) -> bool:
    """Whether everything desired is there and spelt as desired: then nothing differs. When not, nothing is said.

    `ambiguous` are the keys of `desired` that `ambiguous` names. One comparison in C says all but what Python takes for
    equal and is not.
    """
    # What views compare is held against each other as `==` does.
    if not desired.items() <= observed.items():
        return False
    return all(_spelt_alike(desired[key], observed[key]) for key in ambiguous)


def ambiguous(desired: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys below which something is true, false, 0 or 1: Python takes True for 1."""
    return tuple(key for key, value in desired.items() if _ambiguous(value))


def _ambiguous(value: Any) -> bool:
    match value:
        case bool() | int() | float():
            return value in (0, 1)
        case list() | tuple():
            return any(map(_ambiguous, value))
        case Mapping():
            return any(map(_ambiguous, value.values()))
        case _:
            return False


def agrees(
    desired: Mapping[str, Any], observed: Mapping[str, Any], set_paths: Collection[str] = (), *, below: str = ""
) -> bool:
    """Whether nothing differs: what an empty `differences` says, in a tenth of the time.

    Nearly everything is spelt as desired, and that is seen at a glance: the same type and equal. Only what is not goes the
    long way. Python's own equality is not enough, as it takes True for 1.
    """
    for key, value in desired.items():
        held = observed.get(key, ABSENT)
        if held is value:
            continue
        kind = type(value)
        if kind is type(held):
            if kind is str or kind is int or kind is float:
                if value == held:
                    continue
            elif not set_paths or _under(below, key) not in set_paths:
                if kind is dict:
                    if agrees(value, held, set_paths, below=_under(below, key) if set_paths else ""):
                        continue
                    return False
                if kind is list and _spelt_alike(value, held):
                    continue
        if next(_walk(_under(below, key), value, held, frozenset(set_paths)), None) is not None:
            return False
    return True


def _under(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _spelt_alike(one: Any, other: Any) -> bool:
    kind = type(one)
    if kind is not type(other):
        return False
    if kind is list:
        return len(one) == len(other) and all(map(_spelt_alike, one, other))
    if kind is dict:
        return one.keys() == other.keys() and all(_spelt_alike(value, other[key]) for key, value in one.items())
    return one is other or bool(one == other)


def text(value: Any, *, as_set: bool = False) -> str:
    """A spelling that is equal exactly for equal values; with `as_set` a list's order does not count."""
    if as_set and isinstance(value, list):
        return dumps(sorted({text(item) for item in value}))
    return dumps(_plain(value))


def _walk(path: str, desired: Any, observed: Any, set_paths: frozenset[str]) -> Iterator[Difference]:
    if isinstance(desired, Mapping) and (path == "" or path not in set_paths):
        if isinstance(observed, Mapping) or observed is ABSENT or observed is None:
            held = observed if isinstance(observed, Mapping) else {}
            for key, value in desired.items():
                yield from _walk(f"{path}.{key}" if path else key, value, held.get(key, ABSENT), set_paths)
        else:
            yield Difference(path, desired, observed)
        return
    gone = observed is ABSENT or observed is None
    if gone and desired in (None, [], {}):
        return
    if type(desired) is type(observed) and desired == observed and not isinstance(desired, Mapping | list):
        return
    as_set = path in set_paths
    observed = declared_part(desired, observed, set_paths, path)
    if gone or text(desired, as_set=as_set) != text(observed, as_set=as_set):
        yield Difference(path, desired, None if gone else observed, gone)


def _plain(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list() | tuple():
            return [_plain(item) for item in value]
        case Mapping():
            return {key: _plain(item) for key, item in value.items()}
        case _:
            return value
