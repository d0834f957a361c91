"""Reading live resources: for scans by shard, and for whoever asks."""

import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from deployforge_chassis import canonical, packed
from deployforge_chassis.effects import Work as EffectWork
from deployforge_chassis.facts import Effects
from pydantic import TypeAdapter

from deployforge_mcal.application.mcal import SYSTEM, Mcal
from deployforge_mcal.application.messages import DesiredState, ScanRequested
from deployforge_mcal.application.pacing import TakesTurns
from deployforge_mcal.application.ports import ProviderFailure, Session, UnknownProvider
from deployforge_mcal.application.stores import CredentialUnknown, Telemetry
from deployforge_mcal.domain.operation import IssuedCredential
from deployforge_mcal.domain.units import Observed, Presence, Scope, Target

_SCAN: Final = TypeAdapter(ScanRequested)
_BATCH: Final = 500
#: As the schema of ObservationBatch numbers them.
_PRESENCES: Final = {Presence.PRESENT: 1, Presence.MISSING: 2}
#: A reading credential is used this long, though it lives longer, so that none expires in the middle of a scan.
_FRESH: Final = timedelta(minutes=5)


class Readers:
    """Read-only credentials, one per scope and set of types, renewed in time. Threads may share it. Those of scans wait for
    their turns; the others read for deployments, which go first."""

    def __init__(self, app: Mcal, *, scanning: bool = False) -> None:
        self._app, self._scanning = app, scanning
        self._sessions: dict[tuple[Scope, frozenset[str]], Session] = {}
        self._lock = threading.Lock()

    def observe(self, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """One answer per target, in order; what cannot be read is NOT_CHECKED with the reason. Never raises what
        the cloud says."""
        types = frozenset(t.type for t in targets)
        try:
            session = self.session(scope, types)
        except ProviderFailure as failed:
            return [Observed(t.urn, Presence.NOT_CHECKED, t.physical_id, reason=str(failed)) for t in targets]
        except (UnknownProvider, CredentialUnknown) as unknown:
            return [Observed(t.urn, Presence.NOT_CHECKED, t.physical_id, reason=str(unknown)) for t in targets]
        seen = self._app.secrets.observed(self._app.provider(scope.provider_type).observe(session, scope, targets))
        if any(o.reason.startswith("CREDENTIAL_") for o in seen):
            with self._lock:
                self._sessions.pop((scope, types), None)
        return seen

    def session(self, scope: Scope, types: frozenset[str]) -> Session:
        """A credential that reads these types. Raises ProviderFailure, UnknownProvider, CredentialUnknown."""
        now = self._app.clock.now()
        with self._lock:
            session = self._sessions.get((scope, types))
            if session is not None and session.grant.expires_at - now > _FRESH:
                return session
            provider = self._app.provider(scope.provider_type)
            session = provider.open_reader(self._app.vault.get(scope.credential_ref), scope, sorted(types))
            issued = IssuedCredential(deployment_id=SYSTEM, namespace="", name="", operation_id="read", grant=session.grant)
            self._app.commit(Effects((issued,)))
            if self._scanning and isinstance(provider, TakesTurns):
                session = provider.waiting(session)
            self._sessions[scope, types] = session
            return session


@dataclass(frozen=True)
class _Seen:
    """What a scan says about one resource."""

    resource: DesiredState
    presence: Presence
    physical_id: str
    generation: int
    body: bytes
    """Canonical JSON of its properties; empty unless it is present."""
    reason: str

    @property
    def plain(self) -> bool:
        """Columns say all of it."""
        known = self.physical_id in ("", self.resource.physical_id)
        return known and not self.reason and self.presence is not Presence.NOT_CHECKED


class Scans:
    """Does scans, one call of `work` each. Doing one again says the same again, which changes nothing."""

    def __init__(
        self, app: Mcal, readers: Readers, telemetry: Telemetry, scanned: Callable[[Scope], None] = lambda scope: None
    ) -> None:
        self._app, self._readers, self._telemetry, self._scanned = app, readers, telemetry, scanned

    def work(self, effect: EffectWork) -> Effects:
        """See EffectWorkers."""
        scan = _SCAN.validate_python(effect.payload)
        resources = self._app.index.of_shard(scan.shard, scan.urns)
        seen = self._look(resources)
        batches = [seen[i : i + _BATCH] for i in range(0, len(seen), _BATCH)] or [[]]
        for number, batch in enumerate(batches):
            value = {
                "scan_id": scan.scan_id, "shard": scan.shard, "sequence": scan.sequence, "batch": number,
                "last": number == len(batches) - 1, "observed_at": self._app.clock.now(),
                "observations": [_in_words(one) for one in batch if not one.plain],
                **_in_columns([one for one in batch if one.plain]),
            }  # fmt: skip
            self._telemetry.try_send("mcal.observations", scan.shard, "ObservationBatch", value)
        for scope in {Scope(r.provider_type, r.account, r.location, r.credential_ref) for r in resources}:
            self._scanned(scope)
        return Effects(writes=(self._app.index.forget_scans(),))

    def _look(self, resources: Sequence[DesiredState]) -> list[_Seen]:
        by_scope: dict[Scope, list[DesiredState]] = defaultdict(list)
        for r in resources:
            by_scope[Scope(r.provider_type, r.account, r.location, r.credential_ref)].append(r)
        units = {(r.deployment_id, r.unit_id) for r in resources}
        before = self._app.index.generations(units)
        seen: dict[str, Observed] = {}
        for scope, some in by_scope.items():
            targets = [Target(r.urn, r.type, r.physical_id) for r in some]
            seen.update((o.urn, o) for o in self._readers.observe(scope, targets))
        after = self._app.index.generations(units)
        return [_judged(r, seen[r.urn], before, after) for r in resources]


def _judged(
    r: DesiredState, seen: Observed, before: dict[tuple[str, str], int], after: dict[tuple[str, str], int]
) -> _Seen:
    unit = (r.deployment_id, r.unit_id)
    # Odd: an operation is at work; unequal: one was while we read. Either way this is nobody's drift.
    if before[unit] != after[unit] or after[unit] % 2:
        return _Seen(r, Presence.NOT_CHECKED, seen.physical_id, after[unit], b"", "unit is being changed")
    body = canonical.dumps(dict(seen.properties)).encode() if seen.presence is Presence.PRESENT else b""
    return _Seen(r, seen.presence, seen.physical_id, after[unit], body, seen.reason)


def _in_words(one: _Seen) -> dict[str, Any]:
    return {
        "urn": one.resource.urn, "deployment_id": one.resource.deployment_id, "presence": one.presence.value,
        "physical_id": one.physical_id, "digest": canonical.digest(one.body), "generation": one.generation,
        "properties_json": one.body.decode(), "reason": one.reason or None,
    }  # fmt: skip


def _in_columns(some: Sequence[_Seen]) -> dict[str, bytes]:
    bodies = [one.body for one in some]
    return {
        "ids": b"".join(packed.key(one.resource.deployment_id, one.resource.urn) for one in some),
        "presences": bytes(_PRESENCES[one.presence] for one in some),
        "generations": packed.numbers(one.generation for one in some),
        "digests": b"".join(map(packed.digest, bodies)),
        "ends": packed.ends(bodies),
        "bodies": b"".join(bodies),
    }
