"""What the chassis' tests share: a development CA, made once per run, and settings that use it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from deployforge_chassis import devca
from deployforge_chassis.config import ServiceSettings


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    devca.ensure(directory)
    return directory


@pytest.fixture
def settings_of(tls_dir: Path) -> Callable[..., ServiceSettings]:
    """Settings of a named service, as its environment would give them."""

    def make(service: str, **more: object) -> ServiceSettings:
        return ServiceSettings(service=service, database_url="postgresql:///unused", tls_dir=tls_dir, **more)

    return make
