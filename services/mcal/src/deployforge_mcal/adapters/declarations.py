"""What adapters share: a unit's declarations are checked one by one, each by the model of its type."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, Protocol

from deployforge_mcal.domain.catalogue import PropertyDoc, TypeDoc
from deployforge_mcal.domain.references import BadReference, of, parts, secrets
from deployforge_mcal.domain.secrets import SecretReference
from deployforge_mcal.domain.types.declared import missing_type, normalised
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType
from deployforge_mcal.domain.units import Problem, ResourceSpec
from deployforge_mcal.domain.words import listed, nearest

#: Where the overlay of native properties stands among the desired values.
OVERLAY: Final = "native"


class UnknownResourceType(LookupError):
    """Neither a unified type nor the name of a native one; says what was expected and what is near."""

    def __init__(self, type_name: str, expected: str, hint: str) -> None:
        super().__init__(f"there is no type {type_name}")
        self.expected, self.hint = expected, hint


def document(
    model: UnifiedType, provider: str, native_type: str, attributes: tuple[str, ...],
    replaces: Callable[[Property], bool], native_name: Callable[[str], str],
) -> TypeDoc:  # fmt: skip
    """A unified type as it is on a provider; `native_name` tells where that holds a property, or an empty string."""
    docs = tuple(
        PropertyDoc(
            p.name, p.json_type, p.description, p.required, replaces(p), model.providers(p.name),
            {provider: held} if (held := native_name(p.name)) else {},
        )
        for p in model.properties
    )  # fmt: skip
    support = {provider: model.on(provider).level.value}
    return TypeDoc(model.name, model.description, docs, attributes, support, {provider: native_type})


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


class Refined(Protocol):
    """What an adapter knows of the values of a unified type beside its model."""

    @property
    def model(self) -> UnifiedType:
        """The type."""
        ...

    def problems(self, values: Mapping[str, Any]) -> Iterable[tuple[str, str, str]]:
        """(property, what is wrong, what is expected) of values that are valid elsewhere."""
        ...


def unified_problems(kind: Refined, provider: str, spec: ResourceSpec) -> list[Problem]:
    """What is wrong with the values of a unified declaration; `missing` and references are looked at before."""
    where = f"{spec.name}.properties"
    values, found = normalised(kind.model, provider, spec.properties, where)
    found += normalised(kind.model, provider, spec.initial, f"{spec.name}.initial", whole=False)[1]
    if not found:
        found += [Problem(f"{where}.{name}", said, expected) for name, said, expected in kind.problems(values)]
    return found


def unsupported(type: UnifiedType, provider: str, mapped: bool, name: str) -> list[Problem]:
    """A problem when a provider does not have the type, or its adapter does not map it."""
    return missing_type(type, provider, name) if not mapped or type.on(provider).absent else []


def overlay_problems(spec: ResourceSpec, words: Collection[str]) -> list[Problem]:
    """The names in an overlay that are none."""
    return [
        Problem(
            f"{spec.name}.{OVERLAY}.{name}",
            f"the overlay of {spec.type} has no {name}",
            listed(words),
            nearest(name, words),
        )
        for name in spec.native
        if name not in words
    ]


def reference_problems(spec: ResourceSpec) -> list[Problem]:
    """Text between `${` and `}` that is no reference."""
    for part, values in declared(spec):
        try:
            list(of(dict(values)))
        except BadReference as bad:
            return [Problem(f"{spec.name}.{part}", str(bad), "${name.attribute}")]
    return []


def secret_problems(spec: ResourceSpec, own: Collection[str], able: Collection[str], nowhere: str) -> list[Problem]:
    """A secret stands as a whole value where the cloud never gives it back (`able`), and only there; a property that
    holds one by its model (`own`) holds nothing else. `nowhere` says what is expected where no property can."""
    found = []
    for part, values in declared(spec):
        for path, reference in secrets(values):
            where = f"{spec.name}.{part}.{path}"
            if part != "properties" or not any(path == name or path.startswith(f"{name}.") for name in able):
                said = f"{path} of {spec.type} cannot hold a secret: whoever may read the resource would see its value"
                found.append(Problem(where, said, listed(able) or nowhere))
            elif not _is_whole(values, path):
                found.append(Problem(where, f"{reference} stands inside a text", "the secret as the whole value"))
    for name in own:
        if spec.properties.get(name) is not None and not list(secrets(spec.properties[name])):
            hint = "declare a parameter with type: secret and write ${parameters.<name>}"
            said = f"{name} is written out: it would be stored and shown"
            found.append(Problem(f"{spec.name}.properties.{name}", said, "a secret parameter", hint))
    return found


def declared(spec: ResourceSpec) -> tuple[tuple[str, Mapping[str, Any]], ...]:
    """The parts of a declaration that hold values, by name."""
    return (("properties", spec.properties), ("native", spec.native), ("initial", spec.initial))


def _is_whole(values: Any, path: str) -> bool:
    for name in path.split("."):
        values = values[name]
    pieces = parts(values)
    return len(pieces) == 1 and isinstance(pieces[0], SecretReference)
