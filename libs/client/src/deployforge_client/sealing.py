"""Root credentials are sealed before they leave this process, to a key that nobody on the way can exchange.

HPKE (RFC 9180) in base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; `info` binds name and type. The key
is signed by the service that holds the private half, with the certificate that it proves itself by to its peers; the
control plane, which forwards both, has no such certificate.
"""

from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from deployforge.mcal.v1 import clouds_pb2

from deployforge_client.errors import DeployForgeError

_SIGNER: Final = x509.UniformResourceIdentifier("spiffe://deployforge/mcal")
_SIGNED: Final = b"deployforge root credential key\n"
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


class UntrustedKey(DeployForgeError):
    """The key to seal to is not vouched for by the service that opens credentials; nothing was sent."""

    def __init__(self, why: str) -> None:
        hint = "somebody may be in between; compare the ca.pem of this context with the installation's"
        super().__init__(f"the key for credentials cannot be trusted: {why}", hint=hint)


def sealed_to(key: clouds_pb2.PublicKeyResponse, tls_dir: Path, name: str, type: str, secret: bytes) -> bytes:
    """The secret, readable by the key's holder alone and for this name and type alone. Raises UntrustedKey."""
    try:
        _verify(key, x509.load_pem_x509_certificates((tls_dir / "ca.pem").read_bytes()))
        public = X25519PublicKey.from_public_bytes(key.public_key)
    except (ValueError, VerificationError) as error:
        raise UntrustedKey(str(error)) from error
    except InvalidSignature:
        raise UntrustedKey("its signature is wrong") from None
    return _SUITE.encrypt(secret, public, f"deployforge root credential\n{name}\n{type}".encode())


def _verify(key: clouds_pb2.PublicKeyResponse, authorities: list[x509.Certificate]) -> None:
    leaf, *others = x509.load_pem_x509_certificates(key.certificates)
    # The profile for clients is the one that compares no host name; every certificate of a service is good for it.
    verified = PolicyBuilder().store(Store(authorities)).build_client_verifier().verify(leaf, others)
    if _SIGNER not in (verified.subjects or ()):
        raise VerificationError(f"it is signed by {leaf.subject.rfc4514_string()}")
    holder = leaf.public_key()
    if not isinstance(holder, EllipticCurvePublicKey):
        raise VerificationError("it is not signed with an elliptic curve")
    holder.verify(key.signature, _SIGNED + key.public_key, ECDSA(SHA256()))
