"""Live resources in the vocabulary of their types: in bulk by Cloud Asset Inventory where that has them, from their own
services otherwise.

Asset Inventory lags behind, so that it is never believed about what this process has just changed, and never when it
does not have something: that is asked of the service.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.bodies import Body, Native
from deployforge_mcal.adapters.declarations import UnknownResourceType
from deployforge_mcal.adapters.gcp.errors import GoogleError, failure_of, is_missing
from deployforge_mcal.adapters.gcp.models import Model, model
from deployforge_mcal.adapters.gcp.natives import GOOGLE
from deployforge_mcal.adapters.gcp.session import GcpSession, Unreadable
from deployforge_mcal.adapters.recent import Recent
from deployforge_mcal.domain.units import Observed, Presence, Scope, Target

#: Below this a call each is cheaper than a list of everything.
_BULK: Final = 4
_PAGE: Final = "1000"
#: How long Asset Inventory may show what was before. Source: Google Cloud, "Cloud Asset Inventory overview": most changes
#: show up within minutes.
_LAG_SECONDS: Final = 600.0
_ASSETS: Final = "cloudasset.googleapis.com"

recent: Final = Recent(_LAG_SECONDS)
Live = Mapping[str, Native | Unreadable | None]


class Services:
    """Live resources from their services; see Source."""

    def __init__(self, session: GcpSession) -> None:
        self._session = session

    def get(self, full: str) -> Body | None:
        """See Source."""
        return self._session.get(full)

    def below(self, asset: str, parent: str, suffix: str, key: str, **params: str) -> list[Body]:
        """See Source. Some lists hold names alone; these are asked for."""
        try:
            found = list(self._session.pages(self._session.url(parent, suffix), key, **params))
        except GoogleError as error:
            if is_missing(error):
                return []
            raise
        service = asset.partition("/")[0]
        named = [one if isinstance(one, dict) else self._session.get(f"//{service}/{one}") for one in found]
        return [one for one in named if one is not None]


class Assets:
    """Live resources from Cloud Asset Inventory, and from their services where it cannot know; see Source."""

    def __init__(self, session: GcpSession, types: Collection[str]) -> None:
        self._services = Services(session)
        self._by_name: dict[str, Body] = {}
        self._by_type: dict[str, list[tuple[str, Body]]] = {}
        url = f"{session.base(_ASSETS)}/v1/projects/{session.place.project}/assets"
        for kind in sorted(types):
            of = list(session.pages(url, "assets", assetTypes=kind, contentType="RESOURCE", pageSize=_PAGE))
            rows = [(str(one["name"]), dict(one["resource"]["data"])) for one in of]
            self._by_type[kind] = rows
            self._by_name |= dict(rows)

    def get(self, full: str) -> Body | None:
        """See Source."""
        found = None if full in recent else self._by_name.get(full)
        return found if found is not None else self._services.get(full)

    def below(self, asset: str, parent: str, suffix: str, key: str, **params: str) -> list[Body]:
        """See Source. What lies below is found by being named in the body; a child that was just changed makes the
        service be asked."""
        rows = self._by_type.get(asset)
        if rows is None or parent in recent or any(name in recent for name, _ in rows):
            return self._services.below(asset, parent, suffix, key, **params)
        if not suffix:
            return [body for name, body in rows if name.startswith(f"{parent}/")]
        relative = parent.partition("googleapis.com/")[2]
        return [body for _, body in rows if relative in body.values()]


def observe(session: GcpSession, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
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


def read(session: GcpSession, wanted: Mapping[str, Model]) -> Live:
    """Full name → parts, None when missing, Unreadable otherwise. Never raises an error of the cloud's."""
    source = _source(session, wanted)
    return session.each(wanted, lambda id: wanted[id].kind.read(source, id))


def _source(session: GcpSession, wanted: Mapping[str, Model]) -> Services | Assets:
    bulk = [of for id, of in wanted.items() if of.kind.in_assets and id not in recent]
    if len(bulk) < _BULK:
        return Services(session)
    types = {of.kind.of.asset for of in bulk}
    types |= {GOOGLE[name].asset for of in bulk for name in of.kind.others.values() if GOOGLE[name].indexed}
    try:
        if session.listings is None:
            return Assets(session, types)
        # Shards share a project: each of them would list all of it.
        found: Assets = session.listings.get(frozenset(types), lambda: Assets(session, types))
        return found
    except Exception as error:
        failure_of(error)  # an error of the cloud's: what was not read in bulk is read one by one
        return Services(session)


def listed(session: GcpSession, asset: str) -> list[str]:
    """Full names of what the project has of a type in the region, or in no region. Raises GoogleError."""
    url = f"{session.base(_ASSETS)}/v1/projects/{session.place.project}:searchAllResources"
    found = session.pages(url, "results", assetTypes=asset, pageSize="500")
    here = (session.place.location, "global")
    return [str(one["name"]) for one in found if str(one.get("location", "global")).lower() in here]


def _observed(target: Target, of: Model | None, unknown: str, live: Mapping[str, Any]) -> Observed:
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
