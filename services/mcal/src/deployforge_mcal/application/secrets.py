"""Secrets at call time: resolved for one piece of work, compared by keyed hash, scrubbed from whatever it says."""

import base64
import html
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Protocol
from urllib.parse import quote, quote_plus

from deployforge_chassis.facts import Write

from deployforge_mcal.application.ports import InvalidUnit
from deployforge_mcal.domain import references
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import SecretReference, mark, put, referred
from deployforge_mcal.domain.units import CompiledUnit, Observed, Outcome, Presence, Problem, ResourceSpec, Scope

HIDDEN: Final = "(secret)"
#: What is shorter than this is no secret, and hiding it would garble every message.
SHORTEST: Final = 6
LONGEST_BYTES: Final = 65_536


class SecretUnavailable(Exception):
    """A source does not give a secret. The text names the reference and never a value."""

    def __init__(self, name: str, reason: str, *, retryable: bool = False) -> None:
        super().__init__(f"{name}: {reason}")
        self.reason = reason
        self.retryable = retryable


class SecretChanged(Exception):
    """A secret is another one than when the work was planned."""

    def __init__(self, reference: SecretReference) -> None:
        super().__init__(f"{reference} has changed since this was planned")
        self.reference = reference


@dataclass(frozen=True)
class SecretAccess:
    """What a source may use: where the secret is needed, and the root credential of that place."""

    scope: Scope
    root: Callable[[], Mapping[str, Any]]


class SecretSource(Protocol):
    """One place where secrets are kept; a plug-in of the group `deployforge.secrets`."""

    def resolve(self, name: str, access: SecretAccess) -> str:
        """The value of now: asked anew at every call, kept nowhere. Raises SecretUnavailable, whose text holds no
        value, and nothing else."""
        ...


class Marking(Protocol):
    """The key of keyed hashes, and the marks of what was last set."""

    def key(self) -> bytes:
        """32 bytes, the same for ever; sealed at rest."""
        ...

    def of(self, urns: Sequence[str]) -> dict[str, dict[str, str]]:
        """urn → path → mark of the value that was last set there."""
        ...

    def record(self, deployment_id: str, urn: str, desired: Mapping[str, Any]) -> list[Write]:
        """The marks in these desired values have been set, and the resource has no others."""
        ...


class SecretUse:
    """The secrets of one piece of work. Values live as long as this object."""

    def __init__(
        self, sources: Mapping[str, SecretSource], key: Callable[[], bytes], deployment_id: str, access: SecretAccess
    ) -> None:
        self._sources, self._key = sources, key
        self._deployment_id, self._access = deployment_id, access
        self._values: dict[SecretReference, str] = {}

    def __repr__(self) -> str:
        return f"SecretUse({sorted(map(str, self._values))})"

    @property
    def used(self) -> bool:
        """Whether any secret was resolved."""
        return bool(self._values)

    def mark(self, reference: SecretReference) -> str:
        """The mark of the value of now. Raises SecretUnavailable."""
        return mark(self._key(), self._deployment_id, reference, self._resolved(reference))

    def value(self, marked: str) -> str:
        """The value that a mark stands for. Raises SecretUnavailable, or SecretChanged when it is another by now."""
        reference = referred(marked)
        if reference is None:
            raise SecretUnavailable("a value", "is no mark of a secret")
        value = self._resolved(reference)
        if self.mark(reference) != marked:
            raise SecretChanged(reference)
        return value

    def filled(self, values: Any) -> Any:
        """The values with every mark in them replaced by what it stands for."""
        return references.mapped(values, lambda text: self.value(text) if referred(text) else text)

    def scrub(self, text: str) -> str:
        """The text without any value resolved so far, however it is spelt."""
        return scrubbed(text, self._values.values())

    def failure(self, failure: Failure) -> Failure:
        """A failure that may be told."""
        hint = None if failure.hint is None else self.scrub(failure.hint)
        return replace(failure, message=self.scrub(failure.message), hint=hint)

    def outcome(self, outcome: Outcome) -> Outcome:
        """An outcome that may be told."""
        said = {name: self.scrub(value) for name, value in outcome.attributes.items()}
        return replace(outcome, attributes=said, physical_id=self.scrub(outcome.physical_id))

    def _resolved(self, reference: SecretReference) -> str:
        if reference not in self._values:
            source = self._sources.get(reference.source)
            if source is None:
                raise SecretUnavailable(str(reference), f"there is no source {reference.source}")
            value = source.resolve(reference.name, self._access)
            if len(value) < SHORTEST:
                raise SecretUnavailable(str(reference), f"has fewer than {SHORTEST} characters: too few to keep it secret")
            if len(value.encode()) > LONGEST_BYTES:
                raise SecretUnavailable(str(reference), f"has more than {LONGEST_BYTES} bytes")
            self._values[reference] = value
        return self._values[reference]


def scrubbed(text: str, values: Iterable[str]) -> str:
    """The text without any of the values, however they are spelt."""
    for spelling in sorted({s for value in values for s in _spellings(value)}, key=len, reverse=True):
        text = text.replace(spelling, HIDDEN)
    return text


def _spellings(value: str) -> set[str]:
    """The ways in which messages spell a value: as it is, escaped for JSON, XML, URLs and Python, in base64."""
    plain = {value, value.strip(), *(line.strip() for line in value.splitlines() if len(line.strip()) >= SHORTEST)}
    found = set()
    for one in plain:
        found |= {one, json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1], html.escape(one)}
        found |= {quote(one), quote(one, safe=""), quote_plus(one), repr(one)[1:-1]}
        found |= {base64.b64encode(one.encode()).decode(), base64.urlsafe_b64encode(one.encode()).decode().rstrip("=")}
    return {one for one in found if len(one) >= SHORTEST}


def _with_marks(seen: Observed, known: Mapping[str, str]) -> Observed:
    properties = dict(seen.properties)
    for path, marked in known.items():
        properties = put(properties, path, marked)
    return replace(
        seen, properties=properties, reason=f"{', '.join(sorted(known))}: not checked, the cloud gives no secret back"
    )


class Secrets:
    """The installed sources with the key of this service."""

    def __init__(
        self, sources: Mapping[str, SecretSource], marking: Marking, root: Callable[[str], Mapping[str, Any]]
    ) -> None:
        self._sources, self.marking, self._root = sources, marking, root

    def use(self, deployment_id: str, scope: Scope) -> SecretUse:
        """For one piece of work."""
        access = SecretAccess(scope, lambda: self._root(scope.credential_ref))
        return SecretUse(self._sources, self.marking.key, deployment_id, access)

    def problems(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """References to sources that are not installed."""
        found = []
        for spec in specs:
            for part, values in (("properties", spec.properties), ("native", spec.native)):
                for name, reference in references.secrets(values):
                    if reference.source not in self._sources:
                        known = "one of " + ", ".join(sorted(self._sources))
                        path = f"{spec.name}.{part}.{name}"
                        found.append(Problem(path, f"there is no source of secrets called {reference.source}", known))
        return found

    def observed(self, seen: Sequence[Observed]) -> list[Observed]:
        """What was read, with the marks of what cannot be read: the value that was last set there is taken to be there
        still. The reason says that nobody has looked."""
        known = self.marking.of([one.urn for one in seen if one.presence is Presence.PRESENT])
        return [_with_marks(one, known[one.urn]) if one.urn in known else one for one in seen]

    def marked(self, unit: CompiledUnit) -> CompiledUnit:
        """The unit with marks where it had references. Raises InvalidUnit when a secret cannot be had."""
        use = self.use(unit.deployment_id, unit.scope)
        problems: list[Problem] = []
        said: dict[str, str] = {}
        for resource in unit.resources:
            for path, reference in references.secrets(resource.desired):
                try:
                    said[f"${{{reference}}}"] = use.mark(reference)
                except SecretUnavailable as missing:
                    problems.append(Problem(f"{resource.name}.properties.{path}", str(missing), "a secret", "put it there"))
        if problems:
            raise InvalidUnit(problems)
        if not said:
            return unit
        resources = tuple(
            replace(r, desired=references.mapped(dict(r.desired), lambda text: said.get(text, text)))
            for r in unit.resources
        )
        return replace(unit, resources=resources, secrets={said[f"${{{ref}}}"]: p for ref, p in unit.secrets.items()})
