"""What changes a unit in Google Cloud. The verbs of the adapter are the same whichever it is."""

from collections.abc import Collection
from typing import Any, Protocol

from deployforge_mcal.adapters.gcp import rollout, state
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.rollout import Previewed, Rollout
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import Tick


class Engine(Protocol):
    """Keeps deployments. All of it raises GoogleError or ProviderFailure."""

    def rollout(self, session: GcpSession, unit_name: str, token: str, tick: Tick, step: str = "") -> Rollout:
        """One change of a unit's deployment."""
        ...

    def let_go(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """Have resources belong to a deployment no more, and live on. Those that are not in it are no error."""
        ...

    def missed(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """Have the next deployment make resources that are gone."""
        ...

    def previewed(
        self, session: GcpSession, unit_name: str, token: str, plan: Plan, earlier: Plan | None, **how: Any
    ) -> Previewed:
        """What deploying a plan would do; `earlier` is what the unit was, where that is known."""
        ...


class InfrastructureManager:
    """See Engine."""

    def rollout(self, session: GcpSession, unit_name: str, token: str, tick: Tick, step: str = "") -> Rollout:
        """See Engine."""
        return Rollout(session, unit_name, token, tick, step)

    def let_go(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """See Engine."""
        state.let_go(session, deployment, addresses)

    def missed(self, session: GcpSession, deployment: str, addresses: Collection[str]) -> None:
        """See Engine: Terraform looks for itself."""

    def previewed(
        self, session: GcpSession, unit_name: str, token: str, plan: Plan, earlier: Plan | None, **how: Any
    ) -> Previewed:
        """See Engine."""
        return rollout.previewed(session, unit_name, token, plan, **how)
