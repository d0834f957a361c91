"""What adapters share: a unit's declarations are checked one by one, each by the model of its type."""

from collections.abc import Callable, Iterable
from typing import Protocol

from deployforge_mcal.domain.units import Problem, ResourceSpec


class UnknownResourceType(LookupError):
    """Neither a unified type nor the name of a native one; says what was expected and what is near."""

    def __init__(self, type_name: str, expected: str, hint: str) -> None:
        super().__init__(f"there is no type {type_name}")
        self.expected, self.hint = expected, hint


class Checked(Protocol):
    """A declarable type."""

    def problems(self, spec: ResourceSpec) -> list[Problem]:
        """Everything that is wrong with a declaration."""
        ...


def problems(specs: Iterable[ResourceSpec], model: Callable[[str], Checked]) -> list[Problem]:
    """Of every declaration; `model` gives the model of a type, or raises UnknownResourceType."""
    found: list[Problem] = []
    for spec in specs:
        try:
            found += model(spec.type).problems(spec)
        except UnknownResourceType as unknown:
            found.append(Problem(f"{spec.name}.type", str(unknown), unknown.expected, unknown.hint))
    return found
