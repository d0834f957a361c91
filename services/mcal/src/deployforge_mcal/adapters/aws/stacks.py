"""One CloudFormation stack: changed by change sets, followed by its events, resumed by reading them.

Everything that a crash may interrupt is found again by the operation's token: the change set has its name, and every
event of the stack carries it as client request token.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from deployforge_mcal.adapters.aws.errors import code_of
from deployforge_mcal.adapters.aws.reasons import failure_for
from deployforge_mcal.adapters.aws.stack_view import STACK_TYPE, StackView, actions, change_set_name
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

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


class Stack(StackView):
    """A stack that can be changed."""

    def naming(self, urn_of: Mapping[str, str]) -> "Stack":
        """The same stack with other names for its resources."""
        return Stack(self._session, self.name, self._tick, urn_of)

    def deploy(
        self,
        token: str,
        template_body: str,
        parameters: Sequence[Mapping[str, Any]],
        tags: Sequence[Mapping[str, str]],
        *,
        resumed: bool = False,
        imports: Sequence[Mapping[str, Any]] = (),
        judge: Callable[[Sequence[Mapping[str, Any]]], Failure | None] = lambda changes: None,
    ) -> Settled:
        """Make the stack what the template says; with the same token again, say what became of it. `judge` looks at the
        changes before they are made and says why they must not be."""
        stack = self.describe()
        if stack is not None and (events := self.events(token)):
            return self._follow(token, stack["StackId"], seen=len(events))
        if stack is None and resumed and (events := self.ended_with(token)):
            return Settled("", self.first_failure(events, events[0]["StackId"]), {})
        stack = self._cleared(stack)
        fresh = stack is None or stack["StackStatus"] == "REVIEW_IN_PROGRESS"
        kind = "IMPORT" if imports else "CREATE" if fresh else "UPDATE"
        name = change_set_name(token)
        arguments: dict[str, Any] = {"ResourcesToImport": list(imports)} if imports else {}
        try:
            self._call(
                "create_change_set", StackName=self.name, ChangeSetName=name, ChangeSetType=kind,
                TemplateBody=template_body, Parameters=list(parameters), Tags=list(tags), Capabilities=_CAPABILITIES,
                ClientToken=token, **arguments,
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
            return Settled("", failure_for(reason, None, "INVALID", restored=True))
        if (refused := judge(made.get("Changes", ()))) is not None:
            self._call("delete_change_set", StackName=self.name, ChangeSetName=name)
            raise ProviderFailure(refused)
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
        name = change_set_name(f"preview-{token}")
        self._call(
            "create_change_set", StackName=self.name, ChangeSetName=name, TemplateBody=template_body,
            ChangeSetType="CREATE" if fresh else "UPDATE", Parameters=list(parameters), Tags=list(tags),
            Capabilities=_CAPABILITIES,
        )  # fmt: skip
        made = self._created(name)
        self._call("delete_change_set", StackName=self.name, ChangeSetName=name)
        if fresh:
            self.delete(f"{token}-clear")
        return actions(made.get("Changes", ()))

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
            seen = self.say(token, stack["StackId"], seen)
            return now["StackStatus"] if now["StackStatus"] == "DELETE_FAILED" else None

        if self._until(gone) == "DELETE_COMPLETE":
            return None
        return self.first_failure(self.events(token, stack["StackId"]), stack["StackId"]) or Failure(
            "STACK_FAILED", "DELETE_FAILED"
        )

    def _cleared(self, stack: dict[str, Any] | None) -> dict[str, Any] | None:
        """Wait for whoever else is at work, and remove the shell of a failed first deployment."""
        if stack is not None and not _settled(stack["StackStatus"]) and stack["StackStatus"] != "REVIEW_IN_PROGRESS":
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

        made: dict[str, Any] = self._until(ready)
        if "NextToken" in made:
            named = {"StackName": self.name, "ChangeSetName": name}
            made["Changes"] = self._session.pages("cloudformation", "describe_change_set", "Changes", **named)
        return made

    def _follow(self, token: str, stack_id: str, seen: int = 0) -> Settled:
        """Pass events on until the stack has settled."""

        def over() -> dict[str, Any] | None:
            nonlocal seen
            now = self.describe(stack_id) or {"StackStatus": "DELETE_COMPLETE"}
            seen = self.say(token, stack_id, seen)
            return now if _settled(now["StackStatus"]) and self._concluded(token, stack_id) else None

        status = self._until(over)["StackStatus"]
        events = self.events(token, stack_id)
        failed = "ROLLBACK" in status or status.endswith("_FAILED") or status == "DELETE_COMPLETE"
        failure = (self.first_failure(events, stack_id) or Failure("STACK_FAILED", status)) if failed else None
        return Settled(status, failure, self.changes(token, events))

    def _concluded(self, token: str, stack_id: str) -> bool:
        """The stack's status turns before or after its last event; only with the event is it the end."""
        return any(e["ResourceType"] == STACK_TYPE and _settled(e["ResourceStatus"]) for e in self.events(token, stack_id))

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


def _settled(status: str) -> bool:
    return not status.endswith("_IN_PROGRESS")
