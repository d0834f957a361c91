"""The example adapter of the provider author's guide keeps the contract, and stays small."""

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest
from deployforge_mcal.domain.units import Scope
from deployforge_mcal.testing import ProviderContract, Stage

_FILE = Path(__file__).parents[4] / "docs/examples/directory_provider.py"
_LINES = 150


def _example() -> Any:
    spec = importlib.util.spec_from_file_location("directory_provider", _FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class TestDirectory(ProviderContract):
    """Files in a directory."""

    scheme = "directory"

    @pytest.fixture
    def stage(self, tmp_path: Path) -> Stage:
        def tamper(id: str, number: int) -> None:
            held = json.loads((tmp_path / id).read_text())
            (tmp_path / id).write_text(json.dumps({**held, "properties": {**held["properties"], "number": number}}))

        scope = Scope("directory", "", "", "directory-test")
        root = {"directory": str(tmp_path)}
        provider = _example().DirectoryProvider()
        return Stage(
            provider, root, scope, "directory/File", "number", {"number": 2_000_000},
            tamper=tamper, vanish=lambda id: (tmp_path / id).unlink(),
        )  # fmt: skip


def test_the_example_is_short() -> None:
    assert len(_FILE.read_text().splitlines()) < _LINES
