"""What a root credential is, and what its service accounts lack in projects: each asks about itself.

Source: Resource Manager, `projects.testIamPermissions`: the answer repeats the permissions that the caller has, at most 100
at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.gcp import credentials
from deployforge_mcal.adapters.gcp.kinds import KINDS
from deployforge_mcal.adapters.gcp.natives import GOOGLE
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.domain.credentials import Examined, Lacking, needs
from deployforge_mcal.domain.types import TYPES
from deployforge_mcal.domain.types.vocabulary import Level
from deployforge_mcal.domain.units import Scope

_AT_ONCE: Final = 100
_MANAGER: Final = "cloudresourcemanager.googleapis.com"
_VERBS: Final = ("create", "get", "update", "delete")
_EVERY_UNIT: Final = (
    "config.deployments.create", "config.deployments.get", "config.deployments.update", "config.deployments.delete",
    "config.deployments.lock", "config.deployments.unlock", "config.deployments.getState", "config.deployments.updateState",
    "config.previews.create", "config.previews.get", "config.previews.delete", "config.resources.list",
    "iam.serviceAccounts.actAs", "storage.objects.create", "storage.objects.get", "storage.objects.list",
    "storage.objects.delete",
)  # fmt: skip
_EVERY_SCAN: Final = ("cloudasset.assets.listResource", "cloudasset.assets.searchAllResources")
#: What Google has no such permission for.
_NONE: Final = frozenset({"datastore.indexes.create", "datastore.indexes.delete"})
_MORE: Final[Mapping[str, tuple[str, ...]]] = {
    "Secret": ("secretmanager.versions.add",),
    "Function": (
        "cloudfunctions.operations.get", "secretmanager.versions.add", "secretmanager.secrets.getIamPolicy",
        "secretmanager.secrets.setIamPolicy",
    ),
}  # fmt: skip


def examine(root: Mapping[str, Any], scopes: Sequence[Scope], *, endpoint: str) -> Examined:
    """See ExaminesCredentials."""
    deploying, reading = _needs(_VERBS, _EVERY_UNIT, _MORE), _needs(("get",), _EVERY_SCAN, {})
    lacking: list[Lacking] = []
    projects = {scope.account: scope for scope in scopes}
    for project, scope in sorted(projects.items()):
        for read_only, wanted in ((False, deploying), (True, reading)):
            session = credentials.open_session(root, scope, "df-test", endpoint=endpoint, read_only=read_only)
            who = str(root["readerServiceAccount" if read_only else "serviceAccount"])
            held = _held(session, wanted)
            lacking += [Lacking(one, f"{who} in {project}", t) for one, t in wanted.items() if one not in held]
    identity = credentials.identity(root, endpoint=endpoint)
    note = () if projects else ("no deployment uses it yet: name --account PROJECT to have permissions looked at",)
    return Examined(identity, (len(deploying) + len(reading)) * len(projects), tuple(lacking), note)


def _held(session: GcpSession, wanted: Iterable[str]) -> set[str]:
    names, found = sorted(wanted), set[str]()
    url = f"{session.base(_MANAGER)}/v3/projects/{session.place.project}:testIamPermissions"
    for start in range(0, len(names), _AT_ONCE):
        answer = session.call("POST", url, {"permissions": names[start : start + _AT_ONCE]})
        found |= set(answer.json().get("permissions") or ())
    return found


def _needs(
    verbs: Sequence[str], everywhere: Sequence[str], more: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    by_type: dict[str, list[str]] = {"every unit" if len(verbs) > 1 else "every scan": list(everywhere)}
    for name, kind in KINDS.items():
        if TYPES[name].on("gcp").level is not Level.NONE:
            groups = [GOOGLE[one].permissions for one in (kind.google, *kind.others.values())]
            permissions = [f"{group}.{verb}" for group in groups for verb in verbs]
            by_type[name] = [p for p in permissions if p not in _NONE] + list(more.get(name, ()))
    return needs(by_type)
