"""When an ignore rule applies: what must be true of the value that was found. All that is said must hold."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from deployforge_drift_detector.domain.compare import Difference, text
from deployforge_drift_detector.domain.numbers import is_number


class How(StrEnum):
    """In which way a value differs from the one that is desired."""

    INCREASED = "increased"
    DECREASED = "decreased"
    GONE = "gone"
    """The attribute is absent."""
    EXTENDED = "extended"
    """All that is desired is there, and more: of lists and of mappings."""


@dataclass(frozen=True)
class Condition:
    """Of one ignore rule; without any part it always holds."""

    how: How | None = None
    at_least: float | None = None
    at_most: float | None = None
    one_of: tuple[str, ...] | None = None
    """Values in JSON."""

    def holds(self, difference: Difference) -> bool:
        """Whether a difference is one of those that the rule means."""
        found = difference.actual
        if self.how is not None and not _differs(self.how, difference):
            return False
        if self.at_least is not None and not (is_number(found) and found >= self.at_least):
            return False
        if self.at_most is not None and not (is_number(found) and found <= self.at_most):
            return False
        return self.one_of is None or (not difference.gone and text(found) in map(_as_compared, self.one_of))

    @property
    def words(self) -> str:
        """For people; empty where it always holds."""
        said = [str(self.how)] if self.how is not None else []
        said += [f"at least {self.at_least:g}"] if self.at_least is not None else []
        said += [f"at most {self.at_most:g}"] if self.at_most is not None else []
        said += [f"one of {', '.join(self.one_of)}"] if self.one_of is not None else []
        return ", ".join(said)


ALWAYS = Condition()


def _as_compared(value: str) -> str:
    return text(json.loads(value))


def _differs(how: How, difference: Difference) -> bool:
    expected, found = difference.expected, difference.actual
    match how:
        case How.GONE:
            return difference.gone
        case How.EXTENDED:
            return not difference.gone and _within(expected, found)
        case How.INCREASED:
            return is_number(expected) and is_number(found) and found > expected
        case How.DECREASED:
            return is_number(expected) and is_number(found) and found < expected


def _within(expected: Any, found: Any) -> bool:
    if isinstance(expected, Mapping) and isinstance(found, Mapping):
        return all(key in found and text(found[key]) == text(value) for key, value in expected.items())
    if isinstance(expected, list) and isinstance(found, list):
        return {text(item) for item in expected} <= {text(item) for item in found}
    return False
