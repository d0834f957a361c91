import time
from pathlib import Path

import jwt
import pytest
from deployforge_chassis import devca
from deployforge_chassis.principal import (
    Principal,
    PrincipalRefused,
    PrincipalSigner,
    PrincipalVerifier,
    acting_for,
    current,
)

ANN = Principal("ann", ("deployer", "viewer"), ("storefront",))


@pytest.fixture
def verifier(tls_dir: Path) -> PrincipalVerifier:
    return PrincipalVerifier.from_dir(tls_dir, "orchestrator")


def test_a_signed_principal_is_read_back(tls_dir: Path, verifier: PrincipalVerifier) -> None:
    token = PrincipalSigner.from_dir(tls_dir).sign(ANN, "orchestrator")
    assert verifier.verify(token) == ANN
    assert verifier.verify(token) == ANN


def test_an_expired_principal_is_refused(tls_dir: Path, verifier: PrincipalVerifier) -> None:
    token = PrincipalSigner.from_dir(
        tls_dir,
    ).sign(ANN, "orchestrator")
    old = PrincipalSigner((tls_dir / "control-plane.key").read_bytes(), now=lambda: time.time() - 90)
    assert verifier.verify(token) == ANN
    with pytest.raises(PrincipalRefused, match="ExpiredSignatureError"):
        verifier.verify(old.sign(ANN, "orchestrator"))


def test_a_principal_for_another_service_is_refused(tls_dir: Path, verifier: PrincipalVerifier) -> None:
    with pytest.raises(PrincipalRefused, match="InvalidAudienceError"):
        verifier.verify(PrincipalSigner.from_dir(tls_dir).sign(ANN, "mcal"))


@pytest.mark.parametrize("forger", ["healer", "orchestrator"])
def test_a_principal_signed_by_anyone_else_is_refused(tls_dir: Path, verifier: PrincipalVerifier, forger: str) -> None:
    forged = PrincipalSigner((tls_dir / f"{forger}.key").read_bytes()).sign(ANN, "orchestrator")
    with pytest.raises(PrincipalRefused, match="InvalidSignatureError"):
        verifier.verify(forged)


def test_an_unsigned_or_broken_token_is_refused_without_being_repeated(verifier: PrincipalVerifier) -> None:
    unsigned = jwt.encode({"sub": "ann", "roles": [], "namespaces": []}, key="", algorithm="none")
    for token in (unsigned, "nonsense", ""):
        with pytest.raises(PrincipalRefused) as refused:
            verifier.verify(token)
        assert not token or token not in str(refused.value)


def test_a_token_is_reused_for_half_its_life(tls_dir: Path) -> None:
    now = [1_000_000.0]
    signer = PrincipalSigner((tls_dir / "control-plane.key").read_bytes(), now=lambda: now[0])
    first = signer.sign(ANN, "mcal")
    now[0] += 29
    assert signer.sign(ANN, "mcal") == first
    now[0] += 2
    assert signer.sign(ANN, "mcal") != first


def test_a_renewed_certificate_is_noticed(tmp_path: Path) -> None:
    devca.ensure(tmp_path)
    verifier = PrincipalVerifier.from_dir(tmp_path, "mcal")
    assert verifier.verify(PrincipalSigner.from_dir(tmp_path).sign(ANN, "mcal")) == ANN
    (tmp_path / "control-plane.pem").unlink()
    assert devca.ensure(tmp_path) == ("control-plane",)
    assert verifier.verify(PrincipalSigner.from_dir(tmp_path).sign(ANN, "mcal")) == ANN


def test_the_acting_principal_ends_with_its_block() -> None:
    with acting_for(ANN):
        assert current() == ANN
    assert current() is None


def test_namespaces_limit_what_is_seen() -> None:
    assert ANN.may_see("storefront")
    assert not ANN.may_see("billing")
    assert Principal("root", (), ("*",)).may_see("billing")
