"""Whether a resource is as desired, found in a fraction of the time that naming the differences takes.

A desired state is prepared once and then held against thousands of observations. What Python's own equality decides
rightly is left to one comparison of dictionaries, which runs in C; the rest is looked at one by one. Exact: `agrees`
says the same as an empty `compare.differences`, which a property test holds it to.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from deployforge_drift_detector.domain.compare import ABSENT, text

_EMPTY: Final[tuple[Any, ...]] = (None, [], {})


class Agreement:
    """Desired values, prepared for comparing."""

    __slots__ = ("_equal", "_nested", "_other")

    def __init__(self, desired: Mapping[str, Any], set_paths: Collection[str] = (), *, _path: str = "") -> None:
        equal: dict[str, Any] = {}
        nested: list[tuple[str, Agreement]] = []
        other: list[tuple[str, Any, bool]] = []
        for key, value in desired.items():
            path = f"{_path}.{key}" if _path else key
            as_set = path in set_paths
            if isinstance(value, dict) and not as_set:
                if value:
                    nested.append((key, Agreement(value, set_paths, _path=path)))
                else:
                    other.append((key, _ANY_OBJECT, False))
            elif not as_set and _plainly_equal(value):
                equal[key] = value
            else:
                other.append((key, value, as_set))
        self._equal = equal.items()
        self._nested, self._other = tuple(nested), tuple(other)

    def agrees(self, observed: Mapping[str, Any]) -> bool:
        """Whether nothing that is desired differs."""
        if not self._equal <= observed.items():
            return False
        for key, value, as_set in self._other:
            held = observed.get(key, ABSENT)
            if value is _ANY_OBJECT:
                if not (held is ABSENT or held is None or isinstance(held, dict)):
                    return False
            elif held is ABSENT or held is None:
                if value not in _EMPTY:
                    return False
            elif held is not value and text(value, as_set=as_set) != text(held, as_set=as_set):
                return False
        for key, inner in self._nested:
            held = observed.get(key)
            if held is None:
                held = _NOTHING
            elif not isinstance(held, dict):
                return False
            if not inner.agrees(held):
                return False
        return True


_ANY_OBJECT: Final = object()
_NOTHING: Final[Mapping[str, Any]] = {}


def _plainly_equal(value: Any) -> bool:
    """Whether `==` holds for exactly the values that are the same to us. Python takes True for 1 and False for 0, and
    absent is the same as empty.
    """
    match value:
        case bool() | None:
            return False
        case str():
            return True
        case int() | float():
            return value not in (0, 1)
        case list():
            return bool(value) and all(map(_within, value))
        case _:
            return False


def _within(value: Any) -> bool:
    """As `_plainly_equal`, of what stands inside a list, where nothing is absent."""
    match value:
        case None | str():
            return True
        case bool():
            return False
        case int() | float():
            return value not in (0, 1)
        case list():
            return all(map(_within, value))
        case Mapping():
            return all(map(_within, value.values()))
        case _:
            return False
