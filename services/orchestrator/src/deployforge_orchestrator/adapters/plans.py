"""Plan bodies: content-addressed, sealed, and found by plan id."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

from deployforge_chassis.bodies import Bodies
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write

from deployforge_orchestrator.domain.plan import Plan

SCHEMA = ("CREATE TABLE IF NOT EXISTS plans (plan_id text PRIMARY KEY, digest text NOT NULL)",)
SHREDDED_FIRST = ("DELETE FROM plans WHERE digest IN (SELECT digest FROM bodies WHERE owner = %s)",)
"""What refers to what is shredded, and says not otherwise whose it is; see `shredding.Shredding`."""


class PlanNotFound(LookupError):
    """There is no such plan."""


class StoredPlans:
    """See ports.Plans."""

    def __init__(self, database: Database, bodies: Bodies) -> None:
        self._database = database
        self._bodies = bodies
        database.migrate(SCHEMA)
        # A plan is read at each step of its execution; a digest never changes its meaning.
        self._opened = lru_cache(maxsize=64)(lambda digest: Plan.from_json(bodies.get(digest)))

    def put(self, plan_id: str, plan: Plan, deployment_id: UUID) -> tuple[str, Sequence[Write]]:
        """See ports.Plans."""
        digest, body = self._bodies.put(deployment_id, plan.to_json().encode())
        row = "INSERT INTO plans (plan_id, digest) VALUES (%s, %s) ON CONFLICT DO NOTHING"
        return digest, (body, (row, (plan_id, digest)))

    def get(self, digest: str) -> Plan:
        """See ports.Plans."""
        return self._opened(digest)

    def by_id(self, plan_id: str) -> tuple[str, Plan]:
        """Digest and plan. Raises PlanNotFound."""
        row = self._database.one("SELECT digest FROM plans WHERE plan_id = %s", (plan_id,))
        if row is None:
            raise PlanNotFound(f"no plan {plan_id}")
        return row["digest"], self.get(row["digest"])
