"""What leaves the client can be read by the holder of a key that our authority vouches for, and by nobody else."""

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from deployforge.mcal.v1 import clouds_pb2 as pb
from deployforge_chassis import devca
from deployforge_client.sealing import UntrustedKey, sealed_to

HOLDER = X25519PrivateKey.generate().public_key().public_bytes_raw()


@pytest.fixture(scope="module")
def tls_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("tls")
    devca.ensure(directory, ("mcal", "control-plane"))
    return directory


def signed(tls_dir: Path, signer: str = "mcal", key: bytes = HOLDER) -> pb.PublicKeyResponse:
    private = load_pem_private_key((tls_dir / f"{signer}.key").read_bytes(), None)
    signature = private.sign(b"deployforge root credential key\n" + key, ECDSA(SHA256()))  # type: ignore[call-arg,union-attr,arg-type]
    chain = (tls_dir / f"{signer}.pem").read_bytes()
    return pb.PublicKeyResponse(public_key=key, signature=signature, certificates=chain)


def test_a_vouched_key_is_sealed_to_and_each_time_otherwise(tls_dir: Path) -> None:
    first, second = (sealed_to(signed(tls_dir), tls_dir, "aws", "aws", b"secret") for _ in range(2))
    assert first != second
    assert b"secret" not in first


def test_a_key_that_the_control_plane_vouches_for_is_not_trusted(tls_dir: Path) -> None:
    with pytest.raises(UntrustedKey, match="signed by CN=control-plane"):
        sealed_to(signed(tls_dir, "control-plane"), tls_dir, "aws", "aws", b"secret")


def test_an_exchanged_key_is_not_trusted(tls_dir: Path) -> None:
    answer = signed(tls_dir)
    answer.public_key = X25519PrivateKey.generate().public_key().public_bytes_raw()
    with pytest.raises(UntrustedKey, match="signature is wrong"):
        sealed_to(answer, tls_dir, "aws", "aws", b"secret")


def test_a_certificate_of_another_authority_is_not_trusted(tls_dir: Path, tmp_path: Path) -> None:
    devca.ensure(tmp_path, ("mcal",))
    with pytest.raises(UntrustedKey):
        sealed_to(signed(tmp_path), tls_dir, "aws", "aws", b"secret")


def test_nothing_is_no_key(tls_dir: Path) -> None:
    with pytest.raises(UntrustedKey):
        sealed_to(pb.PublicKeyResponse(), tls_dir, "aws", "aws", b"secret")
