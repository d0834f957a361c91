"""Finds what is in an account and belongs to no deployment: by a bulk listing, where the cloud has one."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

import structlog

from deployforge_mcal.application.mcal import Mcal
from deployforge_mcal.application.ports import ProviderFailure, UnknownProvider
from deployforge_mcal.application.scans import Readers
from deployforge_mcal.application.stores import CredentialUnknown, Telemetry
from deployforge_mcal.domain.units import Observed, Scope, Target

#: Resources of one message.
_PART: Final = 200

log = structlog.get_logger(__name__)


class Listing:
    """Lists a scope at most every `every_seconds`, whoever asks and however many replicas there are.

    What is said is said again the next time: a message that is lost costs time, nothing else.
    """

    def __init__(self, app: Mcal, readers: Readers, telemetry: Telemetry, every_seconds: float) -> None:
        self._app, self._readers, self._telemetry = app, readers, telemetry
        self._every_seconds = every_seconds

    def of(self, scope: Scope) -> None:
        """List the scope, if it is time. What the cloud refuses is only logged: the next time comes soon."""
        try:
            types = self._app.provider(scope.provider_type).listable()
            if not types or not self._app.index.may_list(scope, self._every_seconds):
                return
            for type in types:
                self._list(scope, type)
        except (ProviderFailure, UnknownProvider, CredentialUnknown) as failed:
            log.warning("account not listed", account=scope.account, location=scope.location, reason=str(failed))

    def _list(self, scope: Scope, type: str) -> None:
        provider = self._app.provider(scope.provider_type)
        there = provider.list_ids(self._readers.session(scope, frozenset({type})), type)
        # Afterwards: what was deployed meanwhile is known by now, or is nobody's for a minute.
        strays = sorted(set(there) - self._app.index.managed(scope))
        native_type = provider.native_type(type)
        shard = f"{scope.provider_type}:{scope.account}:{scope.location}:{native_type}"
        after = ""
        for part, last in _parts(strays):
            targets = [Target(id, type, id) for id in part]
            value = {
                "shard": shard, "provider_type": scope.provider_type, "account": scope.account, "location": scope.location,
                "type": type, "native_type": native_type, "after": after, "upto": None if last else part[-1],
                "listed_at": self._app.clock.now(),
                "resources": [_told(seen) for seen in self._readers.observe(scope, targets)],
            }  # fmt: skip
            self._telemetry.try_send("mcal.listings", shard, "UnmanagedListed", value)
            after = part[-1] if part else ""


def _told(seen: Observed) -> dict[str, Any]:
    tags = seen.properties.get("tags") or {}
    return {"physical_id": seen.physical_id, "tags": {str(k): str(v) for k, v in tags.items()}}


def _parts(strays: Sequence[str]) -> Iterator[tuple[Sequence[str], bool]]:
    """At least one, and the last is marked: that there is nothing is news too."""
    for at in range(0, max(len(strays), 1), _PART):
        yield strays[at : at + _PART], at + _PART >= len(strays)
