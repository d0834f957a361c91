"""What every CloudProvider must do, held against Infrastructure Manager and Pub/Sub (emulated)."""

from collections.abc import Iterator

from deployforge_mcal.adapters.gcp.legacy.provider import LegacyProvider
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.adapters.gcp.reading import recent
from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing.stage import Stage, provider_stage

from tests.emulators.gcp.running import PROJECT, Running


@provider_stage("gcp")
def gcp_stage(gcp: Running) -> Iterator[Stage]:
    """Deployments of Infrastructure Manager and Pub/Sub queues, with tokens of impersonated service accounts."""
    yield from _stage(gcp, GcpProvider(gcp.url))


@provider_stage("gcp-deployment-manager")
def legacy_stage(gcp: Running) -> Iterator[Stage]:
    """The same with deployments of Deployment Manager."""
    yield from _stage(gcp, LegacyProvider(gcp.url))


def _stage(gcp: Running, provider: GcpProvider) -> Iterator[Stage]:
    def tamper(id: str, seconds: int) -> None:
        body = {"subscription": {"ackDeadlineSeconds": seconds}, "updateMask": "ackDeadlineSeconds"}
        assert gcp.rest("PATCH", id, body)[0] == 200

    recent.forget()
    stage = Stage(
        provider, gcp.credential, Scope(provider.type, PROJECT, "europe-west1", "gcp-test"),
        "Queue", "visibilityTimeout", {"deadLetter": f"projects/{PROJECT}/topics/nowhere"},
        tamper=tamper, vanish=lambda id: gcp.rest("DELETE", id), scale=10,
    )  # fmt: skip
    yield stage
    stage.close()
