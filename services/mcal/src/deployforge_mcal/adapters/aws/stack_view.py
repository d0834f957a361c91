"""Reading one CloudFormation stack: its state, and what its events say about one operation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from deployforge_mcal.adapters.aws.errors import is_missing
from deployforge_mcal.adapters.aws.reasons import failure_for
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.application.ports import Tick
from deployforge_mcal.domain.operation import Failure

STACK_TYPE: Final = "AWS::CloudFormation::Stack"


class StackView:
    """A stack by name, in the region of the session. `urn_of` names the resources in ticks and failures."""

    def __init__(self, session: AwsSession, name: str, tick: Tick, urn_of: Mapping[str, str]) -> None:
        self._session = session
        self.name = name
        self._tick = tick
        self._urn_of = urn_of

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
        found = self._session.pages("cloudformation", "list_stack_resources", "StackResourceSummaries", StackName=self.name)
        return {
            r["LogicalResourceId"]: (r.get("PhysicalResourceId", ""), r["ResourceType"])
            for r in found
            if r["ResourceStatus"] != "DELETE_COMPLETE" and r.get("PhysicalResourceId")
        }

    def events(self, token: str, stack: str = "") -> list[dict[str, Any]]:
        """The events of one operation, oldest first."""
        found = self._session.pages("cloudformation", "describe_stack_events", "StackEvents", StackName=stack or self.name)
        return [e for e in reversed(found) if e.get("ClientRequestToken") == token]

    def ended_with(self, token: str) -> list[dict[str, Any]]:
        """The events of an operation whose stack has been deleted since."""
        for gone in self._session.pages(
            "cloudformation", "list_stacks", "StackSummaries", StackStatusFilter=["DELETE_COMPLETE"]
        ):
            if gone["StackName"] == self.name and (events := self.events(token, gone["StackId"])):
                return events
        return []

    # --- telling ----------------------------------------------------------------------------------

    def changes(self, token: str, events: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        name = change_set_name(token)
        found = self._session.or_none("cloudformation", "describe_change_set", StackName=self.name, ChangeSetName=name)
        if found is not None:
            return actions(found.get("Changes", ()))
        words = {"CREATE_COMPLETE": "add", "UPDATE_COMPLETE": "modify", "DELETE_COMPLETE": "remove"}
        return {
            e["LogicalResourceId"]: words[e["ResourceStatus"]]
            for e in events
            if e["ResourceType"] != STACK_TYPE and e["ResourceStatus"] in words
        }

    def say(self, token: str, stack_id: str, seen: int) -> int:
        events = self.events(token, stack_id)
        for e in events[seen:]:
            urn = self._urn_of.get(e["LogicalResourceId"])
            if urn is not None or e["ResourceType"] == STACK_TYPE:
                self._tick(urn, e["ResourceStatus"], e.get("ResourceStatusReason") or None)
        return len(events)

    def first_failure(self, events: Sequence[Mapping[str, Any]], stack_id: str) -> Failure | None:
        """The first resource that failed is the cause; the others were merely cancelled."""
        for e in events:
            if e["ResourceStatus"].endswith("_FAILED") and e["ResourceType"] != STACK_TYPE:
                reason = e.get("ResourceStatusReason") or e["ResourceStatus"]
                return failure_for(reason, self._urn_of.get(e["LogicalResourceId"]), "RESOURCE_FAILED")
        for e in events:
            if "ROLLBACK" in e["ResourceStatus"] or e["ResourceStatus"].endswith("_FAILED"):
                if "DescribeEvents" in e.get("ResourceStatusReason", ""):
                    return self._refused_beforehand(stack_id) or Failure("STACK_FAILED", e["ResourceStatusReason"])
                return failure_for(e.get("ResourceStatusReason") or e["ResourceStatus"], None, "STACK_FAILED")
        return None

    def _refused_beforehand(self, stack_id: str) -> Failure | None:
        """CloudFormation checks names and properties before it begins, and tells the result in another list."""
        found = self._session.pages("cloudformation", "describe_events", "OperationEvents", StackName=stack_id)
        for e in found:
            if e.get("EventType") == "VALIDATION_ERROR" and e.get("ValidationFailureMode") == "FAIL":
                urn = self._urn_of.get(e.get("LogicalResourceId", ""))
                return failure_for(e["ValidationStatusReason"], urn, "RESOURCE_FAILED")
        return None

    def _call(self, operation: str, **arguments: Any) -> Any:
        return self._session.call("cloudformation", operation, **arguments)


def change_set_name(token: str) -> str:
    return f"df-{token}"


def actions(changes: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for change in changes:
        c = change["ResourceChange"]
        replaced = c["Action"] == "Modify" and c.get("Replacement") == "True"
        found[c["LogicalResourceId"]] = "replace" if replaced else c["Action"].lower()
    return found
