"""The sources that ship, held against the suite for all of them."""

import itertools
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from deployforge_mcal.adapters.secrets import GROUP, installed
from deployforge_mcal.adapters.secrets.aws import AwsSource
from deployforge_mcal.adapters.secrets.environment import EnvironmentSource
from deployforge_mcal.adapters.secrets.file import FileSource
from deployforge_mcal.application.secrets import SecretAccess, SecretUnavailable
from deployforge_mcal.domain.units import Scope

from .secret_source import Plant, SecretSourceContract

SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")
_numbers = itertools.count(1)


def test_what_ships_is_found() -> None:
    assert {point.name for point in entry_points(group=GROUP)} == {"aws", "env", "file"}
    assert {name: type(source) for name, source in installed({}).items()} == {
        "aws": AwsSource, "env": EnvironmentSource, "file": FileSource,
    }  # fmt: skip


class TestFile(SecretSourceContract):
    @pytest.fixture
    def directory(self, tmp_path: Path) -> Path:
        (tmp_path / "outside").write_text("not a secret of this source")
        (tmp_path / "outside").chmod(0o600)
        (tmp_path / "secrets" / "shop").mkdir(parents=True)
        return tmp_path / "secrets"

    @pytest.fixture
    def source(self, directory: Path) -> FileSource:
        return FileSource(directory)

    @pytest.fixture
    def access(self) -> SecretAccess:
        return SecretAccess(SCOPE, dict)

    @pytest.fixture
    def plant(self, directory: Path) -> Plant:
        def put(value: str, name: str = "") -> str:
            name = name or f"shop/db{next(_numbers)}"
            path = directory / name
            path.touch(0o600)
            path.write_text(value + "\n")
            return name

        return put

    @pytest.fixture
    def absent(self) -> str:
        return "shop/nothing"

    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660, 0o666])
    def test_a_file_that_others_may_open_is_refused(
        self, source: FileSource, access: SecretAccess, plant: Plant, directory: Path, mode: int
    ) -> None:
        name = plant("a plain secret")
        (directory / name).chmod(mode)
        with pytest.raises(SecretUnavailable, match="chmod 600"):
            source.resolve(name, access)

    def test_links_lead_about_inside_and_not_out(
        self, source: FileSource, access: SecretAccess, plant: Plant, directory: Path
    ) -> None:
        (directory / "inside").symlink_to(plant("a plain secret"))
        assert source.resolve("inside", access) == "a plain secret"
        (directory / "astray").symlink_to(directory.parent / "outside")
        with pytest.raises(SecretUnavailable, match="outside the directory"):
            source.resolve("astray", access)

    @pytest.mark.parametrize("name", ["shop", "pipe", "bytes"])
    def test_what_is_no_text_file_is_refused(
        self, source: FileSource, access: SecretAccess, directory: Path, name: str
    ) -> None:
        import os

        os.mkfifo(directory / "pipe", 0o600)
        (directory / "bytes").touch(0o600)
        (directory / "bytes").write_bytes(b"\xff\xfe\x00secret")
        with pytest.raises(SecretUnavailable):
            source.resolve(name, access)

    def test_without_a_directory_there_are_no_secrets(self, access: SecretAccess) -> None:
        with pytest.raises(SecretUnavailable, match="DEPLOYFORGE_MCAL_SECRETS_DIR"):
            FileSource(None).resolve("a", access)


class TestEnvironment(SecretSourceContract):
    @pytest.fixture
    def environment(self) -> dict[str, str]:
        return {"PATH": "/bin", "HOME": "/root"}

    @pytest.fixture
    def source(self, environment: dict[str, str]) -> EnvironmentSource:
        return EnvironmentSource("SHOP_", environment)

    @pytest.fixture
    def access(self) -> SecretAccess:
        return SecretAccess(SCOPE, dict)

    @pytest.fixture
    def plant(self, environment: dict[str, str]) -> Plant:
        def put(value: str, name: str = "") -> str:
            name = name or f"db/password-{next(_numbers)}"
            environment["SHOP_" + re.sub(r"\W", "_", name.upper())] = value
            return name

        return put

    @pytest.fixture
    def absent(self) -> str:
        return "nothing"

    def test_no_refusal_and_no_description_holds_a_value(
        self, source: Any, access: SecretAccess, plant: Plant, absent: str
    ) -> None:
        """An environment is what it is; that it is not shown is all that can be asked."""
        source.resolve(plant("canary bird"), access)
        with pytest.raises(SecretUnavailable) as refusal:
            source.resolve(absent, access)
        assert "canary" not in str(refusal.value) + repr(source)


class TestAws(SecretSourceContract):
    @pytest.fixture
    def source(self, aws: Any) -> AwsSource:
        return AwsSource(aws.endpoint)

    @pytest.fixture
    def access(self, aws: Any) -> SecretAccess:
        return SecretAccess(SCOPE, lambda: aws.root)

    @pytest.fixture
    def plant(self, aws: Any) -> Plant:
        def put(value: str, name: str = "") -> str:
            if name:
                aws.client("secretsmanager").update_secret(SecretId=name, SecretString=value)
                return name
            name = f"shop/source-{next(_numbers)}"
            aws.client("secretsmanager").create_secret(Name=name, SecretString=value)
            return name

        return put

    @pytest.fixture
    def absent(self) -> str:
        return "shop/nothing"

    def test_another_cloud_has_no_secrets_here(self, source: AwsSource) -> None:
        elsewhere = Scope("azure", "s", "westeurope", "az")
        with pytest.raises(SecretUnavailable, match="what needs it is in azure"):
            source.resolve("a", SecretAccess(elsewhere, dict))

    def test_a_refused_root_credential_says_so_without_it(self, source: AwsSource) -> None:
        wrong = {"accessKeyId": "AKIAWRONG", "secretAccessKey": "canary", "roleArn": "arn:aws:iam::000000000000:role/none"}
        with pytest.raises(SecretUnavailable) as refusal:
            source.resolve("shop/a", SecretAccess(SCOPE, lambda: wrong))
        assert "canary" not in str(refusal.value)
