"""The contract of providers, held against real OpenTofu."""

from collections.abc import Iterator
from typing import Any

import pytest
from deployforge_mcal.testing import ProviderContract, Stage


class TestTerraform(ProviderContract):
    """OpenTofu, a provider whose cloud is a directory, state in PostgreSQL."""

    scheme = "terraform"

    @pytest.fixture
    def stage(self, world: Any) -> Iterator[Stage]:
        stage = Stage(
            world.provider, world.root, world.scope, "tf/filestore_record", "delay", {"fail": "create"},
            tamper=lambda id, n: world.tamper(id, delay=n), vanish=world.vanish,
        )  # fmt: skip
        yield stage
        stage.close()
        assert world.records() == []
