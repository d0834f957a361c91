"""One emulator for the tests of a module, with the SDK's clients on it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from azure.core.pipeline.policies import SansIOHTTPPolicy
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient

from tests.emulators.arm.running import SUBSCRIPTION, Running, emulator


class _Bearer(SansIOHTTPPolicy[Any, Any]):
    def __init__(self, arm: Running) -> None:
        self._arm = arm

    def on_request(self, request: Any) -> None:
        request.http_request.headers["Authorization"] = f"Bearer {self._arm.token()}"


class _NoCredential:
    def get_token(self, *_: str, **__: Any) -> Any:
        raise AssertionError("the policy brings the token")


@dataclass
class Sdk:
    """Microsoft's clients, as a person at the portal."""

    arm: Running
    resources: Any
    deployments: Any

    def group(self, name: str) -> str:
        """Make a group; its id."""
        return str(self.resources.resource_groups.create_or_update(name, {"location": "westeurope"}).id)

    def deploy(self, group: str, name: str, template: dict[str, Any], **parameters: Any) -> Any:
        """Begin a deployment."""
        return self.deployments.deployments.begin_create_or_update(group, name, wanted(template, **parameters))


def wanted(template: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    """The body of a deployment."""
    given = {name: {"value": value} for name, value in parameters.items()}
    return {"properties": {"mode": "Incremental", "template": template, "parameters": given}}


def template(*resources: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A template of resources."""
    schema = "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#"
    return {"$schema": schema, "contentVersion": "1.0.0.0", "resources": list(resources), **more}


def account(name: str, **more: Any) -> dict[str, Any]:
    """A storage account."""
    return {
        "type": "Microsoft.Storage/storageAccounts", "apiVersion": "2023-05-01", "name": name, "location": "westeurope",
        "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", **more,
    }  # fmt: skip


def bus(name: str) -> dict[str, Any]:
    """A Service Bus namespace."""
    return {
        "type": "Microsoft.ServiceBus/namespaces", "apiVersion": "2021-11-01", "name": name, "location": "[resourceGroup().location]",
        "sku": {"name": "Standard"},
    }  # fmt: skip


def queue(namespace: str, name: str, *needs: str, **properties: Any) -> dict[str, Any]:
    """A queue in it."""
    there = f"[resourceId('Microsoft.ServiceBus/namespaces', '{namespace}')]"
    return {
        "type": "Microsoft.ServiceBus/namespaces/queues", "apiVersion": "2021-11-01", "name": f"{namespace}/{name}",
        "dependsOn": [there, *needs], "properties": properties,
    }  # fmt: skip


@pytest.fixture(scope="module")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator whose exchanges are kept for the conformance check."""
    with emulator(tmp_path_factory.mktemp("arm")) as running:
        yield running


@pytest.fixture(scope="module")
def rough(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulator that is asked what Microsoft's contract does not allow."""
    with emulator(tmp_path_factory.mktemp("rough"), well_formed=False) as running:
        yield running


@pytest.fixture(scope="module")
def sdk(arm: Running) -> Sdk:
    """Microsoft's clients on it."""
    shared: dict[str, Any] = {
        "base_url": arm.url, "api_version": "2021-04-01", "authentication_policy": _Bearer(arm), "polling_interval": 0.1,
    }  # fmt: skip
    return Sdk(
        arm,
        ResourceManagementClient(_NoCredential(), SUBSCRIPTION, **shared),
        DeploymentsMgmtClient(_NoCredential(), SUBSCRIPTION, **shared),
    )
