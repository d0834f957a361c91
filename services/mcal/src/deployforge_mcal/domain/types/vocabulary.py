"""What a unified type is: its properties, what references to it can name, and what each provider supports of it.

A property means the same on every cloud; how it is called there is known to the adapter alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from deployforge_mcal.domain import normalise
from deployforge_mcal.domain.normalise import Normaliser

_NOTHING: Final = object()


@dataclass(frozen=True)
class Property:
    """One property of the unified vocabulary."""

    name: str
    json_type: str
    description: str
    normalise: Normaliser
    required: bool = False
    default: Any = _NOTHING
    """Enforced when nothing is declared; only where silence would be unsafe."""
    is_set: bool = False
    """A list whose order means nothing."""
    secret: bool = False
    """Holds secrets, as itself or as its values, which are never read back; nothing else may stand there."""
    create_only: bool = False
    """A change replaces the resource on every cloud. A cloud's own schema may say so of further properties."""

    @property
    def has_default(self) -> bool:
        """Whether there is a default."""
        return self.default is not _NOTHING


TAGS: Final = Property("tags", "object", "Tags by name; only those that are declared are enforced.", normalise.tags)


class Level(StrEnum):
    """How much of a type a provider supports."""

    FULL = "full"
    PARTIAL = "partial"
    NONE = "none"


@dataclass(frozen=True)
class Support:
    """What one provider supports of one type."""

    absent: bool = False
    lacks: frozenset[str] = frozenset()
    """Properties that cannot be declared there."""
    fixed: Mapping[str, Any] = field(default_factory=dict)
    """Property → the only value that it can have there, normalised; the cloud always behaves so."""
    implied: frozenset[str] = frozenset()
    """Properties that can be declared and mean nothing there: what they ask for holds anyway, or is decided elsewhere.
    They are neither mapped nor compared."""

    @property
    def level(self) -> Level:
        """Full, partial or none."""
        if self.absent:
            return Level.NONE
        return Level.PARTIAL if self.lacks or self.fixed else Level.FULL

    def note(self, name: str) -> str:
        """What is special about a property there, or an empty string."""
        if name in self.fixed:
            value = self.fixed[name]
            return f"always {str(value).lower() if isinstance(value, bool) else value}"
        return "means nothing there" if name in self.implied else ""


FULL: Final = Support()
NONE: Final = Support(absent=True)


def partial(*lacks: str, fixed: Mapping[str, Any] | None = None, implied: Iterable[str] = ()) -> Support:
    """Support of all properties but these; see Support."""
    return Support(lacks=frozenset(lacks), fixed=dict(fixed or {}), implied=frozenset(implied))


@dataclass(frozen=True)
class UnifiedType:
    """One type of the unified vocabulary."""

    name: str
    description: str
    properties: tuple[Property, ...]
    attributes: tuple[str, ...]
    """What `${name.attribute}` can name on every cloud. `id` is what the cloud knows it by, `address` what other
    resources and policies name it by: the ARN, the resource id, the full resource name."""
    support: Mapping[str, Support]
    """Provider type → support; a provider that is not named supports none of it."""
    alternatives: tuple[tuple[str, ...], ...] = ()
    """Of each of these, one property must be declared where the provider has any of them."""
    apart: tuple[tuple[str, str], ...] = ()
    """Pairs of mappings that must not have a name in common."""

    def on(self, provider: str) -> Support:
        """What a provider supports."""
        return self.support.get(provider, NONE)

    def levels(self) -> dict[str, str]:
        """Provider type → full, partial or none."""
        return {provider: support.level.value for provider, support in sorted(self.support.items())}

    def providers(self, name: str = "") -> tuple[str, ...]:
        """Provider types that support a property, or the type at all."""
        return tuple(p for p, s in sorted(self.support.items()) if not s.absent and name not in s.lacks)

    def supported(self, provider: str) -> tuple[Property, ...]:
        """The properties that can be declared on a provider."""
        support = self.on(provider)
        return () if support.absent else tuple(p for p in self.properties if p.name not in support.lacks)

    def mapped(self, provider: str) -> tuple[Property, ...]:
        """The properties that an adapter has to map, both ways: the supported ones but for those that are implied or
        fixed."""
        support = self.on(provider)
        without = {*support.implied, *support.fixed}
        return tuple(p for p in self.supported(provider) if p.name not in without)
