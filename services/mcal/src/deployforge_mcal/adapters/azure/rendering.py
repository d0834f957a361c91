"""How values stand in a template: secrets by parameter, what a resource will say of itself by `reference()`, and text that
only looks like an expression escaped."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from deployforge_mcal.adapters.azure import versions
from deployforge_mcal.adapters.azure.placing import type_of
from deployforge_mcal.adapters.bodies import digest
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain import references
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.references import Reference
from deployforge_mcal.domain.secrets import SecretReference, is_mark


class Expression(str):
    """Text that Azure evaluates; every other text that begins like one is escaped."""


def version_of(id: str) -> str:
    """The api-version of our own resources."""
    return versions.pinned(type_of(id)) or versions.ARM


def said_by(id: str, path: str) -> str:
    """What a resource says at a path of its properties, `ipConfigurations[0].properties.privateIPAddress`, without the
    brackets of an expression."""
    return f"reference({_quoted(id)}, '{version_of(id)}').{path}"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


@dataclass
class Rendering:
    """One template's worth of values."""

    ids: Mapping[str, str]
    """Name → id of the unit's resources."""
    later: Mapping[str, tuple[str, str]]
    """`name.attribute` → the id of who says it, and where."""
    secrets: dict[str, str] = field(default_factory=dict)
    """Parameter → mark, of the secrets that were met."""

    def rendered(self, value: Any) -> Any:
        """A value, spelt like a declaration, as the template has it. Raises ProviderFailure for a reference that nobody can
        answer."""
        if isinstance(value, Mapping):
            return {name: self.rendered(inner) for name, inner in value.items()}
        if isinstance(value, list | tuple):
            return [self.rendered(inner) for inner in value]
        if not isinstance(value, str) or isinstance(value, Expression):
            return value
        if is_mark(value):
            return self._parameter(value)
        if references.has_references(value):
            return self._dynamic(value)
        value = references.substitute(value, {})
        return f"[{value}" if value.startswith("[") else value

    def _parameter(self, marked: str) -> Expression:
        name = f"secret{digest(marked)}"
        self.secrets[name] = marked
        return Expression(f"[parameters('{name}')]")

    def _dynamic(self, text: str) -> Expression:
        said = [self._said(p) for p in references.parts(text)]
        return Expression(f"[{said[0]}]" if len(said) == 1 else f"[concat({', '.join(said)})]")

    def _said(self, piece: str | Reference | SecretReference) -> str:
        if isinstance(piece, str):
            return _quoted(piece)
        if (told := self.later.get(str(piece))) is not None:
            return said_by(*told)
        if not isinstance(piece, Reference) or piece.name not in self.ids:
            raise ProviderFailure(
                Failure("INPUT_UNKNOWN", f"nobody has told what {piece} is", "apply what it refers to first")
            )
        return said_by(self.ids[piece.name], piece.attribute.removeprefix("properties."))
