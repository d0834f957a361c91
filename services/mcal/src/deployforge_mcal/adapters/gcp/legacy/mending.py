"""Repairs where Deployment Manager is the engine. It never looks at what is there, so that values are put back by REST of
the services, and only parts that are gone by itself."""

from collections.abc import Mapping

from deployforge_mcal.adapters.gcp.legacy.change import LegacyRollout
from deployforge_mcal.adapters.gcp.legacy.writing import put_right
from deployforge_mcal.adapters.gcp.planning import Plan
from deployforge_mcal.adapters.gcp.reading import recent
from deployforge_mcal.adapters.gcp.session import GcpSession
from deployforge_mcal.application.ports import ProviderFailure, Tick, Work


def mended(session: GcpSession, work: Work, plan: Plan, wrong: Mapping[str, list[str]], tick: Tick) -> None:
    """Put the pieces of some resources right. Raises GoogleError or ProviderFailure."""
    pieces = plan.of(wrong)
    recent.add(p.full for p in pieces)
    gone = [p.address for p in pieces if not put_right(session, p)]
    if gone:
        rollout = LegacyRollout(session, work.unit_name, work.token, tick)
        rollout.abandon(gone)
        rollout.begin(plan, {})
        if (failure := rollout.wait(plan)) is not None:
            raise ProviderFailure(failure)
