"""The key pair that root credentials are sealed to before they are sent, so that nobody on their way can read them.

HPKE (RFC 9180) in base mode: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM. Name and type are bound by `info`.
The public key is signed with this service's TLS key: whoever forwards it cannot put another in its place.
"""

from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from deployforge_chassis import tls
from deployforge_chassis.database import Database
from deployforge_chassis.identity import MCAL
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer

from deployforge_mcal.application.mcal import SYSTEM
from deployforge_mcal.application.stores import NotForUs, SignedKey

SCHEMA: Final = (
    "CREATE TABLE IF NOT EXISTS credential_key (id int PRIMARY KEY CHECK (id = 1), sealed bytea NOT NULL, "
    "made_at timestamptz NOT NULL DEFAULT now())",
)
_SUITE: Final = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_PLACE: Final = "credential-key"
_SIGNED: Final = b"deployforge root credential key\n"


class PostgresLetterbox:
    """See Letterbox. One key pair for all replicas, made by the first; sealed like the credentials themselves."""

    def __init__(self, database: Database, sealer: Sealer, tls_dir: Path) -> None:
        self._database, self._sealer, self._tls_dir = database, sealer, tls_dir
        database.migrate([*Sealer.SCHEMA, *SCHEMA])
        sealer.declare(SealedColumn("credential_key", "sealed", ("id",), lambda _: _PLACE))
        fresh = X25519PrivateKey.generate().private_bytes_raw()
        database.query(
            "INSERT INTO credential_key (id, sealed) VALUES (1, %s) ON CONFLICT DO NOTHING",
            (sealer.seal(SYSTEM, fresh, _PLACE),),
        )

    def key(self) -> SignedKey:
        """See Letterbox."""
        public = self._private().public_key().public_bytes_raw()
        files = tls.load(self._tls_dir, MCAL)
        signer = load_pem_private_key(files.key.read_bytes(), None)
        assert isinstance(signer, EllipticCurvePrivateKey), "principals are signed with such keys too"
        return SignedKey(public, signer.sign(_SIGNED + public, ECDSA(SHA256())), files.chain.read_bytes())

    def opened(self, name: str, type: str, sealed: bytes) -> bytes:
        """See Letterbox."""
        try:
            return _SUITE.decrypt(sealed, self._private(), _info(name, type))
        except (InvalidTag, ValueError):
            raise NotForUs(name) from None

    def _private(self) -> X25519PrivateKey:
        row = self._database.one("SELECT sealed FROM credential_key WHERE id = 1")
        assert row is not None, "made at start"
        return X25519PrivateKey.from_private_bytes(self._sealer.open(bytes(row["sealed"]), _PLACE))


def _info(name: str, type: str) -> bytes:
    return f"deployforge root credential\n{name}\n{type}".encode()
