"""What a root credential is, and what it lacks in resource groups: Azure lists the permissions of whoever asks.

Source: Microsoft Learn, "Permissions - List For Resource Group": sets of `actions` less `notActions`, with wildcards; an
action is allowed when one set allows it.
"""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from deployforge_mcal.adapters.azure import credentials, versions
from deployforge_mcal.adapters.azure.kinds import KINDS
from deployforge_mcal.adapters.azure.placing import Place
from deployforge_mcal.domain.credentials import Examined, Lacking, needs
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.vocabulary import Level
from deployforge_mcal.domain.units import Scope

_VERBS: Final = ("read", "write", "delete")
_VERSION: Final = "2022-04-01"
_EVERY_UNIT: Final = (
    "Microsoft.Resources/deployments/read", "Microsoft.Resources/deployments/write",
    "Microsoft.Resources/deployments/delete", "Microsoft.Resources/deployments/validate/action",
    "Microsoft.Resources/deployments/whatIf/action", "Microsoft.Resources/subscriptions/resourceGroups/read",
)  # fmt: skip


def examine(root: Mapping[str, Any], scopes: Sequence[Scope], *, endpoint: str) -> Examined:
    """See ExaminesCredentials."""
    ref = scopes[0].credential_ref if scopes else "under test"
    needed_by, lacking = _needs(), list[Lacking]()
    groups = {Place.of(scope).id: scope for scope in scopes}
    for id, scope in sorted(groups.items()):
        session = credentials.open_session(root, scope, "df-test", endpoint=endpoint, read_only=False)
        url = f"{id}/providers/Microsoft.Authorization/permissions?api-version={_VERSION}"
        answer = session.resources.send_request(HttpRequest("GET", url))
        if answer.status_code != 200:
            raise HttpResponseError(response=answer)
        held = answer.json().get("value") or ()
        lacking += [Lacking(one, id, types) for one, types in needed_by.items() if not allowed(held, one)]
    note = () if groups else ("no deployment uses it yet: name --account SUBSCRIPTION/GROUP to have permissions looked at",)
    # With a principal for each group, the root's own need not exist.
    known = f"a principal for each of {len(root['groups'])} resource groups" if not root.get("clientId") else ""
    identity = known or credentials.identity(root, ref, endpoint=endpoint)
    return Examined(identity, len(needed_by) * len(groups), tuple(lacking), note)


def allowed(held: Sequence[Mapping[str, Any]], action: str) -> bool:
    """Whether one of the sets of permissions allows the action."""
    return any(_among(one.get("actions"), action) and not _among(one.get("notActions"), action) for one in held)


def _among(patterns: Sequence[str] | None, action: str) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns or ())


def _needs() -> dict[str, tuple[str, ...]]:
    there = [kind for name, kind in KINDS.items() if TYPES[name].on("azure").level is not Level.NONE]
    by_type = {kind.model.name: [*(f"{kind.native_type}/{verb}" for verb in _VERBS), *kind.actions] for kind in there}
    unmapped = set(versions.PINNED) - {kind.native_type for kind in there}
    return needs({"every unit": _EVERY_UNIT, **by_type, **{t: [f"{t}/{v}" for v in _VERBS] for t in unmapped}})
