"""What Deployment Manager is told: a configuration with one resource per piece of a plan. It is YAML, and JSON is YAML."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from deployforge_mcal.adapters.bodies import digest
from deployforge_mcal.adapters.gcp.legacy.types import LEGACY, properties
from deployforge_mcal.adapters.gcp.placing import relative
from deployforge_mcal.adapters.gcp.planning import Expression, Piece, Plan
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain import references
from deployforge_mcal.domain.operation import Failure

_REFERENCE: Final = re.compile(r"(?<!\$)\$\{([a-z_0-9]+\.[A-Za-z0-9_-]+)\.([A-Za-z0-9_.]+)\}")
_EVALUATED: Final = "$(ref."
_LONGEST: Final = 63


def resource_name(address: str) -> str:
    """What a resource is called in a deployment: its label, with its type's and its part's in digits."""
    label = address.partition(".")[2].partition("__")[0]
    return f"r-{label.strip('_')}"[: _LONGEST - 9].rstrip("-") + f"-{digest(address)}"


def configuration(plan: Plan) -> str:
    """The whole of a plan. Raises ProviderFailure for a text that Deployment Manager would evaluate."""
    return document(_entry(piece) for piece in plan.pieces)


def document(entries: Iterable[Mapping[str, Any]]) -> str:
    """A configuration of resources."""
    return json.dumps({"resources": list(entries)}, indent=1, sort_keys=True)


def _entry(piece: Piece) -> dict[str, Any]:
    told = properties(piece.of.name, piece.of.named(relative(piece.full)), piece.body)
    entry = {
        "name": resource_name(piece.address), "type": LEGACY[piece.of.name].name,
        "properties": references.mapped(told, lambda text: _said(text, piece.urn)),
    }  # fmt: skip
    needs = [resource_name(address) for address in sorted(piece.needs)]
    return {**entry, **({"metadata": {"dependsOn": needs}} if needs else {})}


def _said(text: str, urn: str) -> str:
    if _EVALUATED in text:
        said = f"Deployment Manager would evaluate {_EVALUATED} in a value, and has no way to write it"
        raise ProviderFailure(Failure("INVALID", said, "use Infrastructure Manager", urn, restored=True))
    if not isinstance(text, Expression):
        return text
    found = _REFERENCE.sub(lambda m: f"{_EVALUATED}{resource_name(m[1])}.{m[2]})", text)
    return found.replace("$${", "${").replace("%%{", "%{")
