"""What can be declared: types, their properties, and what references to them can name."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.vocabulary import Level


@dataclass(frozen=True)
class PropertyDoc:
    """One property of a type."""

    name: str
    json_type: str
    description: str
    required: bool = False
    create_only: bool = False
    providers: tuple[str, ...] = ()
    """Provider types that support it."""
    native: Mapping[str, str] = field(default_factory=dict)
    """Provider type → the native property that holds it."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Provider type → what is special there."""


@dataclass(frozen=True)
class TypeDoc:
    """One type."""

    type: str
    description: str
    properties: tuple[PropertyDoc, ...]
    attributes: tuple[str, ...]
    support: Mapping[str, str]
    """Provider type → full, partial or none."""
    native_types: Mapping[str, str] = field(default_factory=dict)
    """Provider type → the native type that it becomes."""


def merged(docs: Mapping[str, Sequence[TypeDoc]]) -> list[TypeDoc]:
    """What adapters (by provider type) say of the same types, as one; only what they say themselves counts, so that
    nothing is promised that is not installed."""
    by_type: dict[str, dict[str, TypeDoc]] = {}
    for provider, some in docs.items():
        for doc in some:
            by_type.setdefault(doc.type, {})[provider] = doc
    order = list(TYPES)
    names = sorted(by_type, key=lambda name: (order.index(name) if name in order else len(order), name))
    return [_merged(by_type[name], docs) for name in names]


def _merged(said: Mapping[str, TypeDoc], installed: Collection[str]) -> TypeDoc:
    first = next(iter(said.values()))
    named = dict.fromkeys(name for doc in said.values() for name in doc.attributes)
    properties = dict.fromkeys(p.name for doc in said.values() for p in doc.properties)
    return TypeDoc(
        first.type, first.description, tuple(_property(name, said) for name in properties), tuple(named),
        {provider: said[provider].support[provider] if provider in said else Level.NONE.value for provider in installed},
        {provider: native for doc in said.values() for provider, native in doc.native_types.items()},
    )  # fmt: skip


def _property(name: str, said: Mapping[str, TypeDoc]) -> PropertyDoc:
    model = TYPES.get(next(iter(said.values())).type)
    own = {provider: p for provider, doc in said.items() for p in doc.properties if p.name == name}
    # The model says who has what; of an adapter that it does not know, the adapter itself.
    having = {p for p in own if model is None or p not in model.support or name in {s.name for s in model.supported(p)}}
    native = {provider: own[provider].native[provider] for provider in having if provider in own[provider].native}
    notes = {provider: note for provider in having if model is not None and (note := model.on(provider).note(name))}
    return replace(next(iter(own.values())), providers=tuple(sorted(having)), native=native, notes=notes)
