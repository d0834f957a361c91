"""Fixtures that several suites share: an emulated AWS with access rules on, and an embedded PostgreSQL."""

import importlib.util
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from deployforge_chassis.testing import until

from tests.emulators.arm.running import SUBSCRIPTION, Running, emulator
from tests.emulators.gcp.running import Running as RunningGcp
from tests.emulators.gcp.running import emulator as gcp_emulator

ACCOUNT = "000000000000"
ROLE = "deployforge-operations"
_ANYBODY_OF_THE_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}],
}


def _policy(action: str) -> str:
    statement = {"Effect": "Allow", "Action": action, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass
class EmulatedAws:
    """ministack with IAM enforcement, a user that may only assume a role, and the role."""

    endpoint: str
    root: dict[str, str] = field(default_factory=dict)

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        """A client with every right: the person who changes things behind our back."""
        make: Any = boto3.client
        return make(
            service, endpoint_url=self.endpoint, region_name=region, aws_access_key_id="test",
            aws_secret_access_key="test", config=Config(retries={"max_attempts": 1}),
        )  # fmt: skip

    def prepare(self) -> None:
        """Make the user and the role."""
        iam = self.client("iam")
        iam.create_user(UserName="deployforge")
        iam.put_user_policy(UserName="deployforge", PolicyName="assume", PolicyDocument=_policy("sts:AssumeRole"))
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps(_ANYBODY_OF_THE_ACCOUNT))
        iam.put_role_policy(RoleName=ROLE, PolicyName="deploy", PolicyDocument=_policy("*"))
        key = iam.create_access_key(UserName="deployforge")["AccessKey"]
        self.root = {
            "accessKeyId": key["AccessKeyId"],
            "secretAccessKey": key["SecretAccessKey"],
            "roleArn": f"arn:aws:iam::{ACCOUNT}:role/{ROLE}",
        }


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_emulator(port: int, log: Path, **environment: str) -> subprocess.Popen[bytes]:
    """ministack on a port of loopback, with access rules on and nothing kept."""
    settings = {
        "GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1", "PERSIST_STATE": "0",
        "AUTH": "true",
    }  # fmt: skip
    program = Path(sys.executable).with_name("ministack")
    with log.open("wb") as output:
        return subprocess.Popen([str(program)], env={**os.environ, **settings, **environment}, stdout=output, stderr=output)


@pytest.fixture(scope="session")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmulatedAws]:
    """An emulated AWS for the whole session."""
    port = free_port()
    process = start_emulator(port, tmp_path_factory.mktemp("ministack") / "log")
    cloud = EmulatedAws(f"http://127.0.0.1:{port}")
    try:
        until(answers(cloud.endpoint), within_seconds=60)
        cloud.prepare()
        yield cloud
    finally:
        process.terminate()
        process.wait(10)


def answers(endpoint: str) -> Callable[[], bool]:
    """Asks whether an emulator is up."""

    def ask() -> bool:
        try:
            with urlopen(f"{endpoint}/_ministack/health", timeout=1) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    return ask


def _load(name: str) -> Any:
    """A module beside this one; tests are not packages."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = sys.modules.setdefault(name, importlib.util.module_from_spec(spec))
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def arm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An emulated Azure Resource Manager for the whole session, with a principal that may do everything."""
    with emulator(tmp_path_factory.mktemp("arm"), seconds=0.05) as running:
        yield running


@pytest.fixture
def resource_group(arm: Running) -> Iterator[str]:
    """A resource group of its own; its name."""
    name = f"g-{uuid4().hex[:8]}"
    at = f"/subscriptions/{SUBSCRIPTION}/resourcegroups/{name}"
    assert arm.rest("PUT", at, body={"location": "westeurope"})[0] == 201
    yield name
    arm.control("faults", method="DELETE")
    arm.rest("DELETE", at)


@pytest.fixture(scope="session")
def gcp_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningGcp]:
    """An emulated Google Cloud for the whole session, with a service account that may do everything."""
    with gcp_emulator(tmp_path_factory.mktemp("gcp"), seconds=0.05) as running:
        yield running


@pytest.fixture
def gcp(gcp_process: RunningGcp) -> Iterator[RunningGcp]:
    """The same, with nothing that shall go wrong left behind."""
    yield gcp_process
    gcp_process.control("faults", method="DELETE")


fake_cloud = _load("fake_cloud")
unified_samples = _load("unified_samples")


@pytest.fixture
def cloud() -> Any:
    """A cloud in memory."""
    return fake_cloud.FakeCloud()


@pytest.fixture
def unused_port() -> Callable[[], int]:
    """Ports that nobody listens on."""
    return free_port


@pytest.fixture
def samples() -> Any:
    """Declarations that use every property of the unified types."""
    return unified_samples
