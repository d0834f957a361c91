"""Root credentials: sealed by the client, opened by this service alone, managed by name."""

import json
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge_chassis import devca
from deployforge_chassis.testing import example
from deployforge_client.sealing import sealed_to
from deployforge_mcal.adapters.letterbox import PostgresLetterbox
from deployforge_mcal.application.credentials import BadCredential, CredentialInUse, Credentials
from deployforge_mcal.application.ports import ProviderFailure, UnknownProvider
from deployforge_mcal.application.secrets import HIDDEN
from deployforge_mcal.application.stores import CredentialUnknown, NotForUs
from deployforge_mcal.domain.credentials import Examined, Lacking
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.entrypoints.credentials_api import CredentialsApi

from . import test_mcal
from .test_mcal import Service

service = test_mcal.service
SECRET = b'{"accessKeyId": "AKIACANARY", "secretAccessKey": "canary-value"}'


@pytest.fixture(scope="session")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    devca.ensure(directory, ("mcal",))
    return directory


@pytest.fixture
def credentials(service: Service, tls_dir: Path) -> Credentials:
    return Credentials(service.app, PostgresLetterbox(service.app.database, service.app.sealer, tls_dir))


@pytest.fixture
def seal(credentials: Credentials, tls_dir: Path) -> Callable[..., bytes]:
    def sealed(name: str = "staging", type: str = "aws", secret: bytes = SECRET) -> bytes:
        answer: Any = CredentialsApi(credentials).PublicKey(pb.PublicKeyRequest(), None)  # type: ignore[arg-type]
        return sealed_to(answer, tls_dir, name, type, secret)

    return sealed


def test_what_a_client_seals_is_kept_and_used(
    credentials: Credentials, seal: Callable[..., bytes], service: Service
) -> None:
    credentials.put("staging", "aws", seal())
    assert service.app.vault.get("staging") == json.loads(SECRET)
    assert [(one.stored.name, one.used_by) for one in credentials.listed()] == [("aws-local", ()), ("staging", ())]


def test_it_opens_for_its_name_and_type_alone(
    credentials: Credentials, seal: Callable[..., bytes], service: Service
) -> None:
    sealed = seal()
    for name, type, data in (("other", "aws", sealed), ("staging", "aws", sealed[:-1] + b"x"), ("staging", "aws", b"{}")):
        with pytest.raises(NotForUs):
            credentials.put(name, type, data)
    service.app.providers = {**service.app.providers, "azure": service.cloud}
    with pytest.raises(NotForUs):
        credentials.put("staging", "azure", sealed)


def test_another_replica_opens_it_too(
    credentials: Credentials, seal: Callable[..., bytes], service: Service, tls_dir: Path
) -> None:
    another = PostgresLetterbox(service.app.database, service.app.sealer, tls_dir)
    assert another.opened("staging", "aws", seal()) == SECRET


@pytest.mark.parametrize("secret", [b"canary-value", b"[1]", b"{}", b'"canary-value"'])
def test_what_is_no_object_is_refused_without_being_repeated(
    credentials: Credentials, seal: Callable[..., bytes], secret: bytes
) -> None:
    with pytest.raises(BadCredential) as refused:
        credentials.put("staging", "aws", seal(secret=secret))
    assert "canary" not in f"{refused.value!r} {refused.value.__cause__!r}"
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a\nb", "x" * 64])
def test_a_name_is_a_name(credentials: Credentials, seal: Callable[..., bytes], name: str) -> None:
    with pytest.raises(BadCredential, match="name"):
        credentials.put(name, "aws", seal(name=name))


def test_a_type_that_no_adapter_serves_is_refused(credentials: Credentials, seal: Callable[..., bytes]) -> None:
    with pytest.raises(UnknownProvider):
        credentials.put("staging", "nimbus", seal(type="nimbus"))


def test_what_is_sent_in_the_clear_is_refused(credentials: Credentials) -> None:
    with pytest.raises(BadCredential, match="sealed"):
        CredentialsApi(credentials).Put(pb.PutRequest(name="staging", type="aws", secret_json=SECRET), None)  # type: ignore[arg-type]


def test_one_in_use_is_removed_by_force_only(credentials: Credentials, service: Service) -> None:
    desired = example("DesiredState", urn="urn:df:shop:web:q", credential_ref="aws-local")
    service.hear(service.app.desired_state, "state-manager.desired", "DesiredState", desired)
    assert credentials.listed()[0].used_by == ("shop/web",)
    with pytest.raises(CredentialInUse, match="shop/web"):
        credentials.remove("aws-local", force=False)
    credentials.remove("aws-local", force=True)
    assert credentials.listed() == []
    with pytest.raises(CredentialUnknown):
        credentials.remove("aws-local", force=True)


def test_nothing_of_it_is_in_the_database_or_the_log(
    credentials: Credentials, seal: Callable[..., bytes], service: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    sealed = seal()
    credentials.put("staging", "aws", sealed)
    rows = service.app.database.query("SELECT * FROM root_credentials") + service.app.database.query(
        "SELECT * FROM credential_key"
    )
    for value in (b"AKIACANARY", b"canary-value"):
        assert not any(value in bytes(row["sealed"]) for row in rows)
        assert value not in sealed
        assert value.decode() not in caplog.text


class Examining:
    """A cloud that says what a credential lacks, or repeats it in a refusal."""

    type = "aws"

    def __init__(self, *, refuses: bool = False) -> None:
        self.refuses, self.asked = refuses, []

    def examine(self, root: Any, scopes: Any) -> Examined:
        self.asked = list(scopes)
        if self.refuses:
            raise ProviderFailure(Failure("CREDENTIAL_REFUSED", f"no such key: {root['accessKeyId']} at arn:aws:r"))
        return Examined("somebody", 2, (Lacking("sqs:CreateQueue", "*", ("Queue",)),), ("a note",))


def examining(service: Service, cloud: Any) -> None:
    service.app.providers = {"aws": cloud}


def test_a_cloud_is_asked_about_every_place_where_a_credential_is_used(credentials: Credentials, service: Service) -> None:
    cloud = Examining()
    examining(service, cloud)
    desired = example("DesiredState", urn="urn:df:shop:web:q", credential_ref="aws-local")
    service.hear(service.app.desired_state, "state-manager.desired", "DesiredState", desired)
    type, found = credentials.examined("aws-local", "1", "eu-north-1")
    assert (type, found.lacking[0].permission) == ("aws", "sqs:CreateQueue")  # type: ignore[union-attr]
    assert [(s.account, s.location) for s in cloud.asked] == [
        (desired["account"], desired["location"]), ("1", "eu-north-1"),
    ]  # fmt: skip
    answer: Any = CredentialsApi(credentials).Test(pb.TestRequest(name="aws-local"), None)  # type: ignore[arg-type]
    assert (answer.identity, answer.checked, answer.lacking[0].needed_by, answer.notes) == (
        "somebody", 2, ["Queue"], ["a note"],
    )  # fmt: skip


def test_a_cloud_that_repeats_the_credential_is_not_quoted(credentials: Credentials, service: Service) -> None:
    examining(service, Examining(refuses=True))
    service.app.vault.put("aws-local", "aws", {"accessKeyId": "AKIACANARY", "roleArn": "arn:aws:r"})
    answer: Any = CredentialsApi(credentials).Test(pb.TestRequest(name="aws-local"), None)  # type: ignore[arg-type]
    assert (answer.code, answer.message) == ("CREDENTIAL_REFUSED", f"no such key: {HIDDEN} at arn:aws:r")


def test_an_adapter_that_cannot_say_is_said_to(credentials: Credentials, service: Service) -> None:
    _, found = credentials.examined("aws-local")
    assert isinstance(found, Examined)
    assert "cannot say" in found.notes[0]
    with pytest.raises(CredentialUnknown):
        credentials.examined("nobody")
