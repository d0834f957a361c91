"""What a deployment consists of, once the values of other units are known: every native resource with its id, its body,
and what must be there before it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from deployforge_mcal.adapters.azure.kinds.base import own_tags
from deployforge_mcal.adapters.azure.models import Model, model
from deployforge_mcal.adapters.azure.placing import Place, names_of, parent_of, type_of
from deployforge_mcal.adapters.azure.rendering import Rendering, version_of
from deployforge_mcal.adapters.bodies import Body, merged
from deployforge_mcal.application.ports import ProviderFailure, SecretValues, Work
from deployforge_mcal.domain import references
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import CompiledResource, CompiledUnit

URN_TAG: Final = "deployforge:urn"
DEPLOYMENT_TAG: Final = "deployforge:deployment"
UNIT_TAG: Final = "deployforge:unit"
#: Name of the parameter in which a deployment notes what it found; see `rollout`.
NOTE: Final = "deployforge"
_SCHEMA: Final = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
#: Types without location and tags of their own, of those that are made here beside the kinds'.
_TAGGED: Final = frozenset({"Microsoft.KeyVault/vaults/secrets"})


@dataclass(frozen=True)
class Piece:
    """One native resource."""

    id: str
    version: str
    body: Body
    urn: str
    needs: frozenset[str]
    """Ids, in lower case."""
    main: bool = True
    """The resource itself, and not a part or companion of it."""

    @property
    def key(self) -> str:
        """Ids are compared without regard to case."""
        return self.id.lower()


@dataclass(frozen=True)
class Declared:
    """One declaration with everything resolved."""

    resource: CompiledResource
    of: Model
    id: str
    desired: Mapping[str, Any]
    retain: bool


@dataclass(frozen=True)
class Plan:
    """A unit, ready to be deployed. Order: what is needed stands before what needs it."""

    place: Place
    declared: tuple[Declared, ...]
    pieces: tuple[Piece, ...]
    secrets: Mapping[str, str] = field(default_factory=dict)
    """Parameter → mark."""

    @property
    def ids(self) -> dict[str, str]:
        """Lower-case id → id."""
        return {piece.key: piece.id for piece in self.pieces}

    def urn_of(self, id: str) -> str | None:
        """Whose native resource an id is; that of what lies around it otherwise."""
        low = id.lower()
        owner = {piece.key: piece.urn for piece in self.pieces}
        while low and low not in owner:
            low = parent_of(low)
        return owner.get(low)

    def only(self, urns: Collection[str]) -> "Plan":
        """The same for some resources, with what belongs to them and what lies around them."""
        wanted = {d.id.lower() for d in self.declared if d.resource.urn in urns}
        around = {low for id in wanted for low in _ancestors(id)}
        kept = tuple(p for p in self.pieces if p.urn in urns or p.key in around)
        left = {p.key for p in kept}
        pieces = tuple(replace(p, needs=p.needs & left) for p in kept)
        return replace(self, declared=tuple(d for d in self.declared if d.resource.urn in urns), pieces=pieces)

    def template(self) -> dict[str, Any]:
        """The ARM template."""
        parameters: dict[str, Any] = {NOTE: {"type": "object"}}
        parameters |= {name: {"type": "securestring"} for name in sorted(self.secrets)}
        ids = self.ids
        resources = []
        for piece in self.pieces:
            entry = {
                "type": type_of(piece.id), "apiVersion": piece.version, "name": "/".join(names_of(piece.id)), **piece.body,
            }  # fmt: skip
            needs = sorted(ids[low] for low in piece.needs if low in ids)
            resources.append({**entry, **({"dependsOn": needs} if needs else {})})
        return {"$schema": _SCHEMA, "contentVersion": "1.0.0.0", "parameters": parameters, "resources": resources}

    def parameters(self, note: Mapping[str, Any], secrets: SecretValues) -> dict[str, Any]:
        """Values; secrets go into the call and nowhere else."""
        found: dict[str, Any] = {NOTE: {"value": dict(note)}}
        return found | {name: {"value": secrets.value(marked)} for name, marked in self.secrets.items()}


def plan(unit: CompiledUnit, inputs: Mapping[str, str], tags: Mapping[str, Mapping[str, str]] | None = None) -> Plan:
    """The plan of a unit; `tags` are those of living resources that nobody declared, to be left as they are. Raises
    ProviderFailure for a resource that lies elsewhere."""
    place = Place.of(unit.scope)
    known: dict[str, Any] = dict(inputs)
    entries: Mapping[str, Any] = unit.template["resources"]
    models = {r.name: model(r.type) for r in unit.resources}
    ids: dict[str, str] = {}
    later: dict[str, tuple[str, str]] = {}
    for r in unit.resources:
        ids[r.name] = str(references.substitute(entries[r.urn]["id"], inputs))
        known |= {f"{r.name}.{name}": value for name, value in models[r.name].attributes(ids[r.name]).items()}
        told = models[r.name].later(ids[r.name], models[r.name].filled(r.desired, inputs))
        later |= {f"{r.name}.{name}": where for name, where in told.items()}
        _must_be_here(ids[r.name], place, r.urn)
    declared: list[Declared] = []
    pieces: dict[str, Piece] = {}
    rendering = Rendering(ids, later)
    for r in unit.resources:
        of, id, entry = models[r.name], ids[r.name], entries[r.urn]
        desired = of.filled(r.desired, known)
        declared.append(Declared(r, of, id, desired, bool(entry["retain"])))
        # Spelt like declarations again: what another resource of the template will tell is in it as a reference.
        spelt, begun = references.escaped(desired), references.substitute(dict(entry["initial"]), known)
        native = of.linked(id, of.native_of(spelt, references.escaped(begun)))
        needs = frozenset(ids[name].lower() for name in r.depends_on if name in ids)
        for companion in of.companions(id):
            whole = _whole(unit, {**companion.body}, type_of(companion.id), "", {}, entry)
            pieces.setdefault(
                companion.id.lower(), Piece(companion.id, version_of(companion.id), whole, r.urn, frozenset(), False)
            )
        parts = {**{name: Body() for name in native}, **of.constants()}
        beside = {of.part_id(id, part).lower() for part in parts if of.is_beside(part)}
        for part, constant in parts.items():
            full = of.part_id(id, part)
            body = merged(constant, rendering.rendered(native.get(part, {})))
            if not part or of.is_beside(part):
                body = _whole(unit, body, type_of(full), "" if part else r.urn, (tags or {}).get(full.lower(), {}), entry)
            version = entry["version"] if not part and entry["version"] else version_of(full)
            first = needs if part else needs | beside
            pieces[full.lower()] = Piece(full, version, body, r.urn, first, not part)
    for low, piece in pieces.items():
        # What a resource lies in comes before it.
        pieces[low] = replace(piece, needs=(piece.needs | {a for a in _ancestors(low) if a in pieces}) - {low})
    return Plan(place, tuple(declared), tuple(_ordered(pieces)), rendering.secrets)


def for_work(work: Work, tags: Mapping[str, Mapping[str, str]] | None = None) -> Plan:
    """What the operation's unit shall be. Raises ProviderFailure."""
    if work.unit is None:
        raise ProviderFailure(Failure("TEMPLATE_UNKNOWN", "the operation names no template that was compiled here"))
    return plan(work.unit, work.inputs, tags)


def undeclared(live: Mapping[str, str], *declared: Mapping[str, Any]) -> dict[str, str]:
    """Tags of a living resource that nobody of ours ever declared."""
    ours = {name for one in declared for name in one.get("tags") or {}}
    return {name: value for name, value in own_tags(live).items() if name not in ours}


def _whole(
    unit: CompiledUnit, body: Body, type: str, urn: str, live_tags: Mapping[str, str], entry: Mapping[str, Any]
) -> Body:
    found = {name: value for name, value in body.items() if name != "tags"}
    if type.count("/") == 1 or entry["location"]:
        found["location"] = entry["location"] or unit.scope.location
    if type.count("/") == 1 or type in _TAGGED:
        own = {DEPLOYMENT_TAG: unit.deployment_id, UNIT_TAG: unit.unit_name, **({URN_TAG: urn} if urn else {})}
        found["tags"] = {**live_tags, **unit.tags, **body.get("tags", {}), **own}
    return found


def _ancestors(low: str) -> Iterable[str]:
    while low := parent_of(low):
        yield low


def _must_be_here(id: str, place: Place, urn: str) -> None:
    if not id.lower().startswith(f"{place.id.lower()}/providers/"):
        said = f"{id} does not lie in {place.id}"
        raise ProviderFailure(
            Failure("INVALID", said, "declare it with a provider of that resource group", urn, restored=True)
        )


def _ordered(pieces: Mapping[str, Piece]) -> Iterable[Piece]:
    """Needs first; Azure orders by `dependsOn` itself, whoever deletes goes backwards."""
    done: set[str] = set()
    left = dict(pieces)
    while left:
        ready = [key for key, piece in left.items() if not (piece.needs & left.keys()) - {key}]
        if not ready:
            ready = list(left)  # Azure refuses the circle and names it.
        for key in ready:
            done.add(key)
            yield left.pop(key)
