"""What an expression knows of where it is deployed: subscription, group, deployment, cloud."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from deployforge_templates.arm.scope import Scope

#: Of the public cloud. Source: Microsoft Learn, "Deployment functions for ARM templates", environment.
_CLOUD: Final[Mapping[str, Any]] = {
    "name": "AzureCloud",
    "portal": "https://portal.azure.com",
    "resourceManager": "https://management.azure.com/",
    "authentication": {"loginEndpoint": "https://login.microsoftonline.com/", "identityProvider": "AAD"},
    "suffixes": {
        "storage": "core.windows.net", "keyvaultDns": ".vault.azure.net", "sqlServerHostname": ".database.windows.net",
        "acrLoginServer": ".azurecr.io",
    },
}  # fmt: skip


def _group(scope: Scope) -> dict[str, Any]:
    provider = scope.given.provider
    return {"id": scope.group, "name": provider.get("resourceGroup", ""), "location": provider.get("location", "")}


def _subscription(scope: Scope) -> dict[str, Any]:
    id = scope.group.partition("/resourceGroups/")[0]
    return {"id": id, "subscriptionId": id.rpartition("/")[2]}


FUNCTIONS: Final[Mapping[str, Callable[[Scope], Any]]] = {
    "resourcegroup": _group, "subscription": _subscription, "deployment": lambda scope: {"name": scope.given.deployment},
    "environment": lambda scope: dict(_CLOUD),
}  # fmt: skip


def resource_id(start: str, given: Sequence[str]) -> str:
    """`resourceId(…)` below `start`, with another group or subscription before the type. Raises ValueError."""
    at = next((index for index, word in enumerate(given) if "/" in word), None)
    if at is None or at > 2:
        raise ValueError("there is no type among the arguments")
    outer, kind, names = given[:at], given[at], given[at + 1 :]
    namespace, *types = kind.split("/")
    if len(types) != len(names):
        raise ValueError(f"{kind} has {len(types)} names, and {len(names)} are given")
    if outer:
        subscription = outer[0] if at == 2 or "/resourceGroups/" not in start else start.split("/")[2]
        group = f"/resourceGroups/{outer[-1]}" if "/resourceGroups/" in start else ""
        start = f"/subscriptions/{subscription}{group}"
    return f"{start}/providers/{namespace}" + "".join(f"/{t}/{n}" for t, n in zip(types, names, strict=True))


def found(word: str, known: Iterable[str], group: str) -> str:
    """The key that a word of a template stands for: an id, an id within the group, a symbol, or a name."""
    keys = set(known)
    inner = word.lower().lstrip("/")
    for key in (word.lower(), f"{group}/providers/{inner}".lower(), _spread(inner, group)):
        if key in keys:
            return key
    return ""


def _spread(word: str, group: str) -> str:
    """`Microsoft.Network/virtualNetworks/web` written as an id, as it may stand in dependsOn: types, then names."""
    namespace, *rest = word.split("/")
    if not re.fullmatch(r"[a-z0-9.]+", namespace) or "." not in namespace or len(rest) % 2 or not rest:
        return ""
    half = len(rest) // 2
    pairs = "".join(f"/{t}/{n}" for t, n in zip(rest[:half], rest[half:], strict=True))
    return f"{group}/providers/{namespace}{pairs}".lower()
