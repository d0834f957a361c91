"""What the tests of the state manager share."""

from typing import Any
from uuid import uuid4

import pytest
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Fact, Record
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.testing import a_fact, example
from deployforge_state_manager.adapters.checked import CheckedStateReader
from deployforge_state_manager.adapters.inventory import PostgresInventoryReader
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.rebuilding import Rebuild
from deployforge_state_manager.adapters.records import records
from deployforge_state_manager.adapters.sightings import PostgresSightings
from deployforge_state_manager.adapters.staging import PostgresStaging
from deployforge_state_manager.adapters.tables import TABLES
from deployforge_state_manager.adapters.versions import PostgresStateReader
from deployforge_state_manager.application.ports import Point
from deployforge_state_manager.application.shredding import Shredder
from deployforge_state_manager.application.state_manager import StateManager
from eventsourcing.persistence import StoredEvent

WHERE = ("storefront", "webshop")


def urn(name: str) -> str:
    return f"urn:df:storefront:webshop:{name}"


def order(table: str) -> str:
    """By all that is unique in any of the read models."""
    return {"inventory": "urn", "inventory_tags": "tag, urn"}.get(table, "1, 2, 3")


class Memory:
    """The state manager and what it said."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._sealer = sealer
        self.projection = PostgresProjection(database, sealer)
        self.app = StateManager(
            database, sealer, PostgresStaging(database, sealer), PostgresSightings(database), self.projection
        )
        self.rebuild = Rebuild(database, sealer)
        rows = PostgresStateReader(database, sealer)
        self.shredder = Shredder(self.app, rows.urns, SystemClock())
        self.reader = CheckedStateReader(rows, self.app, self.shredder)
        self.inventory = PostgresInventoryReader(database)

    def hear(self, topic: str, fact_type: str, /, **changed: Any) -> None:
        handler = {
            "ResourceVerified": self.app.resource_verified,
            "ResourceRemoved": self.app.resource_removed,
            "ExecutionVerified": self.app.execution_verified,
            "DeploymentRequested": self.app.deployment_requested,
            "PlanApproved": self.app.plan_approved,
            "ComplianceReported": self.app.compliance_reported,
            "ShredRequested": self.shredder.shred_requested,
            "DriftDetected": self.app.drift_detected,
            "DriftResolved": self.app.drift_resolved,
            "UnmanagedListed": self.app.unmanaged_listed,
        }[fact_type]
        fact: Fact = a_fact(topic, fact_type, example(fact_type, **changed))
        self.app.commit(handler(fact))

    def executed(self, resources: dict[str, dict[str, Any]], removed: tuple[str, ...] = (), **changed: Any) -> str:
        execution = str(uuid4())
        for name, values in resources.items():
            self.hear(
                "orchestrator.executions", "ResourceVerified", execution_id=execution, urn=urn(name), resource=name,
                **{"desired_json": '{"v":1}', "physical_id": f"phy-{name}", **values},
            )  # fmt: skip
        for name in removed:
            self.hear("orchestrator.executions", "ResourceRemoved", execution_id=execution, urn=urn(name))
        self.hear("orchestrator.executions", "ExecutionVerified", execution_id=execution, **changed)
        return execution

    def names(self, version: int = 0) -> list[str]:
        return [row["resource"] for row in self.reader.resources(self.reader.version(*WHERE, Point(version)))]

    def said(self) -> list[Record]:
        stored = self.app.recorder.select_notifications(None, 1000)
        events = [
            self.app.sealed.to_domain_event(StoredEvent(n.originator_id, n.originator_version, n.topic, n.state))
            for n in stored
        ]
        return [record for event in events for record in records(event)]

    def said_after(self, position: int) -> list[Record]:
        """What was said by events after that many; the ones before need not be readable."""
        later = self.app.recorder.select_notifications(None, 1000)[position:]
        stored = [StoredEvent(n.originator_id, n.originator_version, n.topic, n.state) for n in later]
        return [record for one in stored for record in records(self.app.sealed.to_domain_event(one))]

    def desired(self, name: str) -> list[Record]:
        """What was said of one resource, oldest first."""
        return [r for r in self.said() if r.fact == "DesiredState" and r.key == urn(name)]

    def rows(self) -> list[list[Any]]:
        """Everything in the read models, bodies opened, byte for byte."""
        return [
            [self._opened(row) for row in self.app.database.query(f"SELECT * FROM {table} ORDER BY {order(table)}")]
            for table in TABLES
        ]

    def _opened(self, row: dict[str, Any]) -> Any:
        if row.get("body") is None:
            return row
        if "urn" in row:
            place = f"resource|{row['deployment_id']}|{row['urn']}|{row['resource_version']}"
        elif "kind" in row:
            place = f"{row['kind']}|{row['deployment_id']}|{row['id']}"
        else:
            place = f"version|{row['deployment_id']}|{row['version']}"
        return {**row, "body": self._sealer.open(bytes(row["body"]), place)}


@pytest.fixture
def memory(fresh_database: Database, sealer: Sealer) -> Memory:
    return Memory(fresh_database, sealer)
