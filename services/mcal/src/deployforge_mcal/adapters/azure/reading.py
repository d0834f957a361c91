"""Live resources in the vocabulary of their types: in bulk by Resource Graph where it has the whole of a type, by id
otherwise.

Resource Graph lags behind, so that it is never believed about what this process has just changed, and never when it
says that something is not there: that is asked by id.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.azure.errors import failure_of
from deployforge_mcal.adapters.azure.models import Model, model
from deployforge_mcal.adapters.azure.session import AzureSession, Unreadable
from deployforge_mcal.adapters.bodies import Native
from deployforge_mcal.adapters.declarations import UnknownResourceType
from deployforge_mcal.adapters.recent import Recent
from deployforge_mcal.domain.units import Observed, Presence, Scope, Target

#: Below this a call each is cheaper than a query.
_BULK: Final = 3
_IDS_PER_QUERY: Final = 200
#: How long Resource Graph may show what was before. Source: Microsoft Learn, "Azure Resource Graph overview": changes
#: show up within minutes.
_LAG_SECONDS: Final = 300.0


recent: Final = Recent(_LAG_SECONDS)


def observe(session: AzureSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
    """See CloudProvider.observe."""
    models: dict[str, Model] = {}
    unknown: dict[str, str] = {}
    for name in {t.type for t in targets}:
        try:
            models[name] = model(name)
        except UnknownResourceType as error:
            unknown[name] = str(error)
    wanted = {t.physical_id: models[t.type] for t in targets if t.type in models and t.physical_id}
    live = read(session, wanted)
    return [_observed(t, models.get(t.type), unknown.get(t.type, ""), live) for t in targets]


def read(session: AzureSession, wanted: Mapping[str, Model]) -> Mapping[str, Native | Unreadable | None]:
    """id → parts, None when missing, Unreadable otherwise. Never raises."""
    bulk = [id for id, of in wanted.items() if of.kind is not None and of.kind.in_graph and id not in recent]
    rows = _rows(session, bulk) if len(bulk) >= _BULK else {}
    found: dict[str, Native | Unreadable | None] = {id: {"": rows[id.lower()]} for id in bulk if id.lower() in rows}
    rest = [id for id in wanted if id not in found]
    return {**found, **session.each(rest, lambda id: wanted[id].read(session, id))}


def _rows(session: AzureSession, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    try:
        for start in range(0, len(ids), _IDS_PER_QUERY):
            listed = ", ".join(f"'{id}'" for id in ids[start : start + _IDS_PER_QUERY])
            query = f"Resources | where id in~ ({listed}) | project id, name, type, location, tags, sku, kind, identity, properties | order by id asc"  # noqa: E501
            found |= {str(row["id"]).lower(): row for row in session.rows(query)}
    except Exception as error:
        failure_of(error)  # an error of the cloud's: what was not read in bulk is read one by one
    return found


def _observed(target: Target, of: Model | None, unknown: str, live: Mapping[str, Native | Unreadable | None]) -> Observed:
    id = target.physical_id
    if of is None:
        return Observed(target.urn, Presence.NOT_CHECKED, id, reason=unknown)
    if not id:
        return Observed(target.urn, Presence.NOT_CHECKED, "", reason="its physical id is not known")
    found = live[id]
    if found is None:
        return Observed(target.urn, Presence.MISSING, id)
    if isinstance(found, Unreadable):
        return Observed(target.urn, Presence.NOT_CHECKED, id, {}, of.attributes(id), found.reason)
    return Observed(target.urn, Presence.PRESENT, id, of.live(found), of.attributes(id, found))
