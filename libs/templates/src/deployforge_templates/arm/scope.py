"""Where an expression stands: the template's parameters and variables, and the loops around it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from deployforge_documents.problems import nearest, quoted
from deployforge_documents.reading import Node

from deployforge_templates.imported import Given
from deployforge_templates.values import Later, Reference, refused


@dataclass(frozen=True)
class Runtime:
    """What `reference(…)` gives: something that only the deployed resource tells, or a nested deployment, whose outputs
    are known here."""

    name: str
    path: tuple[str, ...] = ()
    nested: bool = False


@dataclass
class Resources:
    """The resources of all templates of an import, as expressions name them: by id, by name, by symbol, in lower case."""

    made: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Word → names in the manifest; a loop and a nested deployment stand for several."""
    deployments: dict[str, "Outputs"] = field(default_factory=dict)
    left_out: set[str] = field(default_factory=set)
    steps: int = 0
    """Calls that were evaluated."""

    def note(self, words: tuple[str, ...], name: str) -> None:
        """Make a resource known under each of the words."""
        for word in {word.lower() for word in words if word}:
            self.made[word] = (*self.made.get(word, ()), name)

    def name_of(self, word: str) -> str | None:
        """The one resource that a word stands for."""
        found = self.made.get(word.lower(), ())
        return found[0] if len(set(found)) == 1 else None


@dataclass
class Outputs:
    """The outputs of a nested deployment, and where they are evaluated."""

    nodes: Mapping[str, Node]
    scope: "Scope"


@dataclass(frozen=True)
class Scope:
    """One template with the values of its parameters."""

    given: Given
    resources: Resources
    parameters: dict[str, Any]
    """By name in lower case. Those of a nested deployment are functions: what they come to depends on what is known."""
    variables: Mapping[str, Node]
    decided: set[str]
    loops: tuple[tuple[str, int], ...] = ()
    """The loops around, the innermost last, each with its index."""
    open: tuple[str, ...] = ()
    """Variables that are being evaluated."""

    def within(self, loop: str, index: int) -> "Scope":
        """The scope of one turn of a loop."""
        return replace(self, loops=(*self.loops, (loop, index)))

    def index(self, node: Node, loop: str) -> int:
        """The index of the named loop, or of the innermost one."""
        for name, index in reversed(self.loops):
            if not loop or name.lower() == loop.lower():
                return index
        raise refused(node, f"copyIndex: there is no loop {quoted(loop)} around it", "a loop around it")

    def parameter(self, node: Node, name: str) -> Any:
        """The value of a parameter. Raises InvalidDocument."""
        if name.lower() not in self.parameters:
            hint = nearest(name, self.parameters)
            raise refused(node, f"unknown parameter {quoted(name)}", ", ".join(self.parameters), hint)
        value = self.parameters[name.lower()]
        return value() if callable(value) else value

    def decide(self, value: Later) -> None:
        """Note that the present values of these parameters are fixed by the import."""
        for part in value.parts:
            if isinstance(part, Reference) and part.target.startswith("parameters."):
                self.decided.add(part.target.removeprefix("parameters."))

    @property
    def group(self) -> str:
        """The id of the resource group."""
        provider = self.given.provider
        return f"/subscriptions/{provider.get('subscription', '')}/resourceGroups/{provider.get('resourceGroup', '')}"
