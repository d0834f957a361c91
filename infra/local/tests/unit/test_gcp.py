"""The emulated Google Cloud of a local system: started as it will be, and ready for a manifest."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from deployforge_chassis.testing import until
from deployforge_local import gcp, journeys
from deployforge_local.processes import infrastructure, service_environment
from deployforge_local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    """A system of its own."""
    return LocalSettings(home=tmp_path, port_base=journeys.free_port_base())


def test_it_starts_and_lets_the_credential_of_mcal_impersonate(settings: LocalSettings, tmp_path: Path) -> None:
    command = gcp.command(settings)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **gcp.environment()}, stdout=log, stderr=log, cwd=tmp_path)
    try:
        until(lambda: gcp.is_ready(settings), within_seconds=60)
        account = gcp.CREDENTIAL["serviceAccount"]
        at = f"{settings.gcp_url}/iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
        body = {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "600s"}
        token = httpx.post(at, json=body, headers={"Authorization": f"Bearer {gcp.CREDENTIAL['token']}"}).json()[
            "accessToken"
        ]
        bucket = f"{settings.gcp_url}/storage.googleapis.com/storage/v1/b/{gcp.PROJECT}-deployforge/o"
        assert httpx.get(bucket, headers={"Authorization": f"Bearer {token}"}).status_code == 200
    finally:
        process.terminate()
        process.wait(10)


def test_it_is_started_with_the_system_and_mcal_is_told(settings: LocalSettings) -> None:
    assert "gcp" in [process.name for process in infrastructure(settings)]
    assert settings.gcp_url in service_environment(settings, "mcal")["DEPLOYFORGE_PROVIDER_OPTIONS"]
