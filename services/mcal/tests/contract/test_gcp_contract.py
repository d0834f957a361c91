"""What every CloudProvider must do, held against Infrastructure Manager and Pub/Sub (emulated)."""

from collections.abc import Iterator

import pytest
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.adapters.gcp.reading import recent
from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing import ProviderContract, Stage

from tests.emulators.gcp.running import PROJECT, Running


class TestGcp(ProviderContract):
    """Deployments of Infrastructure Manager and Pub/Sub queues, with tokens of impersonated service accounts."""

    scheme = "gcp"

    @pytest.fixture
    def stage(self, gcp: Running) -> Iterator[Stage]:
        def tamper(id: str, seconds: int) -> None:
            body = {"subscription": {"ackDeadlineSeconds": seconds}, "updateMask": "ackDeadlineSeconds"}
            assert gcp.rest("PATCH", id, body)[0] == 200

        recent.forget()
        stage = Stage(
            GcpProvider(gcp.url), gcp.credential, Scope("gcp", PROJECT, "europe-west1", "gcp-test"),
            "Queue", "visibilityTimeout", {"deadLetter": f"projects/{PROJECT}/topics/nowhere"},
            tamper=tamper, vanish=lambda id: gcp.rest("DELETE", id), scale=10,
        )  # fmt: skip
        yield stage
        stage.close()
