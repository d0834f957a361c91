"""A certificate authority for development: made once, on this machine, so that there is no insecure mode.

Every holder gets one leaf certificate. Production brings its own certificates with the same names in them.
"""

import fcntl
import ipaddress
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deployforge_chassis.clock import Clock, SystemClock
from deployforge_chassis.identity import BROKER, CLIENT, SERVICES, spiffe_id

HOLDERS: Final = (*SERVICES, CLIENT, BROKER)
_CA_LIFE: Final = timedelta(days=3650)
_LEAF_LIFE: Final = timedelta(days=90)
_RENEW_BEFORE: Final = timedelta(days=30)
_BACKDATE: Final = timedelta(minutes=5)
"""Clocks of two machines disagree; a certificate is valid from a little before it was made."""


@dataclass(frozen=True)
class _Authority:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(tls_dir: Path, holders: Sequence[str] = HOLDERS, clock: Clock | None = None) -> tuple[str, ...]:
    """Make what is missing in `tls_dir` and renew what ends within 30 days; the names that were issued.

    Writes `ca.pem`, `ca.key`, and per holder `<name>.pem` (leaf, then CA), `<name>.key` (PKCS8); for the
    broker also `broker.keystore.pem` (key, leaf, CA in one file, as Kafka's PEM keystore wants it). Keys have
    mode 0600. A second call changes nothing; concurrent calls wait for each other.
    """
    now = (clock or SystemClock()).now()
    tls_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(tls_dir):
        authority = _authority(tls_dir, now)
        due = tuple(name for name in holders if not _is_good(tls_dir, name, authority, now))
        for name in due:
            _issue(tls_dir, name, authority, now)
    return due


@contextmanager
def _only_one(tls_dir: Path) -> Iterator[None]:
    with (tls_dir / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _authority(tls_dir: Path, now: datetime) -> _Authority:
    path, key_path = tls_dir / "ca.pem", tls_dir / "ca.key"
    if path.is_file() and key_path.is_file():
        certificate = x509.load_pem_x509_certificate(path.read_bytes())
        key = serialization.load_pem_private_key(key_path.read_bytes(), None)
        if isinstance(key, ec.EllipticCurvePrivateKey) and certificate.not_valid_after_utc - now > _LEAF_LIFE:
            return _Authority(certificate, key)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "deployforge development CA")])
    certificate = (
        _builder(name, name, key.public_key(), now, _CA_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    _write(key_path, _pem(key), secret=True)
    _write(path, _pem(certificate))
    return _Authority(certificate, key)


def _is_good(tls_dir: Path, name: str, authority: _Authority, now: datetime) -> bool:
    paths = [tls_dir / f"{name}.pem", tls_dir / f"{name}.key"]
    if name == BROKER:
        paths.append(tls_dir / f"{name}.keystore.pem")
    if not all(path.is_file() for path in paths):
        return False
    leaf = x509.load_pem_x509_certificate(paths[0].read_bytes())
    try:
        leaf.verify_directly_issued_by(authority.certificate)
    except Exception:
        return False
    return leaf.not_valid_after_utc - now > _RENEW_BEFORE


def _issue(tls_dir: Path, name: str, authority: _Authority, now: datetime) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    alternative = [
        x509.UniformResourceIdentifier(spiffe_id(name)),
        x509.DNSName(name),
        x509.DNSName("localhost"),
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
    ]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    leaf = (
        _builder(subject, authority.certificate.subject, key.public_key(), now, _LEAF_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)
        .add_extension(x509.SubjectAlternativeName(alternative), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), False)
        .sign(authority.key, hashes.SHA256())
    )
    chain = _pem(leaf) + _pem(authority.certificate)
    # The key first: a crash in between leaves no certificate, and the next call starts over.
    (tls_dir / f"{name}.pem").unlink(missing_ok=True)
    _write(tls_dir / f"{name}.key", _pem(key), secret=True)
    if name == BROKER:
        _write(tls_dir / f"{name}.keystore.pem", _pem(key) + chain, secret=True)
    _write(tls_dir / f"{name}.pem", chain)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(thing: x509.Certificate | ec.EllipticCurvePrivateKey) -> bytes:
    if isinstance(thing, x509.Certificate):
        return thing.public_bytes(serialization.Encoding.PEM)
    return thing.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _write(path: Path, content: bytes, *, secret: bool = False) -> None:
    """Replace `path` in one step; a secret is never readable by others, not even for a moment."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600 if secret else 0o644)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    fresh.replace(path)
