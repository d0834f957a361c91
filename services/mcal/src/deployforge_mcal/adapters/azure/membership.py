"""Which native resources belong to a unit: those of its last successful deployment, which Azure keeps, and those that
carry the unit's tag. Both survive the loss of everything that is remembered here."""

from collections.abc import Collection, Iterable
from typing import Final

from deployforge_mcal.adapters.azure.placing import parent_of, type_of
from deployforge_mcal.adapters.azure.planning import UNIT_TAG
from deployforge_mcal.adapters.azure.reading import recent
from deployforge_mcal.adapters.azure.rollout import prefix
from deployforge_mcal.adapters.azure.session import AzureSession
from deployforge_mcal.application.ports import Tick

#: Azure deletes these with what they belong to, and cannot by themselves.
_WITH_PARENT: Final = frozenset(
    {"microsoft.keyvault/vaults/secrets", "microsoft.storage/storageaccounts/blobservices", "microsoft.web/sites/config"}
)


def owned(session: AzureSession, unit_name: str) -> list[str]:
    """Ids, in the order in which they were made as far as that is known."""
    group = session.place.group
    found: dict[str, str] = {}
    begins = f"{prefix(unit_name)}-".lower()
    mine = [
        d for d in session.deployments.deployments.list_by_resource_group(group) if str(d.name).lower().startswith(begins)
    ]
    done = [d.properties for d in mine if d.properties is not None and d.properties.provisioning_state == "Succeeded"]
    for properties in sorted(done, key=lambda p: str(p.timestamp)):
        # The last one holds all that the unit is; earlier ones hold what it was.
        found = {str(r.id).lower(): str(r.id) for r in properties.output_resources or ()}
    tagged = session.resources.resources.list_by_resource_group(
        group, filter=f"tagName eq '{UNIT_TAG}' and tagValue eq '{unit_name}'"
    )
    return list({**{str(r.id).lower(): str(r.id) for r in tagged}, **found}.values())


def remove(session: AzureSession, ids: Iterable[str], keep: Collection[str], tick: Tick, urns: dict[str, str]) -> None:
    """Delete resources, the last made first; not those in `keep` (lower case), nor what these lie in. What goes with
    its parent is left to it. Raises what Azure says."""
    spared = {low for id in keep for low in _with_ancestors(id.lower())}
    gone = {low: id for id in ids if (low := id.lower()) not in spared}
    for low, id in reversed(list(gone.items())):
        if parent_of(low) in gone or (type_of(low) in _WITH_PARENT and parent_of(low) not in spared):
            continue
        if type_of(low) in _WITH_PARENT:
            continue
        tick(urns.get(low), "DELETING", None)
        session.delete(id)
        recent.add([id])
        tick(urns.get(low), "DELETED", None)


def _with_ancestors(low: str) -> Iterable[str]:
    while low:
        yield low
        low = parent_of(low)


def history(session: AzureSession, unit_name: str) -> None:
    """Forget the records of a unit's deployments; its resources are not touched by that."""
    group = session.place.group
    begins = f"{prefix(unit_name)}-".lower()
    for d in list(session.deployments.deployments.list_by_resource_group(group)):
        if str(d.name).lower().startswith(begins):
            session.deployments.deployments.begin_delete(group, str(d.name)).result()
