"""One change of a deployment of Deployment Manager's: begun, watched, found again after a crash.

Deployment Manager compares a configuration with the one before, and never with what is there. It deletes what a
configuration no longer has, or abandons it, as one call says of all. What is there already it takes over without a word,
so that whether something is taken is looked at here.
"""

import json
from collections.abc import Collection, Mapping
from typing import Any, Final

import yaml

from deployforge_mcal.adapters.bodies import Body
from deployforge_mcal.adapters.gcp import planning
from deployforge_mcal.adapters.gcp.errors import GoogleError, is_missing, meaning
from deployforge_mcal.adapters.gcp.legacy import config
from deployforge_mcal.adapters.gcp.legacy.client import client
from deployforge_mcal.adapters.gcp.legacy.writing import put_right
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.rollout import OPERATION_LABEL, Previewed, Rollout, until
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.operation import Failure

_HOST: Final = "deploymentmanager.googleapis.com"
_READS: Final = ("get", "list")
#: What Deployment Manager intends, as Infrastructure Manager says it.
_INTENTS: Final = {
    "CREATE": "CREATE", "CREATE_OR_ACQUIRE": "CREATE", "ACQUIRE": "UPDATE", "UPDATE": "UPDATE", "DELETE": "DELETE",
    "ABANDON": "DELETE",
}  # fmt: skip


class LegacyRollout(Rollout):
    """See Rollout. The notes are where those of Infrastructure Manager are, in the bucket."""

    def __init__(self, session: GcpSession, unit_name: str, token: str, tick: Tick, step: str = "") -> None:
        super().__init__(session, unit_name, token, tick, step)
        self.name = self.id
        self._begun = ""

    # --- what is there --------------------------------------------------------------------------------

    def found(self) -> Body | None:
        """See Rollout."""
        try:
            seen = dict(self.ask("deployments", "get", deployment=self.id))
        except GoogleError as error:
            if is_missing(error):
                return None
            raise
        return {**seen, "labels": {str(one["key"]): one.get("value") for one in seen.get("labels") or ()}}

    def listed(self, collection: str = "resources") -> list[Body]:
        """Resources, or manifests, of the deployment."""
        found: list[Body] = []
        token: str | None = ""
        while token is not None:
            more = {"pageToken": token} if token else {}
            page = self.ask(collection, "list", deployment=self.id, **more)
            found += page.get(collection) or ()
            token = page.get("nextPageToken") or None
        return found

    # --- changing -------------------------------------------------------------------------------------

    def begin(self, plan: Plan, note: Mapping[str, Any], **how: Any) -> None:
        """See Rollout: of `how`, what is imported may be there already; nothing else is touched that has not changed."""
        there = self.found()
        gone = self._looked_at(plan, how.get("imports") or {}, there)
        if gone and _is_whole(note):
            self.abandon(gone)
            there = self.found()
        self._session.upload(f"{self._folder}/note.json", json.dumps(note).encode())
        self.put(config.configuration(plan), there, operation=self._operation)

    def put(
        self, content: str, there: Body | None, *, operation: str, delete: str = "DELETE", preview: bool = False
    ) -> None:
        """Have the deployment be a configuration."""
        labels = {planning.UNIT_LABEL: planning.label(self._unit), OPERATION_LABEL: operation}
        body: Body = {
            "name": self.id, "target": {"config": {"content": content}},
            "labels": [{"key": key, "value": value} for key, value in labels.items()],
        }  # fmt: skip
        if there is None:
            self._started(self.ask("deployments", "insert", body=body, preview=preview))
            return
        body["fingerprint"] = there["fingerprint"]
        asked = {"deployment": self.id, "body": body, "deletePolicy": delete, "preview": preview}
        self._started(self.ask("deployments", "update", **asked))

    def wait(self, plan: Plan) -> Failure | None:
        """See Rollout."""
        if not self._begun:
            self._begun = str(((self.found() or {}).get("operation") or {}).get("name") or "")
        failure = self.over(plan)
        if failure is None and _is_whole(self.note() or {}):
            # What has drifted, and what was there already and was taken over as it was.
            for piece in plan.pieces:
                put_right(self._session, piece)
        return failure

    def over(self, plan: Plan | None) -> Failure | None:
        """Until what was begun is done; why it failed, if it did."""
        named = {} if plan is None else {config.resource_name(p.address): p.urn for p in plan.pieces}
        told: dict[str, str] = {}

        def done() -> Body | None:
            found = dict(self.ask("operations", "get", operation=self._begun))
            self._told(named, told)
            return found if found["status"] == "DONE" else None

        errors = ((until(done, f"{self._begun} of {self.id}").get("error")) or {}).get("errors") or ()
        return next((_failure(error, named) for error in errors), None)

    def remove(self, plan: Plan | None) -> Failure | None:
        """See Rollout."""
        return self.end("DELETE", plan)

    def end(self, policy: str, plan: Plan | None = None) -> Failure | None:
        """Forget the deployment, and delete or abandon what is in it. One that is not there is a success."""
        try:
            self._started(self.ask("deployments", "delete", deployment=self.id, deletePolicy=policy))
        except GoogleError as error:
            if not is_missing(error):
                raise
            return None
        return self.over(plan)

    def abandon(self, addresses: Collection[str]) -> None:
        """Have the deployment be what is in it without some resources."""
        gone = {config.resource_name(address) for address in addresses}
        there, mine = self.found(), self.listed()
        if there is None or not gone & {str(one["name"]) for one in mine}:
            return
        entries = [
            {"name": one["name"], "type": one["type"], "properties": yaml.safe_load(str(one.get("properties") or "{}"))}
            for one in mine
            if one["name"] not in gone
        ]
        before = str(there["labels"].get(OPERATION_LABEL) or "")
        self.put(config.document(entries), there, operation=before, delete="ABANDON")
        if (failure := self.over(None)) is not None:
            raise ProviderFailure(failure)

    def previewed(self, plan: Plan, earlier: Plan | None) -> Previewed:
        """What Deployment Manager would do, in Infrastructure Manager's words; afterwards all is as it was."""
        there = self.found()
        try:
            self.put(config.configuration(plan), there, operation=self._operation, preview=True)
            if (failure := self.over(plan)) is not None:
                raise ProviderFailure(failure)
            pieces = (*(earlier.pieces if earlier is not None else ()), *plan.pieces)
            addresses = {config.resource_name(p.address): p.address for p in pieces}
            return Previewed([_change(one, addresses) for one in self.listed() if one.get("update")], ())
        finally:
            self._unpreviewed(new=there is None)

    def _unpreviewed(self, *, new: bool) -> None:
        if new:
            self.end("ABANDON")
        elif (there := self.found()) is not None and there.get("update"):
            body = {"fingerprint": there["fingerprint"]}
            self._started(self.ask("deployments", "cancelPreview", deployment=self.id, body=body))
            self.over(None)

    # --- calls ----------------------------------------------------------------------------------------

    def ask(self, collection: str, method: str, **request: Any) -> Any:
        """One call. Raises GoogleError, ProviderFailure, or what requests raises."""
        session = self._session
        call = session.client(_HOST, client)
        asked = {"project": session.place.project, **request}
        return session.attempt(_HOST, lambda: call(collection, method, asked), changes=method not in _READS)

    def _started(self, operation: Body) -> None:
        self._begun = str(operation["name"])

    def _told(self, named: Mapping[str, str], told: dict[str, str]) -> None:
        try:
            listed = self.listed()
        except GoogleError:
            return  # The deployment may be gone by now; its operation says how it ends.
        for one in listed:
            name, state = str(one["name"]), str((one.get("update") or {}).get("state") or "DONE")
            if told.get(name) != state:
                told[name] = state
                self._tick(named.get(name), state, None)

    def _looked_at(self, plan: Plan, imports: Mapping[str, str], there: Body | None) -> list[str]:
        """Addresses of what the deployment believes to be there and is not. Raises ProviderFailure for what is there and is
        somebody else's."""
        mine = {str(one["name"]) for one in self.listed()} if there is not None else set()
        seen = self._session.each([p.full for p in plan.pieces], self._session.get)
        for piece in plan.pieces:
            known = config.resource_name(piece.address) in mine or piece.address in imports
            if not known and isinstance(seen[piece.full], Mapping):
                said = f"{piece.full} exists already"
                raise ProviderFailure(meaning(409, said, piece.urn, restored=True))
        return [p.address for p in plan.pieces if config.resource_name(p.address) in mine and seen[p.full] is None]


def _is_whole(note: Mapping[str, Any]) -> bool:
    """Whether a unit is made what it shall be, or put back, and not one of its resources alone."""
    return "imports" in note or bool(note.get("back"))


def _change(resource: Body, addresses: Mapping[str, str]) -> Body:
    name = str(resource["name"])
    info = {"address": addresses.get(name, name)}
    return {"terraform_info": info, "intent": _INTENTS.get(str(resource["update"].get("intent")), "UNCHANGED")}


def _failure(error: Body, named: Mapping[str, str]) -> Failure:
    """Of one error of an operation. That of a resource's service stands in its message, as JSON."""
    said, urn = str(error.get("message") or error.get("code")), named.get(str(error.get("location")).rpartition("/")[2])
    try:
        inner = json.loads(said)
        status, told = int(inner["ResourceErrorCode"]), inner["ResourceErrorMessage"]
    except (ValueError, KeyError, TypeError):
        hint = "correct what it says, and run it again"
        return Failure(str(error.get("code") or "FAILED"), said, hint, urn)
    if not isinstance(told, Mapping):
        return meaning(status, str(told), urn)
    reason = next((str(d["reason"]) for d in told.get("details") or () if d.get("reason")), "")
    return meaning(status, str(told.get("message") or said), urn, word=str(told.get("status") or ""), reason=reason)
