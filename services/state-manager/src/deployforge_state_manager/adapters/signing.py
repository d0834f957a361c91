"""Signs exports with the service's own key, and says whose signature an import carries."""

from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from deployforge_state_manager.domain.chain import UntrustedSigner


class Signer:
    """The certificate of mutual TLS is also what an installation is known by to others. ECDSA with SHA-256."""

    def __init__(self, chain: Path, key: Path, ca: Path) -> None:
        self._chain, self._key, self._ca = chain, key, ca

    @property
    def certificate(self) -> str:
        """The own certificate, PEM."""
        return self._own().public_bytes(serialization.Encoding.PEM).decode()

    def sign(self, data: bytes) -> bytes:
        """The signature of `data`."""
        key = serialization.load_pem_private_key(self._key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return key.sign(data, ec.ECDSA(hashes.SHA256()))

    def verified(self, expected: str, certificate: str, signature: bytes, data: bytes) -> str:
        """The fingerprint of who signed: the one that is expected or, where none is, one whose certificate is of this
        installation's own authority for this service. Raises UntrustedSigner."""
        try:
            signer = x509.load_pem_x509_certificate(certificate.encode())
            key = signer.public_key()
            assert isinstance(key, ec.EllipticCurvePublicKey)
            key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
        except (ValueError, InvalidSignature, AssertionError):
            raise UntrustedSigner("the signature does not fit the file: it was changed as a whole") from None
        found = signer.fingerprint(hashes.SHA256()).hex()
        if expected:
            if found != expected.lower().replace(":", ""):
                raise UntrustedSigner(f"the file is signed by {found}, and not by {expected}")
        elif not self._is_ours(signer):
            raise UntrustedSigner(
                f"the file is signed by another installation, {found}: compare that with what `deployforge state export` "
                "said there, then import with --signer"
            )
        return found

    @property
    def fingerprint(self) -> str:
        """Of the own certificate: SHA-256, hexadecimal."""
        return self._own().fingerprint(hashes.SHA256()).hex()

    def _own(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._chain.read_bytes())

    def _is_ours(self, signer: x509.Certificate) -> bool:
        # Its time may have passed: what it signed in its time stays signed. Its name must be this service's.
        authority = x509.load_pem_x509_certificate(self._ca.read_bytes())
        try:
            signer.verify_directly_issued_by(authority)
        except (ValueError, TypeError, InvalidSignature):
            return False
        return signer.subject == self._own().subject and signer.not_valid_before_utc <= datetime.now(
            signer.not_valid_before_utc.tzinfo
        )
