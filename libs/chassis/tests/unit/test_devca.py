import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from deployforge_chassis import devca, tls
from deployforge_chassis.clock import FixedClock, SystemClock


def contents(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


def test_each_holder_is_named_in_its_certificate(tls_dir: Path) -> None:
    ca = x509.load_pem_x509_certificate((tls_dir / "ca.pem").read_bytes())
    for name in devca.HOLDERS:
        leaf, issuer = x509.load_pem_x509_certificates((tls_dir / f"{name}.pem").read_bytes())
        leaf.verify_directly_issued_by(ca)
        assert issuer == ca
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert names.get_values_for_type(x509.UniformResourceIdentifier) == [f"spiffe://deployforge/{name}"]
        assert names.get_values_for_type(x509.DNSName) == [name, "localhost"]
        assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
        assert leaf.subject.rfc4514_string() == f"CN={name}"
        key = load_pem_private_key((tls_dir / f"{name}.key").read_bytes(), None)
        assert key.public_key() == leaf.public_key()


def test_keys_are_only_for_their_owner(tls_dir: Path) -> None:
    secret = [*tls_dir.glob("*.key"), tls_dir / "broker.keystore.pem"]
    assert len(secret) == len(devca.HOLDERS) + 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}
    assert all(b"BEGIN PRIVATE KEY" in path.read_bytes() for path in secret)


def test_the_broker_gets_key_and_chain_in_one_file(tls_dir: Path) -> None:
    store = (tls_dir / "broker.keystore.pem").read_bytes()
    assert store == (tls_dir / "broker.key").read_bytes() + (tls_dir / "broker.pem").read_bytes()


def test_a_second_call_changes_nothing(tmp_path: Path) -> None:
    assert devca.ensure(tmp_path) == devca.HOLDERS
    before = contents(tmp_path)
    assert devca.ensure(tmp_path) == ()
    assert contents(tmp_path) == before


def test_leaves_close_to_their_end_are_renewed_under_the_same_authority(tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    devca.ensure(tmp_path, ("mcal",), clock)
    before = contents(tmp_path)
    clock.advance(timedelta(days=59).total_seconds())
    assert devca.ensure(tmp_path, ("mcal",), clock) == ()
    clock.advance(timedelta(days=2).total_seconds())
    assert devca.ensure(tmp_path, ("mcal",), clock) == ("mcal",)
    after = contents(tmp_path)
    assert after["ca.pem"] == before["ca.pem"]
    assert after["mcal.pem"] != before["mcal.pem"]


def test_an_authority_that_ends_is_replaced_with_all_its_leaves(tmp_path: Path) -> None:
    clock = FixedClock(SystemClock().now())
    devca.ensure(tmp_path, ("mcal",), clock)
    clock.advance(timedelta(days=3650 - 80).total_seconds())
    assert devca.ensure(tmp_path, ("mcal",), clock) == ("mcal",)
    ca = x509.load_pem_x509_certificate((tmp_path / "ca.pem").read_bytes())
    x509.load_pem_x509_certificate((tmp_path / "mcal.pem").read_bytes()).verify_directly_issued_by(ca)


def test_a_missing_file_is_made_again(tmp_path: Path) -> None:
    devca.ensure(tmp_path)
    (tmp_path / "healer.key").unlink()
    (tmp_path / "broker.keystore.pem").unlink()
    assert set(devca.ensure(tmp_path)) == {"healer", "broker"}


def test_two_at_once_make_one_authority(tmp_path: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        issued = list(pool.map(lambda _: devca.ensure(tmp_path, ("mcal",)), range(4)))
    assert sorted(issued) == [(), (), (), ("mcal",)]


def test_what_tls_needs_is_found_or_named(tls_dir: Path, tmp_path: Path) -> None:
    files = tls.load(tls_dir, "mcal")
    assert files.kafka_settings()["ssl.key.location"] == str(tls_dir / "mcal.key")
    assert files.ssl_context().verify_mode.name == "CERT_REQUIRED"
    with pytest.raises(tls.TlsFileMissing, match=r"ca\.pem"):
        tls.load(tmp_path, "mcal")
