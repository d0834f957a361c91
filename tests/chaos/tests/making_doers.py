"""The cloud layer, the state manager and the healer of the model."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.chaos.history import StoredEvent
from tests.chaos.tests.making_loop import Loop
from tests.chaos.tests.simulated import DESIRED, INCIDENTS, OUTCOMES, QUEUE, REGION, STACK, STATES


class Doers(Loop):
    """A method for every fact that they hear, and the work that follows."""

    # --- mcal and the cloud --------------------------------------------------------------------------

    def mcal_OperationRequested(self, event: StoredEvent, cause: str) -> None:
        w, order, deployment = self.world, event.data, event.deployment_id
        operation, unit, stack = order["operation_id"], str(uuid5(NAMESPACE_URL, f"unit{deployment}")), order["unit_name"]
        w.emit("mcal", operation, "Operation.Accepted", dict(order), deployment=deployment, cause=cause)

        def operate() -> None:
            if not w.stores["mcal"].versions[unit]:
                w.emit("mcal", unit, "Unit.Known", {"unit_id": "aws/0.0"}, deployment=deployment)
            w.emit("mcal", unit, "Unit.ChangeBegan", {"operation_id": operation}, deployment=deployment)
            w.emit("mcal", operation, "Operation.Started", {}, deployment=deployment)
            issued = {"operation_id": operation, "read_only": False}
            told = (OUTCOMES, "CredentialIssued", deployment)
            w.emit("mcal", w.id(), "IssuedCredential.Issued", issued, deployment=deployment, fact=told)
            w.work.append(lambda: self._touch(order, unit, stack, deployment))

        self.later("mcal", "operation", operation, operate)

    def _touch(self, order: Any, unit: str, stack: str, deployment: str) -> None:
        w, operation = self.world, order["operation_id"]
        failed = order["attempt"] == 1 and self.rng.random() < 0.3
        urns = [f"urn:df:chaos:{deployment}:q{n}" for n in range(2)]
        known = any(r.stack == stack for r in w.resources.values())
        if not failed:
            w.change("update" if known else "create", operation, stack, "", STACK, f"stack/{deployment}")
        for number, urn in enumerate(urns):
            if not failed:
                id = self.live.setdefault(urn, f"http://sqs/{w.id()}")
                w.change("update" if known else "create", operation, stack, f"Q{number}", QUEUE, id)
        generation = self.generations[deployment, unit] = self.generations.get((deployment, unit), 0) + 2
        w.emit("mcal", unit, "Unit.ChangeEnded", {"operation_id": operation}, deployment=deployment)
        type, fact = ("Failed", "OperationFailed") if failed else ("Succeeded", "OperationSucceeded")
        data = {**order, "generation": generation, "urns": urns}
        w.emit("mcal", operation, f"Operation.{type}", data, deployment=deployment, fact=(OUTCOMES, fact, deployment))

    # --- state manager -------------------------------------------------------------------------------

    def state_manager_DeploymentRequested(self, event: StoredEvent, cause: str) -> None:
        self._of_deployment(event, "Requested", cause)

    def state_manager_PlanApproved(self, event: StoredEvent, cause: str) -> None:
        self._of_deployment(event, "PlanReleased", cause)

    def _of_deployment(self, event: StoredEvent, type: str, cause: str) -> None:
        w, deployment = self.world, event.deployment_id
        if not w.stores["state-manager"].versions[deployment]:
            w.emit("state-manager", deployment, "Deployment.Opened", {}, deployment=deployment, cause=cause)
        w.emit("state-manager", deployment, f"Deployment.{type}", {}, deployment=deployment, cause=cause)

    def state_manager_ExecutionVerified(self, event: StoredEvent, cause: str) -> None:
        w, deployment = self.world, event.deployment_id
        if not w.stores["state-manager"].versions[deployment]:
            w.emit("state-manager", deployment, "Deployment.Opened", {}, deployment=deployment, cause=cause)
        self.versions[deployment] = self.versions.get(deployment, 0) + 1
        data = {**event.data, "version": self.versions[deployment]}
        told = (STATES, "StateVersionRecorded", deployment)
        w.emit(
            "state-manager", deployment, "Deployment.VersionRecorded", data, deployment=deployment, cause=cause, fact=told
        )
        for urn in event.data["urns"]:
            stream = str(uuid5(NAMESPACE_URL, urn))
            if not w.stores["state-manager"].versions[stream]:
                w.emit("state-manager", stream, "Resource.Opened", {"urn": urn}, deployment=deployment, cause=cause)
            state = {
                "urn": urn, "resource_version": self.versions[deployment], "physical_id": self.live[urn],
                "native_type": QUEUE, "unit_name": f"df-{deployment}", "location": REGION,
            }  # fmt: skip
            upsert = (DESIRED, urn, f"shard{deployment}")
            w.emit("state-manager", stream, "Resource.Recorded", state, deployment=deployment, cause=cause, upsert=upsert)

    def state_manager_ComplianceReported(self, event: StoredEvent, cause: str) -> None:
        deployment, told = event.deployment_id, (STATES, "StateVersionMarkedGood", event.deployment_id)
        self.world.emit(
            "state-manager", deployment, "Deployment.VersionMarkedGood", {}, deployment=deployment, cause=cause, fact=told
        )

    # --- healer --------------------------------------------------------------------------------------

    def healer_StateVersionRecorded(self, event: StoredEvent, cause: str) -> None:
        w, deployment = self.world, event.deployment_id
        care = str(uuid5(NAMESPACE_URL, f"care{deployment}"))
        if not w.stores["healer"].versions[care]:
            w.emit("healer", care, "Care.Taken", {}, deployment=deployment, cause=cause)
        w.emit("healer", care, "Care.Learned", {}, deployment=deployment, cause=cause)

    def healer_DriftDetected(self, event: StoredEvent, cause: str) -> None:
        w, deployment = self.world, event.deployment_id
        incident = str(uuid5(NAMESPACE_URL, f"{event.data['urn']}#{event.data['episode']}"))
        told = (INCIDENTS, "IncidentOpened", incident)
        w.emit("healer", incident, "Incident.Opened", {}, deployment=deployment, cause=cause, fact=told)
        request = str(uuid5(NAMESPACE_URL, f"remedy{incident}"))

        def decide() -> None:
            chosen = {"request_id": request}
            fact = (INCIDENTS, "RemedyChosen", incident)
            w.emit("healer", incident, "Incident.RemedyChosen", chosen, deployment=deployment, fact=fact)
            self.later("healer", "propose", request, lambda: self.request(request, deployment, "healer", "HEALER"))

        self.later("healer", "decide", f"{incident}#1", decide)

    def healer_DriftResolved(self, event: StoredEvent, cause: str) -> None:
        incident = str(uuid5(NAMESPACE_URL, f"{event.data['urn']}#{event.data['episode']}"))
        told = (INCIDENTS, "IncidentClosed", incident)
        self.world.emit("healer", incident, "Incident.Closed", {}, deployment=event.deployment_id, cause=cause, fact=told)
