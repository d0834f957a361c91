"""What a change set would replace: read before it is executed, so that nothing goes that nobody has approved.

Source: AWS CloudFormation API Reference, ResourceChange and ResourceChangeDetail. `Replacement` is True, False or
Conditional; the details say for each property whether its change replaces (`RequiresRecreation`), and whether its new
value is known already (`Evaluation`).
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.aws.models import Model, model
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import CompiledUnit

_NEVER: Final = "Never"
_REFERENCES: Final = ("ResourceReference", "ResourceAttribute")


def unapproved(
    changes: Sequence[Mapping[str, Any]], urns: Mapping[str, str], unit: CompiledUnit, approved: Collection[str] | None
) -> Failure | None:
    """Why the change set must not be executed: it replaces, or may replace, a resource that is not among those that are
    approved to be replaced (None: all are). `urns` is by logical id."""
    if approved is None:
        return None
    models = {r.urn: model(r.type) for r in unit.resources}
    known = {logical: models[urn] for logical, urn in urns.items() if urn in models}
    for logical, why in replaced(changes, known).items():
        if (urn := urns.get(logical)) is not None and urn not in approved:
            hint = "plan again and have that approved; or change by itself what it refers to; or leave it as it is"
            return Failure("MORE_WOULD_CHANGE", why, hint, urn, restored=True)
    return None


def replaced(changes: Sequence[Mapping[str, Any]], models: Mapping[str, Model]) -> dict[str, str]:
    """logical id → why it is replaced, or may be. What CloudFormation leaves open is decided where it can be: our own
    types say which of their properties change in place, and the name of what is not replaced stays as it is."""
    every = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"] for c in changes}
    found = {id: _because(c, "would be") for id, c in every.items() if c.get("Replacement") == "True"}
    while True:
        # Whoever refers to what may be replaced may be replaced too.
        more = {
            id: _because(c, "may be")
            for id, c in every.items()
            if c.get("Replacement") == "Conditional" and id not in found and _open(c, models.get(id), found, models)
        }
        if not more:
            return found
        found |= more


def _open(change: Mapping[str, Any], of: Model | None, found: Collection[str], models: Mapping[str, Model]) -> bool:
    return any(
        detail["Target"].get("RequiresRecreation", _NEVER) != _NEVER
        and not _in_place(str(detail["Target"].get("Name", "")), of)
        and not _stays(detail, found, models)
        for detail in change.get("Details", ())
    )


def _in_place(property: str, of: Model | None) -> bool:
    """Whether our own type says that the property is changed in place."""
    if of is None or of.kind is None or not of.unified:
        return False
    mapped = [p for p in of.kind.properties if of.kind.natives.get(p.name) == property]
    return bool(mapped) and not any(of.kind.replaces(p) for p in mapped)


def _stays(detail: Mapping[str, Any], found: Collection[str], models: Mapping[str, Model]) -> bool:
    """Whether what a property refers to, `Queue` or `Queue.Arn`, is the same after the change."""
    logical, _, attribute = str(detail.get("CausingEntity") or "").partition(".")
    if detail.get("ChangeSource") not in _REFERENCES or logical in found:
        return False
    of = models.get(logical)
    return attribute in ("", "Arn") or (of is not None and attribute in of.schema.identifier)


def _because(change: Mapping[str, Any], verb: str) -> str:
    names = sorted(
        {
            str(d["Target"]["Name"])
            for d in change.get("Details", ())
            if d["Target"].get("RequiresRecreation", _NEVER) != _NEVER and d["Target"].get("Name")
        }
    )
    cause = f", because of {', '.join(names)}" if names else ""
    return f"CloudFormation says that {change['LogicalResourceId']} {verb} replaced{cause}"
