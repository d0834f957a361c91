"""What differs between two JSON values, path by path.

Objects are compared key by key ("tags.env"); lists as a whole, in order, or without order where a path is named as a
set. Whoever compares only what one side speaks of takes `declared_part` of the other side first. A key that contains a
dot or a bracket is quoted: `tags["kubernetes.io/name"]`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis import canonical


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()
#: Named among the sets: of what stands in lists of objects, too, only the declared part is enforced.
OPEN_ITEMS: Final = "[]"
#: What tells items of a list apart, where all have it.
_NAMES: Final = ("name", "id")


@dataclass(frozen=True)
class Change:
    """One path with its value on either side; ABSENT where there is none."""

    path: str
    before: Any
    after: Any

    @property
    def before_json(self) -> str:
        """Canonical JSON, empty when absent."""
        return _text(self.before)

    @property
    def after_json(self) -> str:
        """Canonical JSON, empty when absent."""
        return _text(self.after)


def changes(before: Any, after: Any, set_paths: Collection[str] = ()) -> list[Change]:
    """All paths where the two differ, in order of path."""
    return list(_walk("", before, after, frozenset(set_paths)))


def declared_part(declared: Any, held: Any, set_paths: Collection[str] = (), path: str = "") -> Any:
    """The part of a value that a declared one speaks of: of objects the declared keys, at any depth. Lists are held whole;
    with OPEN_ITEMS among the sets the items of those that are no sets are reduced too, each to the declared one of the same
    name or id, or place where not all have one. Items that nobody declared stay, at the end: they are too much."""
    if path and path in set_paths:
        return held
    if isinstance(declared, dict) and isinstance(held, dict):
        both = [key for key in declared if key in held]
        return {key: declared_part(declared[key], held[key], set_paths, join(path, key)) for key in both}
    if OPEN_ITEMS in set_paths and isinstance(declared, list) and isinstance(held, list):
        return _declared_items(declared, held)
    return held


def _declared_items(declared: list[Any], held: list[Any]) -> list[Any]:
    for name in _NAMES:
        if (there := _by(name, held)) is not None and (wanted := _by(name, declared)) is not None:
            found = [declared_part(one, there[key], (OPEN_ITEMS,)) for key, one in wanted.items() if key in there]
            return found + [one for key, one in there.items() if key not in wanted]
    found = [declared_part(one, other, (OPEN_ITEMS,)) for one, other in zip(declared, held, strict=False)]
    return found + held[len(declared) :]


def _by(name: str, items: list[Any]) -> dict[str, Any] | None:
    """Items by what tells them apart; None where that does not."""
    found = {item[name]: item for item in items if isinstance(item, dict) and isinstance(item.get(name), str)}
    return found if len(found) == len(items) else None


def equal(one: Any, other: Any, *, as_set: bool = False) -> bool:
    """Whether two values are the same; lists without order when `as_set`."""
    if as_set and isinstance(one, list) and isinstance(other, list):
        return sorted(map(canonical.dumps, one)) == sorted(map(canonical.dumps, other))
    return canonical.dumps(one) == canonical.dumps(other)


def join(path: str, key: str) -> str:
    """The path of a key below a path."""
    if "." in key or "[" in key:
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _walk(path: str, before: Any, after: Any, set_paths: frozenset[str]) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in sorted(before.keys() | after.keys()):
            yield from _walk(join(path, key), before.get(key, ABSENT), after.get(key, ABSENT), set_paths)
    elif before is ABSENT or after is ABSENT:
        # A whole object that comes or goes is told attribute by attribute.
        present = after if before is ABSENT else before
        if isinstance(present, dict) and present:
            for key in sorted(present):
                inner = (ABSENT, present[key]) if before is ABSENT else (present[key], ABSENT)
                yield from _walk(join(path, key), *inner, set_paths)
        else:
            yield Change(path, before, after)
    elif not equal(before, after, as_set=path in set_paths):
        yield Change(path, before, after)


def _text(value: Any) -> str:
    return "" if value is ABSENT else canonical.dumps(value)
