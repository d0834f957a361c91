"""Why there is no plan."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """What is wrong, where, and what to do."""

    path: str
    message: str
    hint: str = ""


class NoPlan(Exception):
    """No plan can be made; the problems say why."""

    def __init__(self, *problems: Problem, stale: bool = False) -> None:
        super().__init__("; ".join(f"{p.path}: {p.message}" if p.path else p.message for p in problems))
        self.problems = problems
        self.stale = stale


class TooLarge(NoPlan):
    """A unit has more resources than its native engine takes."""


class PlanAlreadyDecided(Exception):
    """The plan was executed, refused or cancelled already."""


class DeploymentBusy(Exception):
    """Another execution of the deployment is running."""
