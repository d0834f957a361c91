"""The contract of key providers, on every provider that is installed."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib.metadata import EntryPoint
from pathlib import Path
from uuid import uuid4

import pytest
from deployforge_chassis import keys_contract
from deployforge_chassis.keys import KeyProvider
from deployforge_chassis.keys.softhsm import SoftHsm
from deployforge_chassis.keys_contract import KeyProviderContract, gaps
from moto.server import ThreadedMotoServer

SECRET = "tH1s-is-the-key-to-the-door"


@contextmanager
def moved(path: Path) -> Iterator[None]:
    """The path is somewhere else within the block."""
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


class TestKeyFile(KeyProviderContract):
    scheme = "file"

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "service.key"

    @pytest.fixture
    def uri(self, path: Path) -> str:
        return path.as_uri()

    @pytest.fixture
    def foreign_uri(self, tmp_path: Path) -> str:
        return (tmp_path / "foreign.key").as_uri()

    @pytest.fixture
    def away(self, path: Path) -> Callable[[], AbstractContextManager[None]]:
        return lambda: moved(path)

    @pytest.fixture
    def secrets(self, provider: KeyProvider, path: Path) -> list[bytes]:
        return [key.encode() for key in json.loads(path.read_text())["keys"].values()]


class TestPkcs11(KeyProviderContract):
    scheme = "pkcs11"

    @pytest.fixture
    def hsm(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
        # A name of its own: the process keeps its session with a token of a name that it knows.
        hsm = SoftHsm(tmp_path / "hsm", token=str(uuid4())[:30])
        hsm.ensure()
        for name, value in hsm.environment.items():
            monkeypatch.setenv(name, value)
        return hsm

    @pytest.fixture
    def uri(self, hsm: SoftHsm) -> str:
        return hsm.uri("service")

    @pytest.fixture
    def foreign_uri(self, hsm: SoftHsm) -> str:
        return hsm.uri("foreign")

    @pytest.fixture
    def away(self, hsm: SoftHsm, tmp_path: Path) -> Callable[[], AbstractContextManager[None]]:
        return lambda: moved(tmp_path / "hsm" / "tokens")

    @pytest.fixture
    def secrets(self, hsm: SoftHsm, tmp_path: Path) -> list[bytes]:
        return [(tmp_path / "hsm" / "pin").read_bytes()]


class TestAwsKms(KeyProviderContract):
    scheme = "aws-kms"

    @pytest.fixture(scope="class")
    @classmethod
    def kms(cls) -> Iterator[ThreadedMotoServer]:
        # moto seals by AES-GCM with the context bound, as KMS does; its own state outlives a stop of its server.
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        yield server
        server.stop()

    @pytest.fixture
    def uri(self, kms: ThreadedMotoServer, monkeypatch: pytest.MonkeyPatch) -> str:
        host, port = kms.get_host_and_port()
        for name, value in {
            "AWS_ENDPOINT_URL_KMS": f"http://{host}:{port}",
            "AWS_REGION": "eu-west-1",
            "AWS_DEFAULT_REGION": "eu-west-1",
            "AWS_ACCESS_KEY_ID": "AKIATESTTESTTESTTEST",
            "AWS_SECRET_ACCESS_KEY": SECRET,
        }.items():
            monkeypatch.setenv(name, value)
        return f"aws-kms:alias/deployforge/{uuid4()}"

    @pytest.fixture
    def foreign_uri(self, uri: str) -> str:
        return f"{uri}-foreign"

    @pytest.fixture
    def away(self, kms: ThreadedMotoServer) -> Callable[[], AbstractContextManager[None]]:
        @contextmanager
        def stopped() -> Iterator[None]:
            _, port = kms.get_host_and_port()
            kms.stop()
            yield
            kms._port = port
            kms.start()

        return stopped

    @pytest.fixture
    def secrets(self) -> list[bytes]:
        return [SECRET.encode()]


SUITES = (TestKeyFile, TestPkcs11, TestAwsKms)


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
