"""Commands on requests: one method each. A command and its audit record are saved together or not at all."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID, uuid4

from deployforge_chassis import canonical, causality
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.causality import Causality
from deployforge_chassis.clock import Clock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectQueue
from deployforge_chassis.eventstore import EventSourcedApplication, VersionConflict
from deployforge_chassis.facts import Effects, Write
from deployforge_chassis.sealing import Sealer
from deployforge_documents.problems import nearest
from eventsourcing.application import AggregateNotFoundError

from deployforge_control_plane.application.judging import Judge
from deployforge_control_plane.application.ports import (
    AuditLog,
    DeployedStore,
    Requests,
    Says,
    Timeline,
    Whereabouts,
)
from deployforge_control_plane.application.telling import own_entries
from deployforge_control_plane.application.views import AuditRecord, RequestView, view
from deployforge_control_plane.domain.manifest.manifest import Manifest, Places
from deployforge_control_plane.domain.refusals import BadRequest, DeploymentNotFound, RequestIdTaken, RequestNotFound
from deployforge_control_plane.domain.request import Request
from deployforge_control_plane.domain.shredding import DeploymentShredded, Shredding
from deployforge_control_plane.domain.values import Action, Origin, Wish, deployment_id

_TRIES: Final = 8
"""How often a command decides anew when others change the same request meanwhile."""


@dataclass(frozen=True)
class Stores:
    """What is kept beside the events, in the same database."""

    requests: Requests
    timeline: Timeline
    deployed: DeployedStore
    whereabouts: Whereabouts
    audit: AuditLog


class ControlPlane(EventSourcedApplication):
    """Decides who may have a deployment changed, and keeps the account of it."""

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        stores: Stores,
        says: Says,
        clock: Clock,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        super().__init__(database, sealer, name="control-plane")
        self.stores, self.says, self.clock, self.new_id = stores, says, clock, new_id
        self.bodies = Bodies(database, sealer)
        self.queue = EffectQueue(self, sealer)
        self.judge = Judge(self.bodies, stores.deployed, self.queue, new_id)

    # --- commands ---------------------------------------------------------------------------------------------

    def submit_manifest(self, request_id: UUID, manifest: Manifest, wish: Wish, record: AuditRecord) -> RequestView:
        """Accept a manifest. Repeating it with the same request id returns the first answer."""
        if unknown := [target for target in wish.targets if target not in manifest.resources]:
            hint = nearest(unknown[0], manifest.resources)
            raise BadRequest(f"target {unknown[0]!r} is no resource of the manifest" + (f"; {hint}" if hint else ""))
        self._refuse_shredded(manifest.namespace, manifest.name)
        owner = deployment_id(manifest.namespace, manifest.name)
        # Where things stand in the text, so that problems which a cloud's schema finds later can say so too.
        bodies = [canonical.dumps(part).encode() for part in (manifest.canonical, manifest.places)]
        digest, places_digest = map(canonical.digest, bodies)
        wish = replace(wish, manifest_digest=digest, places_digest=places_digest)

        def sealed() -> Sequence[Write]:
            return [self.bodies.put(owner, body)[1] for body in bodies]

        return self._begin(request_id, manifest.namespace, manifest.name, wish, record, sealed)

    def submit(self, request_id: UUID, namespace: str, name: str, wish: Wish, record: AuditRecord) -> RequestView:
        """Accept a destruction, or a return to an earlier version, of what is deployed."""
        if self.stores.deployed.get(deployment_id(namespace, name)) is None:
            raise DeploymentNotFound(namespace, name)
        if wish.action is Action.ROLLBACK and not wish.to_version:
            raise BadRequest("a rollback needs the version to go back to")
        return self._begin(request_id, namespace, name, wish, record)

    def propose(self, request_id: UUID, namespace: str, name: str, wish: Wish, record: AuditRecord) -> RequestView:
        """Accept a remedy that the healer proposes; it is planned and judged like any other wish."""
        if wish.action is not Action.HEAL or wish.origin is not Origin.HEALER or not wish.remedy or not wish.urns:
            raise BadRequest("a proposal names a remedy and the resources to mend")
        return self._begin(request_id, namespace, name, wish, record)

    def execute(self, request_id: UUID, plan_digest: str, by: str, record: AuditRecord) -> RequestView:
        """Let the plan of a plan-only request be judged and executed."""

        def command(request: Request) -> Sequence[Write]:
            now = self.clock.now()
            request.execute(plan_digest, by, now)
            return self.judge.judge(request, now)

        return self._change(request_id, command, record)

    def approve(self, request_id: UUID, digest: str, by: str, comment: str, record: AuditRecord) -> RequestView:
        """Count one person's approval of exactly this plan."""
        nonce = str(self.new_id())
        return self._change(
            request_id, lambda request: request.approve(by, digest, comment, nonce, self.clock.now()), record
        )

    def reject(self, request_id: UUID, by: str, reason: str, record: AuditRecord) -> RequestView:
        """Refuse the plan for good."""
        return self._change(request_id, lambda request: request.reject(by, reason, self.clock.now()), record)

    def cancel(self, request_id: UUID, by: str, reason: str, record: AuditRecord) -> RequestView:
        """Start no new step of it."""
        return self._change(request_id, lambda request: request.cancel(by, reason, self.clock.now()), record)

    # --- reading ----------------------------------------------------------------------------------------------

    def request(self, request_id: UUID) -> Request | None:
        """The aggregate, or None."""
        try:
            found: Request = self.repository.get(request_id)
        except AggregateNotFoundError:
            return None
        return found

    def find(self, request_id: UUID) -> RequestView:
        """The view of a request. Raises RequestNotFound."""
        found = self.stores.requests.find(request_id)
        if found is None:
            raise RequestNotFound(str(request_id))
        return found

    def manifest(self, request_id: UUID) -> tuple[str, bytes]:
        """Digest and canonical text of a request's manifest. Raises RequestNotFound, BadRequest."""
        digest = self.find(request_id).wish.manifest_digest
        if digest is None:
            raise BadRequest(f"request {request_id} has no manifest")
        return digest, self.bodies.get(digest)

    def shredding(self, of: UUID) -> Shredding | None:
        """The wish to shred a deployment, or None."""
        try:
            found: Shredding = self.repository.get(Shredding.create_id(of))
        except AggregateNotFoundError:
            return None
        return found

    def places(self, request: Request) -> Places:
        """Where in the submitted text the properties of resources stand."""
        if request.wish.places_digest is None:
            return {}
        found: Places = json.loads(self.bodies.get(request.wish.places_digest))
        return found

    # --- how anything is saved --------------------------------------------------------------------------------

    def effects(self, request: Request, writes: Sequence[Write] = ()) -> Effects:
        """Everything that goes with a request's new events: its view, its part of the timeline, where its plan is."""
        if not request.pending_events:
            return Effects(writes=writes)
        entries = [self.stores.timeline.append(entry) for entry in own_entries(request, self.says)]
        ids = [request.plan.plan_id] if request.plan else []
        ids += [request.execution_id] if request.execution_id else []
        whereabouts = [self.stores.whereabouts.put(id, request.namespace) for id in ids]
        return Effects((request,), (self.stores.requests.put(request), *entries, *whereabouts, *writes))

    def audited(self, record: AuditRecord) -> Sequence[Write]:
        """What records a command in the transaction of its effect."""
        return (self._audited(record),)

    def note(self, record: AuditRecord) -> None:
        """Record what changed nothing here: a denial, a refusal, or a command that goes on to another service."""
        self.commit(Effects(writes=(self._audited(record),)))

    def _begin(
        self,
        request_id: UUID,
        namespace: str,
        name: str,
        wish: Wish,
        record: AuditRecord,
        bodies: Callable[[], Sequence[Write]] = tuple,
    ) -> RequestView:
        record = replace(record, namespace=namespace, name=name, request_id=str(request_id))
        self._refuse_shredded(namespace, name)
        for attempt in range(1, _TRIES + 1):
            if (earlier := self.request(request_id)) is not None:
                if (earlier.namespace, earlier.name, earlier.wish) != (namespace, name, wish):
                    raise RequestIdTaken(str(request_id))
                self.note(replace(record, detail="repeated"))
                return view(earlier)
            request = Request(
                request_id=request_id,
                deployment_id=deployment_id(namespace, name),
                namespace=namespace,
                name=name,
                wish=wish,
                at=self.clock.now(),
            )
            effects = self.effects(request, (*bodies(), self._audited(record)))
            try:
                with self._caused_by(request, record.actor):
                    self.commit(effects)
            except VersionConflict:
                # The same request came twice at once, and now it is there; or keys were replaced, and all is sealed anew.
                if attempt == _TRIES:
                    raise
                continue
            return view(request)
        raise AssertionError("every attempt returns or raises")

    def _change(
        self, request_id: UUID, command: Callable[[Request], Sequence[Write] | None], record: AuditRecord
    ) -> RequestView:
        for attempt in range(1, _TRIES + 1):
            request = self.request(request_id)
            if request is None:
                raise RequestNotFound(str(request_id))
            self._refuse_shredded(request.namespace, request.name)
            about = replace(record, namespace=request.namespace, name=request.name, request_id=str(request_id))
            with self._caused_by(request, record.actor):
                writes = command(request) or ()
                try:
                    self.commit(self.effects(request, (*writes, self._audited(about))))
                except VersionConflict:
                    if attempt == _TRIES:
                        raise
                    continue
            return view(request)
        raise RequestNotFound(str(request_id))

    def _refuse_shredded(self, namespace: str, name: str) -> None:
        if (wish := self.shredding(deployment_id(namespace, name))) is not None:
            raise DeploymentShredded(namespace, name, wish.by, wish.at)

    def _audited(self, record: AuditRecord) -> Write:
        return self.stores.audit.append(replace(record, at=self.clock.now()))

    def _caused_by(self, request: Request, actor: str) -> Any:
        call = causality.current()
        return causality.bound(Causality(str(request.id), str(request.id), call.traceparent if call else "", actor))
