"""Certificates of one holder, read from `tls_dir`, in the shape that each library wants them."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import grpc


class TlsFileMissing(FileNotFoundError):
    """A certificate or key that mutual TLS needs is not in the directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} is missing; TLS needs ca.pem and <name>.pem/.key in this directory")
        self.path = path


@dataclass(frozen=True)
class TlsFiles:
    """Where a holder's trust anchor, chain and key are. All PEM; the key is PKCS8."""

    ca: Path
    chain: Path
    key: Path

    def server_credentials(self) -> grpc.ServerCredentials:
        """For a gRPC server that asks every client for a certificate of our CA."""
        return grpc.ssl_server_credentials(
            [(self.key.read_bytes(), self.chain.read_bytes())],
            root_certificates=self.ca.read_bytes(),
            require_client_auth=True,
        )

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """For a gRPC client that shows its own certificate."""
        return grpc.ssl_channel_credentials(
            root_certificates=self.ca.read_bytes(),
            private_key=self.key.read_bytes(),
            certificate_chain=self.chain.read_bytes(),
        )

    def kafka_settings(self) -> dict[str, str]:
        """The librdkafka (confluent-kafka) settings for mutual TLS with host name verification."""
        return {
            "security.protocol": "ssl",
            "ssl.ca.location": str(self.ca),
            "ssl.certificate.location": str(self.chain),
            "ssl.key.location": str(self.key),
            "ssl.endpoint.identification.algorithm": "https",
        }

    def ssl_context(self) -> ssl.SSLContext:
        """A client context for libraries that speak through `ssl` (aiokafka, httpx)."""
        context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(self.ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(str(self.chain), str(self.key))
        return context


def load(tls_dir: Path, name: str) -> TlsFiles:
    """The files of `name` in `tls_dir`; refuses (TlsFileMissing) when one is absent."""
    files = TlsFiles(ca=tls_dir / "ca.pem", chain=tls_dir / f"{name}.pem", key=tls_dir / f"{name}.key")
    for path in (files.ca, files.chain, files.key):
        if not path.is_file():
            raise TlsFileMissing(path)
    return files
