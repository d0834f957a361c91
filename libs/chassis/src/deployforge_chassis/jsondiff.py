"""What differs between two JSON values, path by path.

Objects are compared key by key ("tags.env"); lists as a whole, in order, or without order where a path is named as a
set. A key that contains a dot or a bracket is quoted: `tags["kubernetes.io/name"]`.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

from deployforge_chassis import canonical


class _Absent:
    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = _Absent()


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
