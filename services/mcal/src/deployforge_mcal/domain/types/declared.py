"""A declaration in the unified vocabulary: normalised, or what is wrong with it on the provider that shall have it."""

from collections.abc import Collection, Mapping
from contextlib import suppress
from typing import Any

from deployforge_mcal.domain import references
from deployforge_mcal.domain.normalise import NotCanonical
from deployforge_mcal.domain.types.vocabulary import Property, UnifiedType
from deployforge_mcal.domain.units import Problem
from deployforge_mcal.domain.words import listed, nearest, together


def normalised(
    type: UnifiedType, provider: str, given: Mapping[str, Any], where: str = "", *, whole: bool = True
) -> tuple[dict[str, Any], list[Problem]]:
    """Canonical values of what was declared, and problems under `where`. `whole` asks for required properties and
    fills in defaults; without it the values are only a part of a declaration (initial values)."""
    known = {p.name: p for p in type.properties}
    values: dict[str, Any] = {}
    found: list[Problem] = []
    for name, value in given.items():
        path = f"{where}.{name}"
        if name not in known:
            said = f"{type.name} has no property {name}"
            found.append(Problem(path, said, listed(known), nearest(name, known)))
        elif problem := _unsupported(type, provider, name, path):
            found.append(problem)
        else:
            try:
                values[name] = known[name].normalise(value)
            except NotCanonical as wrong:
                found.append(Problem(path, str(wrong), wrong.expected, wrong.hint))
    supported = type.supported(provider)
    if whole:
        values |= {p.name: p.default for p in supported if p.has_default and p.name not in given}
    found += _not_fixed(type, provider, values, where)
    found += [
        Problem(f"{where}.{one}.{name}", f"{name} stands in {one} and in {other}", f"{name} in one of them")
        for one, other in type.apart
        for name in sorted(values.get(one, {}).keys() & values.get(other, {}).keys())
    ]
    if whole:
        found += _missing(type, provider, supported, given, where)
    return values, found


def resolved(type: UnifiedType, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """Desired values with references replaced by `known["name.attribute"]`. References give text: what stands for a
    number, a boolean or a duration becomes one, and what cannot stays as it is, for the cloud to refuse."""
    own = {p.name: p for p in type.properties}
    # Normalisers read declarations: a "${" that means nothing must not look like a reference to them.
    found: dict[str, Any] = references.escaped(references.substitute(dict(desired), known))
    for name in found.keys() & own.keys():
        with suppress(NotCanonical):
            found[name] = own[name].normalise(found[name])
    values: dict[str, Any] = references.substitute(found, {})
    return values


def enforced(type: UnifiedType, provider: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Normalised values without those that mean nothing on the provider."""
    return {name: value for name, value in values.items() if name not in type.on(provider).implied}


def missing_type(type: UnifiedType, provider: str, name: str) -> list[Problem]:
    """A problem when the provider does not have the type at all."""
    if not type.on(provider).absent:
        return []
    others = together(type.providers())
    return [Problem(f"{name}.type", f"{type.name} is not supported on {provider}; {_have(others, type.providers())}")]


def disagreements(
    types: Collection[UnifiedType], provider: str, mapped: Mapping[str, tuple[Collection[str], Collection[str]]]
) -> list[str]:
    """Where an adapter does not do what the support tables claim, or more. `mapped` is, by type, the properties that
    it translates to native ones, and those that it reads back; secrets are never read back."""
    found: list[str] = []
    for type in types:
        there, back = mapped.get(type.name, ((), ()))
        wanted = {p.name for p in type.mapped(provider)}
        readable = {p.name for p in type.mapped(provider) if not p.secret}
        for word, should, does in (("translated", wanted, set(there)), ("read back", readable, set(back))):
            found += [f"{type.name}.{name} is claimed but not {word}" for name in sorted(should - does)]
            found += [f"{type.name}.{name} is {word} but not claimed" for name in sorted(does - should)]
    return found


def _unsupported(type: UnifiedType, provider: str, name: str, path: str) -> Problem | None:
    if name not in type.on(provider).lacks:
        return None
    providers = type.providers(name)
    said = f"`{name}` is not supported on {provider}; {_have(together(providers), providers)}"
    return Problem(path, said, listed(p.name for p in type.supported(provider)), f"remove {name}")


def _have(said: str, providers: Collection[str]) -> str:
    return f"{said} {'has' if len(providers) == 1 else 'have'} it" if providers else "no provider has it"


def _not_fixed(type: UnifiedType, provider: str, values: Mapping[str, Any], where: str) -> list[Problem]:
    fixed = type.on(provider).fixed
    # Leaving out what stands for another value by default would deploy something else in silence.
    said = {p.name for p in type.properties if p.has_default and p.name in fixed and p.default != fixed[p.name]}
    return [
        Problem(
            f"{where}.{name}", f"{name}: {_shown(values[name])} is not supported on {provider}; there it is always "
            f"{_shown(fixed[name])}", _shown(fixed[name]),
            f"{'' if name in said else f'remove {name}, or '}say {_shown(fixed[name])}",
        )
        for name in sorted(values.keys() & fixed.keys())
        if values[name] != fixed[name]
    ]  # fmt: skip


def _missing(
    type: UnifiedType, provider: str, supported: tuple[Property, ...], given: Mapping[str, Any], where: str
) -> list[Problem]:
    found = [
        Problem(f"{where}.{p.name}", f"{p.name} is required", p.description)
        for p in supported
        if p.required and p.name not in given
    ]
    mapped = {p.name for p in type.mapped(provider)}
    for names in type.alternatives:
        able = [name for name in names if name in mapped]
        if able and not set(names) & given.keys():
            found.append(Problem(f"{where}.{able[0]}", f"{able[0]} is required", " or ".join(able)))
    return found


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
