"""The contract of providers, held against real OpenTofu."""

from collections.abc import Iterator
from typing import Any

from deployforge_mcal.testing.stage import Stage, provider_stage


@provider_stage("terraform")
def terraform_stage(world: Any) -> Iterator[Stage]:
    """OpenTofu, a provider whose cloud is a directory, state in PostgreSQL."""
    stage = Stage(
        world.provider, world.root, world.scope, "tf/filestore_record", "delay", {"fail": "create"},
        tamper=lambda id, n: world.tamper(id, delay=n), vanish=world.vanish,
    )  # fmt: skip
    yield stage
    stage.close()
    assert world.records() == []
