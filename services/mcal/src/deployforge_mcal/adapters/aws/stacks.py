"""One CloudFormation stack: changed by change sets, followed by its events, resumed by reading them.

Everything that a crash may interrupt is found again by the operation's token: the change set has its name, and every
event of the stack carries it as client request token.
"""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_mcal.adapters.aws.errors import code_of, is_missing
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.application.ports import ProviderFailure, Tick
from deployforge_mcal.domain.operation import Failure

_STACK_TYPE: Final = "AWS::CloudFormation::Stack"
_CAPABILITIES: Final = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_NOTHING: Final = ("didn't contain changes", "No updates are to be performed")
#: A first deployment that ended like this left a shell that only deletion gets rid of.
_SHELLS: Final = frozenset({"ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED"})
_DEADLINE_SECONDS: Final = 1800.0
_FIRST_PAUSE_SECONDS: Final = 0.05
_LONGEST_PAUSE_SECONDS: Final = 2.0


@dataclass(frozen=True)
class Settled:
    """A stack after a change."""

    status: str
    """The stack's; empty when it does not exist."""
    failure: Failure | None = None
    changes: Mapping[str, str] = field(default_factory=dict)
    """logical id → add, modify, replace, remove, import."""


class Stack:
    """A stack by name, in the region of the session. `urn_of` names the resources in ticks and failures."""

    def __init__(self, session: AwsSession, name: str, tick: Tick, urn_of: Mapping[str, str]) -> None:
        self._session = session
        self.name = name
        self._tick = tick
        self._urn_of = urn_of

    def naming(self, urn_of: Mapping[str, str]) -> "Stack":
        """The same stack with other names for its resources."""
        return Stack(self._session, self.name, self._tick, urn_of)

    # --- reading --------------------------------------------------------------------------------------

    def describe(self, name_or_id: str = "") -> dict[str, Any] | None:
        """The stack, or None when it does not exist."""
        try:
            found = self._call("describe_stacks", StackName=name_or_id or self.name)["Stacks"]
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return dict(found[0]) if found else None

    def template(self) -> dict[str, Any]:
        """The template that the stack has now."""
        body = self._call("get_template", StackName=self.name)["TemplateBody"]
        if isinstance(body, str):
            body = json.loads(body)
        return dict(body)

    def resources(self) -> dict[str, tuple[str, str]]:
        """logical id → (physical id, type) of what the stack holds."""
        found = self._session.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.name)  # noqa: E501
        return {
            r["LogicalResourceId"]: (r.get("PhysicalResourceId", ""), r["ResourceType"])
            for r in found
            if r["ResourceStatus"] != "DELETE_COMPLETE" and r.get("PhysicalResourceId")
        }

    def events(self, token: str, stack: str = "") -> list[dict[str, Any]]:
        """The events of one operation, oldest first."""
        found = self._session.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack or self.name)  # noqa: E501
        return [e for e in reversed(found) if e.get("ClientRequestToken") == token]

    def ended_with(self, token: str) -> list[dict[str, Any]]:
        """The events of an operation whose stack has been deleted since."""
        for gone in self._session.pages(
            "cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"]
        ):
            if gone["StackName"] == self.name and (events := self.events(token, gone["StackId"])):
                return events
        return []

    # --- changing -------------------------------------------------------------------------------------

    def deploy(
        self,
        token: str,
        template_body: str,
        parameters: Sequence[Mapping[str, Any]],
        tags: Sequence[Mapping[str, str]],
        *,
        resumed: bool = False,
        imports: Sequence[Mapping[str, Any]] = (),
    ) -> Settled:
        """Make the stack what the template says; with the same token again, say what became of it."""
        stack = self.describe()
        if stack is not None and (events := self.events(token)):
            return self._follow(token, stack["StackId"], seen=len(events))
        if stack is None and resumed and (events := self.ended_with(token)):
            return Settled("", self._first_failure(events, events[0]["StackId"]), {})
        stack = self._cleared(stack)
        fresh = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        kind = "IMPORT" if imports else "CREATE" if fresh else "UPDATE"
        name = _change_set_name(token)
        arguments: dict[str, Any] = {"ResourcesToImport": list(imports)} if imports else {}
        try:
            self._call(
                "create_change_set", StackName=self.name, ChangeSetName=name, ChangeSetType=kind, TemplateBody=template_body,
                Parameters=list(parameters), Tags=list(tags), Capabilities=_CAPABILITIES, ClientToken=token, **arguments,
            )  # fmt: skip
        except Exception as error:
            if code_of(error) != "AlreadyExistsException":
                raise
        made = self._created(name)
        if made["Status"] == "FAILED":
            reason = made.get("StatusReason", "")
            self._call("delete_change_set", StackName=self.name, ChangeSetName=name)
            if any(words in reason for words in _NOTHING):
                return Settled("" if stack is None else stack["StackStatus"])
            if fresh:
                self.delete(f"{token}-clear")
            return Settled("", Failure("INVALID", reason, "the cloud refuses the template", restored=True))
        try:
            self._call("execute_change_set", StackName=self.name, ChangeSetName=name, ClientRequestToken=token)
        except Exception as error:
            # A repeated call whose first answer was lost.
            if code_of(error) not in ("InvalidChangeSetStatus", "InvalidChangeSetStatusException"):
                raise
        return self._follow(token, made["StackId"])

    def preview(self, token: str, template_body: str, parameters: Any, tags: Any) -> dict[str, str]:
        """logical id → action, by a change set that is thrown away."""
        stack = self.describe()
        fresh = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        name = _change_set_name(f"preview-{token}")
        self._call(
            "create_change_set", StackName=self.name, ChangeSetName=name, TemplateBody=template_body,
            ChangeSetType="CREATE" if fresh else "UPDATE", Parameters=list(parameters), Tags=list(tags),
            Capabilities=_CAPABILITIES,
        )  # fmt: skip
        made = self._created(name)
        self._call("delete_change_set", StackName=self.name, ChangeSetName=name)
        if fresh:
            self.delete(f"{token}-clear")
        return _actions(made.get("Changes", ()))

    def delete(self, token: str) -> Failure | None:
        """Delete the stack and wait; None when it is gone."""
        stack = self.describe()
        if stack is None:
            return None
        if stack["StackStatus"] != "DELETE_IN_PROGRESS":
            self._call("delete_stack", StackName=stack["StackId"], ClientRequestToken=token)
        seen = 0

        def gone() -> str | None:
            nonlocal seen
            now = self.describe(stack["StackId"])
            if now is None or now["StackStatus"] == "DELETE_COMPLETE":
                return "DELETE_COMPLETE"
            seen = self._say(token, stack["StackId"], seen)
            return now["StackStatus"] if now["StackStatus"] == "DELETE_FAILED" else None

        if self._until(gone) == "DELETE_COMPLETE":
            return None
        return self._first_failure(self.events(token, stack["StackId"]), stack["StackId"]) or Failure("STACK_FAILED", "DELETE_FAILED")

    def _cleared(self, stack: dict[str, Any] | None) -> dict[str, Any] | None:
        """Wait for whoever else is at work, and remove the shell of a failed first deployment."""
        if stack is not None and stack["StackStatus"].endswith("_IN_PROGRESS") and stack["StackStatus"] != "REVIEW_IN_PROGRESS":
            self._until(lambda: (now := self.describe()) is None or _settled(now["StackStatus"]))
            stack = self.describe()
        if stack is not None and stack["StackStatus"] == "UPDATE_ROLLBACK_FAILED":
            self._call("continue_update_rollback", StackName=self.name)
            self._until(lambda: (now := self.describe()) is None or _settled(now["StackStatus"]))
            stack = self.describe()
        if stack is not None and stack["StackStatus"] in _SHELLS:
            failure = self.delete("clear-" + stack["StackId"].rpartition("/")[2])
            if failure is not None:
                raise ProviderFailure(failure)
            return None
        return stack

    def _created(self, name: str) -> dict[str, Any]:
        def ready() -> dict[str, Any] | None:
            made = self._call("describe_change_set", StackName=self.name, ChangeSetName=name)
            return dict(made) if made["Status"] not in ("CREATE_PENDING", "CREATE_IN_PROGRESS") else None

        return self._until(ready)

    def _follow(self, token: str, stack_id: str, seen: int = 0) -> Settled:
        """Pass events on until the stack has settled."""

        def over() -> dict[str, Any] | None:
            nonlocal seen
            now = self.describe(stack_id) or {"StackStatus": "DELETE_COMPLETE"}
            seen = self._say(token, stack_id, seen)
            return now if _settled(now["StackStatus"]) and self._concluded(token, stack_id) else None

        status = self._until(over)["StackStatus"]
        events = self.events(token, stack_id)
        failed = "ROLLBACK" in status or status.endswith("_FAILED") or status == "DELETE_COMPLETE"
        failure = (self._first_failure(events, stack_id) or Failure("STACK_FAILED", status)) if failed else None
        return Settled(status, failure, self._changes(token, events))

    def _concluded(self, token: str, stack_id: str) -> bool:
        """The stack's status turns before or after its last event; only with the event is it the end."""
        return any(
            e["ResourceType"] == _STACK_TYPE and _settled(e["ResourceStatus"]) for e in self.events(token, stack_id)
        )

    def _changes(self, token: str, events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        name = _change_set_name(token)
        found = self._session.or_none("cloudformation", "describe_change_set", StackName=self.name, ChangeSetName=name)
        if found is not None:
            return _actions(found.get("Changes", ()))
        words = {"CREATE_COMPLETE": "add", "UPDATE_COMPLETE": "modify", "DELETE_COMPLETE": "remove"}
        return {
            e["LogicalResourceId"]: words[e["ResourceStatus"]]
            for e in events
            if e["ResourceType"] != _STACK_TYPE and e["ResourceStatus"] in words
        }

    def _say(self, token: str, stack_id: str, seen: int) -> int:
        events = self.events(token, stack_id)
        for e in events[seen:]:
            urn = self._urn_of.get(e["LogicalResourceId"])
            if urn is not None or e["ResourceType"] == _STACK_TYPE:
                self._tick(urn, e["ResourceStatus"], e.get("ResourceStatusReason") or None)
        return len(events)

    def _first_failure(self, events: Sequence[Mapping[str, Any]], stack_id: str) -> Failure | None:
        """The first resource that failed is the cause; the others were merely cancelled."""
        for e in events:
            if e["ResourceStatus"].endswith("_FAILED") and e["ResourceType"] != _STACK_TYPE:
                reason = e.get("ResourceStatusReason") or e["ResourceStatus"]
                return Failure("RESOURCE_FAILED", reason, None, self._urn_of.get(e["LogicalResourceId"]))
        for e in events:
            if "ROLLBACK" in e["ResourceStatus"] or e["ResourceStatus"].endswith("_FAILED"):
                if "DescribeEvents" in e.get("ResourceStatusReason", ""):
                    return self._refused_beforehand(stack_id) or Failure("STACK_FAILED", e["ResourceStatusReason"])
                return Failure("STACK_FAILED", e.get("ResourceStatusReason") or e["ResourceStatus"])
        return None

    def _refused_beforehand(self, stack_id: str) -> Failure | None:
        """CloudFormation checks names and properties before it begins, and tells the result in another list."""
        found = self._session.pages("cloudformation", "describe_events", "OperationEvents", StackName=stack_id)
        for e in found:
            if e.get("EventType") == "VALIDATION_ERROR" and e.get("ValidationFailureMode") == "FAIL":
                hint = "choose another name, or import it" if "already exists" in e["ValidationStatusReason"] else None
                urn = self._urn_of.get(e.get("LogicalResourceId", ""))
                return Failure("RESOURCE_FAILED", e["ValidationStatusReason"], hint, urn)
        return None

    def _until(self, what: Callable[[], Any]) -> Any:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        pause = _FIRST_PAUSE_SECONDS
        while not (answer := what()):
            if time.monotonic() > deadline:
                raise ProviderFailure(
                    Failure("TIMED_OUT", f"stack {self.name} did not settle", "look at it in the console", retryable=True)
                )
            time.sleep(pause)
            pause = min(pause * 1.3, _LONGEST_PAUSE_SECONDS)
        return answer

    def _call(self, operation: str, **arguments: Any) -> Any:
        return self._session.call("cloudformation", operation, **arguments)


def _change_set_name(token: str) -> str:
    return f"df-{token}"


def _settled(status: str) -> bool:
    return not status.endswith("_IN_PROGRESS")


def _actions(changes: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for change in changes:
        c = change["ResourceChange"]
        replaced = c["Action"] == "Modify" and c.get("Replacement") == "True"
        found[c["LogicalResourceId"]] = "replace" if replaced else c["Action"].lower()
    return found
