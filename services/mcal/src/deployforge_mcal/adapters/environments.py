"""The environment of a function, of which a cloud gives everything back to whoever may read it, secrets too.

So one more variable lists the names that are no secrets; of an environment, those alone are ever shown.
"""

from collections.abc import Mapping
from typing import Any, Final

PLAIN: Final = "DEPLOYFORGE_PLAIN"


def together(values: Mapping[str, Any]) -> dict[str, Any]:
    """What a function is given, of its properties `environment` and `secrets`."""
    plain = values.get("environment") or {}
    return {**plain, **(values.get("secrets") or {}), PLAIN: ",".join(sorted(plain))}


def plain(variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """What is known to be no secret; None where nothing is known."""
    if PLAIN not in variables:
        return None
    return {name: variables[name] for name in str(variables[PLAIN]).split(",") if name in variables}
