"""What a token adds to the contract of key providers: keys that cannot leave it, one session, and life after a fork."""

import os
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pkcs11
import pytest
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.keys.pkcs11 import Pkcs11Keys
from deployforge_chassis.keys.pkcs11_module import Module
from deployforge_chassis.keys.pkcs11_uri import TokenKey
from deployforge_chassis.keys.softhsm import SoftHsm, SoftHsmMissing
from deployforge_chassis.sealer import Sealer
from pkcs11 import Attribute, KeyType, ObjectClass


@pytest.fixture
def hsm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SoftHsm:
    hsm = SoftHsm(tmp_path / "hsm", token=str(uuid4())[:30])
    hsm.ensure()
    for name, value in hsm.environment.items():
        monkeypatch.setenv(name, value)
    Pkcs11Keys.prepare(hsm.uri("service"))
    return hsm


def _in_session(hsm: SoftHsm, what: Callable[[pkcs11.Session], object]) -> None:
    key = TokenKey.parse(hsm.uri("service"))
    Module.at(key.module).use(key, what)


def test_the_wrapping_key_was_made_in_the_token_and_cannot_leave_it(hsm: SoftHsm) -> None:
    def look(session: pkcs11.Session) -> None:
        (key,) = session.get_objects({Attribute.CLASS: ObjectClass.SECRET_KEY, Attribute.LABEL: "service"})
        for always in (Attribute.LOCAL, Attribute.SENSITIVE, Attribute.ALWAYS_SENSITIVE, Attribute.NEVER_EXTRACTABLE):
            assert key[always]
        for never in (Attribute.EXTRACTABLE, Attribute.WRAP, Attribute.UNWRAP):
            assert not key[never]
        with pytest.raises(pkcs11.exceptions.AttributeSensitive):
            key[Attribute.VALUE]

    _in_session(hsm, look)


def test_a_key_that_could_leave_its_token_is_not_used(hsm: SoftHsm) -> None:
    def make(session: pkcs11.Session) -> None:
        session.generate_key(
            KeyType.AES, 256, label="loose", id=bytes(3) + b"\x01", store=True,
            template={Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False},
        )  # fmt: skip

    _in_session(hsm, make)
    with pytest.raises(KeyUnavailable, match="could leave its token"):
        Pkcs11Keys.from_uri(hsm.uri("loose")).wrap(b"k" * 32, b"")


def test_two_keys_of_one_version_are_not_guessed_between(hsm: SoftHsm) -> None:
    _in_session(hsm, lambda session: Pkcs11Keys.from_uri(hsm.uri("service"))._generate(session, 1))
    with pytest.raises(KeyUnavailable, match="two keys service of version 1"):
        Pkcs11Keys.from_uri(hsm.uri("service")).wrap(b"k" * 32, b"")


def test_a_child_process_opens_a_session_of_its_own(hsm: SoftHsm) -> None:
    keys = Pkcs11Keys.from_uri(hsm.uri("service"))
    wrapped = keys.wrap(b"k" * 32, b"place")
    if (child := os.fork()) == 0:
        os._exit(0 if keys.unwrap(wrapped, b"place") == b"k" * 32 else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert keys.unwrap(wrapped, b"place") == b"k" * 32


def test_a_pin_that_others_may_read_is_not_used(hsm: SoftHsm, tmp_path: Path) -> None:
    (tmp_path / "hsm" / "pin").chmod(0o644)
    keys = Pkcs11Keys.from_uri(hsm.uri("service"))
    Module.at(TokenKey.parse(hsm.uri("service")).module)._reset()
    with pytest.raises(KeyUnavailable, match="0600"):
        keys.wrap(b"k" * 32, b"")


def test_a_service_outlives_its_token(hsm: SoftHsm, tmp_path: Path, fresh_database: Database) -> None:
    fresh_database.migrate(Sealer.SCHEMA)
    sealer = Sealer(fresh_database, Pkcs11Keys.from_uri(hsm.uri("service")), service="test")
    owner, tokens = uuid4(), tmp_path / "hsm" / "tokens"
    sealed = sealer.seal(owner, b"value", "place")
    tokens.rename(tokens.with_suffix(".away"))
    with pytest.raises(KeyUnavailable):
        sealer.seal(uuid4(), b"value", "place")
    sealer.forget()
    with pytest.raises(KeyUnavailable):
        sealer.open(sealed, "place")
    assert fresh_database.query("SELECT owner FROM data_keys") == [{"owner": owner}]
    tokens.with_suffix(".away").rename(tokens)
    assert sealer.open(sealed, "place") == b"value"
    assert sealer.seal(uuid4(), b"value", "place")


@pytest.mark.parametrize(
    "uri",
    [
        "pkcs11:token=t;object=o",
        "pkcs11:token=t;object=o?module-path=/m&pin-value=1234",
        "pkcs11:token=t;slot-id=1?module-path=/m&pin-source=/p",
        "file:token=t;object=o?module-path=/m&pin-source=/p",
    ],
)
def test_a_uri_that_names_no_key_is_refused_with_an_example(uri: str) -> None:
    with pytest.raises(ValueError, match="pkcs11:token=deployforge") as refused:
        TokenKey.parse(uri)
    assert "1234" not in str(refused.value)


def test_a_uri_may_be_percent_encoded() -> None:
    key = TokenKey.parse("pkcs11:object=a%3Bb;token=my%20token?pin-source=file:/run/pin&module-path=/usr/lib/x.so")
    assert key == TokenKey(Path("/usr/lib/x.so"), "my token", "a;b", Path("/run/pin"))


def test_softhsm_that_is_missing_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SoftHsmMissing, match="apt-get install softhsm2"):
        SoftHsm(tmp_path).ensure()
