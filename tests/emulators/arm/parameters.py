"""Parameters of a template: declared, given, shown."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.emulators.arm.expressions import Function, evaluate, invalid

_TYPES: Final[Mapping[str, Callable[[Any], bool]]] = {
    "string": lambda v: isinstance(v, str), "securestring": lambda v: isinstance(v, str),
    "int": lambda v: isinstance(v, int) and not isinstance(v, bool), "bool": lambda v: isinstance(v, bool),
    "object": lambda v: isinstance(v, Mapping), "secureobject": lambda v: isinstance(v, Mapping), "array": lambda v: isinstance(v, list),
}  # fmt: skip


def given(
    declared: Mapping[str, Any], values: Mapping[str, Any], functions: Callable[[Mapping[str, Any]], Mapping[str, Function]]
) -> dict[str, Any]:
    """Name → value. Raises Refused for one that is missing, unknown, of another type, or not allowed."""
    if extra := sorted(set(values) - set(declared)):
        raise invalid(
            "The following parameters were supplied, but do not correspond to any parameters defined in the template: "
            f"'{extra[0]}'. The parameters defined in the template are: '{', '.join(declared)}'"
        )
    found: dict[str, Any] = {}
    for name, about in declared.items():
        if name in values:
            if not isinstance(values[name], Mapping) or "value" not in values[name]:
                raise invalid(f"the template parameter '{name}' needs a 'value'; references to vaults are not modelled")
            found[name] = values[name]["value"]
        elif "defaultValue" in about:
            found[name] = evaluate(about["defaultValue"], functions(found))
        else:
            raise invalid(
                f"The value for the template parameter '{name}' is not provided. Please see "
                "https://aka.ms/arm-create-parameter-file for usage details",
                f"properties.template.parameters.{name}",
            )
        fits = _TYPES.get(str(about.get("type")).lower())
        if fits is None or not fits(found[name]):
            raise invalid(f"Template parameter '{name}' is not of the declared type '{about.get('type')}'")
        if "allowedValues" in about and found[name] not in about["allowedValues"]:
            said = f"The provided value for the template parameter '{name}' is not valid. Allowed: {about['allowedValues']}"
            raise invalid(said)
    return found


def shown(declared: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Types and values as a deployment tells them: a secret has a type only."""
    found = {}
    for name, about in declared.items():
        kind = spelt(about["type"])
        found[name] = {"type": kind} if kind.startswith("Secure") else {"type": kind, "value": values[name]}
    return found


def spelt(kind: str) -> str:
    """`securestring` → `SecureString`, as Azure shows types."""
    low = kind.lower()
    return f"Secure{low[6:].capitalize()}" if low.startswith("secure") else low.capitalize()
