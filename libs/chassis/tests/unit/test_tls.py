"""The certificates as the Kafka client library sees them: it must accept the broker's and show its own."""

import socket
import ssl
from pathlib import Path

import pytest
from confluent_kafka import Producer
from deployforge_chassis import devca, tls


def first_bytes_from_a_kafka_client(broker_dir: Path, client_dir: Path) -> tuple[bytes, str]:
    """What a client sends once TLS stands, and the common name that it showed; raises where TLS does not stand."""
    broker = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(broker_dir / "ca.pem"))
    broker.load_verify_locations(str(client_dir / "ca.pem"))  # whoever refuses here, it is the client
    broker.load_cert_chain(broker_dir / "broker.keystore.pem")
    broker.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        producer = Producer({"bootstrap.servers": address, "log_level": 0, **tls.load(client_dir, "mcal").kafka_settings()})
        connection, _ = listener.accept()
        with broker.wrap_socket(connection, server_side=True) as secured:
            secured.settimeout(10)
            sent = secured.recv(4)
            subject = dict(pair[0] for pair in secured.getpeercert()["subject"])
        del producer
    return sent, subject["commonName"]


def test_a_kafka_client_trusts_the_broker_and_names_itself(tls_dir: Path) -> None:
    sent, name = first_bytes_from_a_kafka_client(tls_dir, tls_dir)
    assert len(sent) == 4
    assert name == "mcal"


def test_a_kafka_client_does_not_talk_to_a_broker_of_another_authority(tls_dir: Path, tmp_path: Path) -> None:
    devca.ensure(tmp_path)
    with pytest.raises(ssl.SSLError):
        first_bytes_from_a_kafka_client(tmp_path, tls_dir)
