"""The control plane and the orchestrator of the model."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.chaos.history import StoredEvent
from tests.chaos.tests.making_loop import Loop
from tests.chaos.tests.simulated import DEPLOYMENTS, EXECUTIONS, OPERATIONS


class Deciders(Loop):
    """A method for every fact that they hear, and the work that follows."""

    # --- control plane -------------------------------------------------------------------------------

    def request(self, id: str, deployment: str, author: str, origin: str, *, plan_only: bool = False) -> None:
        """Accept a request; a repeated one is only noted."""
        action = "Deployments.Submit" if origin == "USER" else "Deployments.Propose"
        if id in self.of_request:
            self.world.audited(author, action, id, detail="repeated")
            return
        self.world.audited(author, action, id)
        self.of_request[id] = {"deployment": deployment, "heal": origin == "HEALER"}
        if plan_only:
            self.plan_only.add(id)
        data = {"author": author, "origin": origin, "plan_only": plan_only}
        self.say(id, "Request.Requested", data, "DeploymentRequested")

    def say(self, request: str, type: str, data: dict[str, Any], fact: str = "", cause: str = "") -> None:
        """An event of a request."""
        deployment = self.of_request[request]["deployment"]
        told = (DEPLOYMENTS, fact, deployment) if fact else None
        self.world.emit("control-plane", request, type, data, deployment=deployment, cause=cause, fact=told)

    def control_plane_PlanDrafted(self, event: StoredEvent, cause: str) -> None:
        request = event.stream
        self.say(request, "Request.Planned", {}, cause=cause)
        if request in self.plan_only:
            return
        if request in self.waits:
            self.of_request[request]["asked"] = True
            self.say(request, "Request.ApprovalRequested", {}, "ApprovalRequested", cause)
        elif self.rng.random() < 0.1:
            self.say(request, "Request.NothingToChange", {}, cause=cause)
        else:
            self.say(request, "Request.Approved", {}, "PlanApproved", cause)

    def control_plane_PlanFailed(self, event: StoredEvent, cause: str) -> None:
        self.say(event.stream, "Request.PlanningFailed", {}, cause=cause)

    def control_plane_ExecutionStarted(self, event: StoredEvent, cause: str) -> None:
        self.say(event.data["request_id"], "Request.Executing", {}, cause=cause)

    def control_plane_ExecutionCompleted(self, event: StoredEvent, cause: str) -> None:
        self.say(event.data["request_id"], "Request.Verifying", {}, cause=cause)

    def control_plane_ExecutionVerified(self, event: StoredEvent, cause: str) -> None:
        self.say(event.data["request_id"], "Request.ComplianceReported", {}, "ComplianceReported", cause)
        self._complete(event.data["request_id"], "compliant", cause)

    def control_plane_StateVersionRecorded(self, event: StoredEvent, cause: str) -> None:
        self.say(event.data["request_id"], "Request.VersionRecorded", {}, cause=cause)
        self._complete(event.data["request_id"], "recorded", cause)

    def control_plane_ExecutionRolledBack(self, event: StoredEvent, cause: str) -> None:
        self.say(event.data["request_id"], "Request.Ended", {}, cause=cause)

    def _complete(self, request: str, what: str, cause: str) -> None:
        known = self.of_request[request]
        known[what] = True
        if known.get("compliant") and known.get("recorded"):
            self.say(request, "Request.Ended", {}, cause=cause)

    # --- orchestrator --------------------------------------------------------------------------------

    def orchestrator_DeploymentRequested(self, event: StoredEvent, cause: str) -> None:
        w, request, deployment = self.world, event.stream, event.deployment_id
        w.emit("orchestrator", request, "PlanRequest.Wished", {}, deployment=deployment, cause=cause)

        def draft() -> None:
            failed = not self.of_request[request]["heal"] and self.rng.random() < 0.1 and request not in self.waits
            type, fact = ("GaveUp", "PlanFailed") if failed else ("Drafted", "PlanDrafted")
            told = (EXECUTIONS, fact, deployment)
            w.emit("orchestrator", request, f"PlanRequest.{type}", {}, deployment=deployment, cause=cause, fact=told)

        self.later("orchestrator", "draft", request, draft)

    def orchestrator_PlanApproved(self, event: StoredEvent, cause: str) -> None:
        w, request, deployment = self.world, event.stream, event.deployment_id
        w.emit("orchestrator", request, "PlanRequest.Approved", {}, deployment=deployment, cause=cause)

        def begin() -> None:
            lane = str(uuid5(NAMESPACE_URL, f"lane{deployment}"))
            busy = [e for e in w.stores["orchestrator"].events if e.stream == lane]
            if busy and busy[-1].type == "Lane.Entered":
                w.work.append(begin)
                w.now += 0.01
                return
            execution = str(uuid5(NAMESPACE_URL, f"execution{request}"))
            if not busy:
                w.emit("orchestrator", lane, "Lane.Built", {}, deployment=deployment)
            w.emit("orchestrator", lane, "Lane.Entered", {"execution_id": execution}, deployment=deployment)
            w.emit("orchestrator", request, "PlanRequest.Executed", {}, deployment=deployment)
            self.execution(execution, request, deployment, "Opened", "ExecutionStarted")
            self.step(execution, request, deployment, 1)

        self.later("orchestrator", "begin", request, begin)

    def execution(
        self, id: str, request: str, deployment: str, type: str, fact: str = "", cause: str = "", **data: Any
    ) -> None:
        """An event of an execution."""
        told = (EXECUTIONS, fact, deployment) if fact else None
        data = {"request_id": request, "execution_id": id, **data}
        self.world.emit("orchestrator", id, f"Execution.{type}", data, deployment=deployment, cause=cause, fact=told)

    def step(self, execution: str, request: str, deployment: str, attempt: int) -> None:
        """Start the one step that an execution has here."""
        operation = str(uuid5(NAMESPACE_URL, f"{execution}#{attempt}"))
        self.execution(execution, request, deployment, "StepStarted", "StepStarted", operation_id=operation)
        order = {
            "request_id": request, "execution_id": execution, "operation_id": operation, "step_id": "aws/0.0:apply",
            "unit_id": "aws/0.0", "unit_name": f"df-{deployment}", "attempt": attempt,
        }  # fmt: skip
        told = (OPERATIONS, "OperationRequested", deployment)
        self.world.emit("orchestrator", execution, "Execution.OperationRequested", order, deployment=deployment, fact=told)

    def orchestrator_OperationSucceeded(self, event: StoredEvent, cause: str) -> None:
        execution, request, deployment = event.data["execution_id"], event.data["request_id"], event.deployment_id
        self.execution(execution, request, deployment, "StepCompleted", "StepCompleted", cause)
        self.execution(execution, request, deployment, "Completed", "ExecutionCompleted", cause)

        def verify() -> None:
            for urn in event.data["urns"]:
                self.execution(execution, request, deployment, "ResourceVerified", "ResourceVerified", urn=urn)
            self.execution(execution, request, deployment, "Verified", "ExecutionVerified", urns=event.data["urns"])
            self.leave(deployment)

        self.later("orchestrator", "verify", execution, verify)

    def orchestrator_OperationFailed(self, event: StoredEvent, cause: str) -> None:
        execution, request, deployment = event.data["execution_id"], event.data["request_id"], event.deployment_id
        if event.data["attempt"] == 1:
            self.execution(execution, request, deployment, "StepRetried", "", cause)
            retry = lambda: self.step(execution, request, deployment, 2)  # noqa: E731
            self.later("orchestrator", "retry", event.stream, retry)
        else:
            self.execution(execution, request, deployment, "StepFailed", "StepFailed", cause)
            self.execution(execution, request, deployment, "RolledBack", "ExecutionRolledBack", cause)
            self.leave(deployment)

    def leave(self, deployment: str) -> None:
        """The next execution may enter."""
        lane = str(uuid5(NAMESPACE_URL, f"lane{deployment}"))
        self.world.emit("orchestrator", lane, "Lane.Left", {}, deployment=deployment)
