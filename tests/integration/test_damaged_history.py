"""Somebody with the database in hand changes the past: it is noticed, and nothing acts on it."""

import psycopg
import pytest
from deployforge_client import DeployForge, DeployForgeError
from deployforge_local import postgres
from deployforge_local.cloud import Cloud
from deployforge_local.settings import LocalSettings

from tests.integration.journey import NAMESPACE, REGION, applied, destroyed, eventually, manifest, physical_ids, queue
from tests.integration.test_drift_and_healing import AUTO, only_incident

_FLIP = (
    "UPDATE events SET state = set_byte(state, 80, 255 - get_byte(state, 80)) "
    "WHERE originator_id = %s AND originator_version = 2"
)


def test_drift_is_not_healed_by_a_history_that_was_tampered_with(
    alice: DeployForge, cloud: Cloud, name: str, settings: LocalSettings
) -> None:
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="30s")], healing=AUTO))
    url = physical_ids(alice, name)["jobs"]
    with psycopg.connect(postgres.url(settings, "postgres", "state-manager"), autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        [stream] = superuser.execute("SELECT DISTINCT deployment_id FROM versions WHERE name = %s", (name,)).fetchone()
        superuser.execute(_FLIP, (stream,))
        damaged = f"stream {stream} is damaged at version 2"

        cloud.set_visibility_timeout(REGION, url, 99)

        incident = eventually(lambda: (i := only_incident(alice, name)) and i.state == "escalated" and i)
        assert damaged in incident.reason
        assert cloud.visibility_timeout(REGION, url) == 99
        with pytest.raises(DeployForgeError, match=damaged):
            alice.state(f"{NAMESPACE}/{name}")
        # As from a backup: the same change again makes of it what it was.
        superuser.execute(_FLIP, (stream,))
    assert alice.explain(incident.incident_id).decisions == []
    destroyed(alice, name)
