"""Good histories: clients call the model of the system until everything has happened."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

from tests.chaos.checker.vocabulary import CLOUD_CHANGE
from tests.chaos.history import OK, REFUSED, UNKNOWN
from tests.chaos.tests.making_deciders import Deciders
from tests.chaos.tests.making_doers import Doers
from tests.chaos.tests.simulated import DRIFT, SCANS


def good_history(seed: int, deployments: int = 4, drifts: int = 3) -> list[Any]:
    """A history without a flaw. The same seed makes the same one."""
    model = Model(seed)
    for number in range(deployments):
        model.deployment(f"d{number}")
    model.settle()
    model.again()
    for _ in range(drifts):
        model.drift()
    model.settle()
    model.world.look(final=True)
    return model.world.history()


class Model(Deciders, Doers):
    """The model with its clients."""

    # --- clients -------------------------------------------------------------------------------------

    def deployment(self, name: str) -> None:
        """Somebody submits a deployment; some are only planned, some wait for a person, some are refused."""
        id = str(uuid5(NAMESPACE_URL, f"deployforge:chaos/{name}"))
        if self.rng.random() < 0.2:
            refused = self.world.id()
            self.world.called("Deployments.Submit", "alice", refused, REFUSED, "INVALID_ARGUMENT")
            self.world.audited("alice", "Deployments.Submit", refused, "refused")
        self.submit(id, plan_only=self.rng.random() < 0.3, approval=self.rng.random() < 0.4)

    def submit(self, deployment: str, *, plan_only: bool = False, approval: bool = False) -> str:
        """Submit, perhaps more than once because an answer was lost."""
        w, request = self.world, self.world.id()
        while self.rng.random() < 0.3:
            w.called("Deployments.Submit", "alice", request, UNKNOWN)
            if self.rng.random() < 0.5:
                self.request(request, deployment, "alice", "USER", plan_only=plan_only)
        self.request(request, deployment, "alice", "USER", plan_only=plan_only)
        w.called("Deployments.Submit", "alice", request, OK)
        if approval:
            self.waits.add(request)
        return request

    def again(self) -> None:
        """Change deployments, let people decide, cancel one."""
        w = self.world
        for request in sorted(self.waits):
            if self.of_request[request].get("asked"):
                self.decide(request)
        for deployment in sorted(self.versions):
            self.submit(deployment)
        cancelled = self.submit(str(uuid5(NAMESPACE_URL, "cancelled")), plan_only=True)
        w.called("Deployments.Cancel", "alice", cancelled, OK)
        w.audited("alice", "Deployments.Cancel", cancelled)
        self.say(cancelled, "Request.CancellationRequested", {"by": "alice"}, "CancellationRequested")
        self.settle()

    def decide(self, request: str) -> None:
        """Bob approves or rejects."""
        w = self.world
        if self.rng.random() < 0.3:
            w.called("Deployments.Reject", "bob", request, OK)
            w.audited("bob", "Deployments.Reject", request)
            self.say(request, "Request.Rejected", {"by": "bob"}, "PlanRejected")
            return
        w.called("Deployments.Approve", "bob", request, OK if self.rng.random() < 0.8 else UNKNOWN)
        w.audited("bob", "Deployments.Approve", request)
        self.say(request, "Request.ApprovalGiven", {"approver": "bob"}, "ApprovalGiven")
        self.say(request, "Request.Approved", {}, "PlanApproved")
        w.called("Deployments.Approve", "bob", request, REFUSED, "FAILED_PRECONDITION")
        w.audited("bob", "Deployments.Approve", request, "refused")

    def drift(self) -> None:
        """Somebody changes a resource in the cloud; it is noticed, and healed."""
        if not self.live:
            return
        w, urn = self.world, self.rng.choice(sorted(self.live))
        w.called(CLOUD_CHANGE, "nobody", "", OK, self.live[urn])
        deployment = urn.split(":")[3]
        scan, episode = w.id(), self.episodes.get(urn, 0) + 1
        w.emit("drift-detector", scan, "Scan.Requested", {}, fact=(SCANS, "ScanRequested", "shard"))
        if episode == 1:
            w.emit("drift-detector", urn, "Drift.Watched", {"urn": urn}, deployment=deployment)
        self.episodes[urn] = episode
        data = {"urn": urn, "episode": episode}
        fact = (DRIFT, "DriftDetected", urn)
        w.emit("drift-detector", urn, "Drift.Detected", data, deployment=deployment, fact=fact)
        self.settle()
        w.emit("drift-detector", urn, "Drift.Resolved", data, deployment=deployment, fact=(DRIFT, "DriftResolved", urn))
        self.settle()
