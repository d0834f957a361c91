"""The contract of key providers, on every provider that is installed."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from deployforge_chassis import keys_contract
from deployforge_chassis.keys import KeyFile, KeyProvider, open_provider
from deployforge_chassis.keys_contract import KeyProviderContract, gaps


class TestKeyFile(KeyProviderContract):
    scheme = "file"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        KeyFile.create(tmp_path / "service.key")
        return tmp_path / "service.key"

    @pytest.fixture
    def reopen(self, path: Path) -> Callable[[], KeyProvider]:
        return lambda: open_provider(path.as_uri())

    @pytest.fixture
    def foreign(self, tmp_path: Path) -> KeyProvider:
        KeyFile.create(tmp_path / "foreign.key")
        return KeyFile(tmp_path / "foreign.key")

    @pytest.fixture
    def away(self, path: Path) -> Callable[[], AbstractContextManager[None]]:
        @contextmanager
        def moved() -> Iterator[None]:
            path.rename(path.with_suffix(".away"))
            yield
            path.with_suffix(".away").rename(path)

        return moved

    @pytest.fixture
    def secrets(self, path: Path) -> list[bytes]:
        return [key.encode() for key in json.loads(path.read_text())["keys"].values()]


SUITES = (TestKeyFile,)


def test_no_installed_provider_is_left_out_and_no_suite_leaves_anything_out() -> None:
    assert gaps(SUITES) == []


def test_a_provider_without_a_suite_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    new = EntryPoint("vault", "deployforge_vault:Keys", "deployforge.keys")
    known = keys_contract.entry_points(group="deployforge.keys")
    monkeypatch.setattr(keys_contract, "entry_points", lambda group: [*known, new])
    assert gaps(SUITES) == ["no suite runs on the key provider 'vault'"]


def test_a_suite_that_leaves_a_test_out_is_noticed() -> None:
    class Lenient(TestKeyFile):
        test_any_flipped_bit_is_noticed = None  # type: ignore[assignment]

    marked = type("Marked", (TestKeyFile,), {"pytestmark": [pytest.mark.skip]})
    assert gaps([*SUITES, Lenient, marked]) == [
        "Lenient replaces test_any_flipped_bit_is_noticed",
        "Marked is marked, so some of it may not run",
    ]
