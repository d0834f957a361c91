"""What a deployment consists of, once the values of other units are known: every resource of Terraform's with its
arguments, and what must be there before it."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Body, Native, digest, merged
from deployforge_mcal.adapters.declarations import OVERLAY
from deployforge_mcal.adapters.gcp.models import Model, model
from deployforge_mcal.adapters.gcp.natives import GoogleType
from deployforge_mcal.adapters.gcp.placing import Place, project_of, relative
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain import references
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.secrets import marks
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit

UNIT_LABEL: Final = "deployforge-unit"
DEPLOYMENT_LABEL: Final = "deployforge-deployment"
NAME_LABEL: Final = "deployforge-name"
#: Label of a resource with a secret: a digest of the mark of the value that it was last given.
VALUE_LABEL: Final = "deployforge-value"
_OTHER: Final = re.compile(r"[^a-z0-9_-]")


class Expression(references.Unresolved):
    """Text that Terraform evaluates; in every other text what begins like an expression is escaped."""


@dataclass(frozen=True)
class Piece:
    """One resource of Terraform's."""

    address: str
    of: GoogleType
    full: str
    arguments: Body
    urn: str
    part: str
    needs: frozenset[str]
    """Addresses."""
    lifecycle: Mapping[str, Any]
    body: Body
    """As its service has it, when it is made."""
    enforced: Body
    """The same without what is only set when it is made."""


@dataclass(frozen=True)
class Declared:
    """One declaration with everything resolved."""

    resource: CompiledResource
    of: Model
    id: str
    desired: Mapping[str, Any]
    retain: bool
    native: Native
    """All parts, also those that Terraform does not know."""

    @property
    def secret(self) -> str:
        """A digest of the marks in it; empty: there are none."""
        found = sorted(marked for _, marked in marks(self.desired))
        return digest(*found, length=32) if found else ""


@dataclass(frozen=True)
class Plan:
    """A unit, ready to be deployed."""

    place: Place
    declared: tuple[Declared, ...]
    pieces: tuple[Piece, ...]

    @property
    def fulls(self) -> frozenset[str]:
        """Full names of everything."""
        return frozenset(piece.full for piece in self.pieces)

    def of(self, urns: Collection[str]) -> tuple[Piece, ...]:
        """What belongs to some resources."""
        return tuple(p for p in self.pieces if p.urn in urns)

    def urn_of(self, address: str) -> str | None:
        """Whose resource of Terraform's an address is."""
        plain = address.partition("[")[0]
        return next((p.urn for p in self.pieces if p.address == plain), None)

    def blueprint(
        self, *, imports: Mapping[str, str] | None = None, still: Collection[str] = (), without: Collection[str] = ()
    ) -> bytes:
        """main.tf.json. `imports` is by address what Terraform takes over; what is `still` (addresses) is left as it is,
        whatever it is; what is `without` is not in it."""
        resources: dict[str, dict[str, Any]] = {}
        for piece in self.pieces:
            if piece.address in without:
                continue
            kind, _, label = piece.address.partition(".")
            needs = sorted(piece.needs - set(without))
            lifecycle = {**piece.lifecycle, **({"ignore_changes": "all"} if piece.address in still else {})}
            resources.setdefault(kind, {})[label] = {
                **_rendered(piece.arguments), **({"depends_on": needs} if needs else {}),
                **({"lifecycle": lifecycle} if lifecycle else {}),
            }  # fmt: skip
        document: dict[str, Any] = {
            "terraform": {"required_providers": {"google": {"source": "hashicorp/google", "version": ">= 6.0"}}},
            "provider": {"google": {"project": self.place.project, "region": self.place.location}},
        }
        if taken := {a: id for a, id in (imports or {}).items() if a not in without}:
            document["import"] = [{"to": address, "id": _rendered(id)} for address, id in sorted(taken.items())]
        if resources:
            document["resource"] = resources
        return json.dumps(document, indent=1, sort_keys=True).encode()


def plan(unit: CompiledUnit, inputs: Mapping[str, str]) -> Plan:
    """The plan of a unit. Raises ProviderFailure for a resource that lies elsewhere, or a value that nobody has told."""
    place = Place.of(unit.scope)
    known: dict[str, Any] = dict(inputs)
    entries: Mapping[str, Any] = unit.template["resources"]
    models = {r.name: model(r.type) for r in unit.resources}
    ids: dict[str, str] = {}
    for r in unit.resources:
        ids[r.name] = str(references.substitute(entries[r.urn]["id"], inputs))
        known |= {f"{r.name}.{name}": value for name, value in models[r.name].attributes(ids[r.name]).items()}
        _must_be_here(ids[r.name], place, r.urn)
    later = {
        f"{r.name}.{name}": f"{_address(models[r.name].kind.google, r.name, '')}.{there}"
        for r in unit.resources
        for name, there in models[r.name].kind.later.items()
    }
    for r in unit.resources:
        for ref in references.of([dict(r.desired), dict(entries[r.urn]["initial"])]):
            if ref.name in models and models[ref.name].kind.native and str(ref) not in known:
                later[str(ref)] = f"{_address(models[ref.name].kind.google, ref.name, '')}.{ref.attribute}"
    declared = []
    pieces: list[Piece] = []
    for r in unit.resources:
        of, id, entry = models[r.name], ids[r.name], entries[r.urn]
        desired = _told(of, r.desired, known, later)
        one = Declared(r, of, id, desired, bool(entry["retain"]), _native(of, id, desired, place))
        declared.append(one)
        begun = _told(of, entry["initial"], known, later)
        first = _native(of, id, {**begun, **desired}, place)
        needs = frozenset(
            _address(models[n].kind.google, n, "") for n in r.depends_on if n in models
        )  # fmt: skip
        pieces += _pieces(unit, one, first, needs, fixed=bool(entry["fixed"]))
    return Plan(place, tuple(declared), tuple(pieces))


def for_work(work: Work) -> Plan:
    """What the operation's unit shall be. Raises ProviderFailure."""
    if work.unit is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here"))
    return plan(work.unit, work.inputs)


def _native(of: Model, id: str, desired: Mapping[str, Any], place: Place) -> Native:
    kind = of.kind
    found = of.native_of(desired)
    for part, constant in kind.constants.items():
        found[part] = merged(_here(constant, place), found.get(part, {}))
    return {part: kind.completed(id, part, body) for part, body in found.items()}


def _pieces(unit: CompiledUnit, d: Declared, first: Native, needs: frozenset[str], *, fixed: bool) -> list[Piece]:
    kind, found = d.of.kind, list[Piece]()
    mine = [part for part in d.native if part not in kind.direct]
    for part in mine:
        body = d.native[part]
        of, full = kind.placed(d.id, part)
        whole = _labelled(unit, d, part, body, of)
        arguments = of.arguments(relative(full), whole)
        begun = _labelled(unit, d, part, first.get(part, {}), of)
        at_first = of.arguments(relative(full), begun)
        if not part:
            arguments = merged(arguments, d.desired.get(OVERLAY, {}))
            at_first = merged(at_first, d.desired.get(OVERLAY, {}))
        ignored = sorted(name for name, value in at_first.items() if arguments.get(name) != value)
        ignored += kind.left_alone(part, d.native)
        lifecycle: dict[str, Any] = {"ignore_changes": ignored} if ignored else {}
        if not fixed:
            lifecycle["create_before_destroy"] = True
        own = frozenset(_address(kind.placed(d.id, p)[0].name, d.resource.name, p) for p in kind.before(part, mine))
        address = _address(of.name, d.resource.name, part)
        found.append(Piece(address, of, full, at_first, d.resource.urn, part, needs | own, lifecycle, begun, whole))
    return found


def _labelled(unit: CompiledUnit, d: Declared, part: str, body: Body, of: GoogleType) -> Body:
    if not of.labels:
        return body
    own = {
        DEPLOYMENT_LABEL: label(unit.deployment_id), UNIT_LABEL: label(unit.unit_name), NAME_LABEL: label(d.resource.name),
    }  # fmt: skip
    given = {label(name): label(value) for name, value in unit.tags.items()}
    labels = {**given, **_at(body, of.labels), **own}
    return merged(body, _nested(of.labels, labels | ({VALUE_LABEL: d.secret} if not part and d.secret else {})))


def _at(body: Body, path: str) -> dict[str, Any]:
    value: Any = body
    for name in path.split("."):
        value = value.get(name, {}) if isinstance(value, Mapping) else {}
    return dict(value)


def _nested(path: str, value: Any) -> Body:
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)


def label(text: str) -> str:
    """A text as a label can be: what is too long or has other letters is told apart by digits."""
    plain = _OTHER.sub("-", text.lower())
    if plain == text and len(text) <= 63:
        return plain
    return f"{plain[:54]}-{digest(text)}"


def _address(kind: str, name: str, part: str) -> str:
    begun = name if name[0].isalpha() else f"_{name}"
    slug = part if part.isalnum() else digest(part)
    return f"{kind}.{begun}__{slug}" if part else f"{kind}.{begun}"


def _here(value: Any, place: Place) -> Any:
    """Constants with the place in them."""
    return references.mapped(value, lambda text: place.location if text == "{location}" else text)


def _told(of: Model, values: Mapping[str, Any], known: Mapping[str, Any], later: Mapping[str, str]) -> dict[str, Any]:
    """Values with what is known filled in, and what another resource of the unit tells only when it is there as Terraform
    says it. Raises ProviderFailure for what nobody has told."""
    expressed = {name: _expressed(value, known, later) for name, value in values.items()}
    plain = {name: value for name, value in values.items() if expressed[name] == value}
    return {**expressed, **of.filled(plain, known)}


def _expressed(value: Any, known: Mapping[str, Any], later: Mapping[str, str]) -> Any:
    def said(text: str) -> str:
        pieces = references.parts(text) if references.has_references(text) else [text]
        for piece in pieces:
            if not isinstance(piece, str) and str(piece) not in known and str(piece) not in later:
                told = f"nobody has told what {piece} is"
                raise ProviderFailure(Failure("INPUT_UNKNOWN", told, "apply what it refers to first"))
        if not any(str(piece) in later for piece in pieces if not isinstance(piece, str)):
            return text
        return Expression("".join(_piece(piece, known, later) for piece in pieces))

    found = references.mapped(value, said)
    if found == value:
        return found
    # Of a value of which Terraform says a part, the rest is filled in here.
    return references.mapped(
        found, lambda text: text if isinstance(text, Expression) else references.substitute(text, known)
    )  # fmt: skip


def _piece(piece: Any, known: Mapping[str, Any], later: Mapping[str, str]) -> str:
    if isinstance(piece, str):
        return _escaped(piece)
    return _escaped(str(known[str(piece)])) if str(piece) in known else "${" + later[str(piece)] + "}"


def _rendered(value: Any) -> Any:
    return references.mapped(value, lambda text: str(text) if isinstance(text, Expression) else _escaped(text))


def _escaped(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def _must_be_here(id: str, place: Place, urn: str) -> None:
    if not id.startswith("//") or project_of(id) not in ("", place.project):
        said = f"{id} is not a full resource name in project {place.project}"
        hint = "//pubsub.googleapis.com/projects/…; what lies in another project needs a provider of that project"
        raise ProviderFailure(Failure("INVALID", said, hint, urn, restored=True))


def targeted(work: Work, desired: Mapping[str, Mapping[str, Any]]) -> CompiledUnit:
    """The unit with the desired values of some resources, which are resolved, in place of those that it was compiled
    with. Raises ProviderFailure for one that does not belong to it."""
    if work.unit is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here"))
    if missing := set(desired) - {r.urn for r in work.unit.resources}:
        said = f"{', '.join(sorted(missing))} do not belong to unit {work.unit_name}"
        raise ProviderFailure(Failure("NOT_FOUND", said, "apply the deployment again"))
    resources = tuple(
        replace(r, desired={**r.desired, **references.escaped(desired[r.urn])}) if r.urn in desired else r
        for r in work.unit.resources
    )
    return replace(work.unit, resources=resources)
