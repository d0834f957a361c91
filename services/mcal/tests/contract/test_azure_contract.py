"""What every CloudProvider must do, held against Azure Resource Manager (emulated)."""

from collections.abc import Iterator

from deployforge_mcal.adapters.azure.provider import AzureProvider
from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing.stage import Stage, provider_stage

from tests.emulators.arm.running import SUBSCRIPTION, Running

_BUS = "2021-11-01"


@provider_stage("azure")
def azure_stage(arm: Running, resource_group: str) -> Iterator[Stage]:
    """Deployments and Service Bus queues, emulated, with tokens that open one resource group."""

    def tamper(id: str, seconds: int) -> None:
        assert arm.rest("PUT", id, _BUS, {"properties": {"lockDuration": f"PT{seconds}S"}})[0] == 200

    stage = Stage(
        AzureProvider(arm.url), arm.credential, Scope("azure", f"{SUBSCRIPTION}/{resource_group}", "westeurope", "azure-test"),
        "Queue", "visibilityTimeout", {"deadLetter": "nowhere"},
        tamper=tamper, vanish=lambda id: arm.rest("DELETE", id, _BUS),
    )  # fmt: skip
    yield stage
    stage.close()
