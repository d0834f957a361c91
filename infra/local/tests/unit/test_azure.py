"""The emulated Azure of a local system: started as it will be, and ready for a manifest."""

import os
import subprocess
from pathlib import Path

import httpx
import pytest
from deployforge_chassis.testing import until
from deployforge_local import azure, journeys
from deployforge_local.processes import infrastructure, service_environment
from deployforge_local.settings import LocalSettings


@pytest.fixture
def settings(tmp_path: Path) -> LocalSettings:
    """A system of its own."""
    return LocalSettings(home=tmp_path, port_base=journeys.free_port_base())


def test_it_starts_with_its_groups_and_lets_the_credential_of_mcal_in(settings: LocalSettings, tmp_path: Path) -> None:
    command = azure.command(settings)
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env={**os.environ, **azure.environment()}, stdout=log, stderr=log, cwd=tmp_path)
    try:
        until(lambda: azure.is_ready(settings), within_seconds=60)
        azure.prepare_groups(settings)
        azure.prepare_groups(settings)
        form = {
            "grant_type": "client_credentials", "scope": "https://management.azure.com/.default",
            "client_id": azure.CREDENTIAL["clientId"], "client_secret": azure.CREDENTIAL["clientSecret"],
        }  # fmt: skip
        token = httpx.post(f"{settings.azure_url}/{azure.CREDENTIAL['tenantId']}/oauth2/v2.0/token", data=form).json()[
            "access_token"
        ]
        at = f"{settings.azure_url}/subscriptions/{azure.SUBSCRIPTION}/resourcegroups"
        listed = httpx.get(at, params={"api-version": "2021-04-01"}, headers={"Authorization": f"Bearer {token}"}).json()
        assert {group["name"] for group in listed["value"]} == set(azure.GROUPS)
    finally:
        process.terminate()
        process.wait(10)


def test_it_is_started_with_the_system_and_mcal_is_told(settings: LocalSettings) -> None:
    assert "azure" in [process.name for process in infrastructure(settings)]
    assert settings.azure_url in service_environment(settings, "mcal")["DEPLOYFORGE_PROVIDER_OPTIONS"]
