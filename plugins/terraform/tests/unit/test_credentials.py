"""What a root credential must be, and what is never said of it."""

from typing import Any

import pytest
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_terraform.credentials import TerraformSession, session

ROOT = {
    "stateUrl": "postgres://u:pass-word@db/states",
    "stateKey": "0123456789abcdef-key",
    "environment": {"TOKEN": "t0ken-value"},
}


def opened(root: dict[str, Any], *, encrypts: bool = True, read_only: bool = False) -> TerraformSession:
    return session(root, "tf-test", "df-1", read_only=read_only, encrypts=encrypts)


@pytest.mark.parametrize(
    ("root", "code"),
    [
        ({}, "CREDENTIAL_INCOMPLETE"),
        ({**ROOT, "stateKey": "short"}, "CREDENTIAL_REFUSED"),
        ({**ROOT, "environment": {"LD_PRELOAD": "x"}}, "CREDENTIAL_REFUSED"),
        ({**ROOT, "environment": {"TF_ENCRYPTION": "x"}}, "CREDENTIAL_REFUSED"),
        ({**ROOT, "environment": {"PATH": "x"}}, "CREDENTIAL_REFUSED"),
        ({**ROOT, "environment": {"A": 5}}, "CREDENTIAL_REFUSED"),
        ({**ROOT, "environment": []}, "CREDENTIAL_REFUSED"),
    ],
)
def test_a_bad_credential_is_refused_by_name(root: dict[str, Any], code: str) -> None:
    if root.get("environment") == []:
        root = {**root, "environment": ["A=1"]}
    with pytest.raises(ProviderFailure) as failed:
        opened(root)
    assert failed.value.failure.code == code


def test_states_are_not_kept_in_the_clear_by_accident() -> None:
    with pytest.raises(ProviderFailure) as failed:
        opened(ROOT, encrypts=False)
    assert failed.value.failure.code == "STATE_NOT_ENCRYPTED"
    assert not opened({**ROOT, "stateEncryption": "none"}, encrypts=False).encrypt
    assert opened(ROOT).encrypt


def test_reading_uses_what_is_given_for_reading() -> None:
    root = {**ROOT, "readEnvironment": {"TOKEN": "reads-only"}}
    assert opened(root, read_only=True).environment == {"TOKEN": "reads-only"}
    assert opened(root).environment == ROOT["environment"]
    assert opened(ROOT, read_only=True).grant.read_only


def test_nothing_of_it_is_said() -> None:
    made = opened(ROOT)
    said = f"{made!r} {made.grant} " + made.scrubbed(
        "at postgres://u:pass-word@db/states: pass-word t0ken-value 0123456789abcdef-key"
    )
    for secret in ("pass-word", "t0ken-value", "0123456789abcdef-key"):
        assert secret not in said


def test_each_workspace_has_a_key_of_its_own() -> None:
    made = opened(ROOT)
    assert made.key_of("a") == opened(ROOT).key_of("a") != made.key_of("b")
