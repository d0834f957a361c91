"""Content-addressed bodies: large values that facts name by digest, sealed at rest, served to consumers."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import grpc
from deployforge.common.v1 import feed_pb2, feed_pb2_grpc

from deployforge_chassis import canonical
from deployforge_chassis.database import Database
from deployforge_chassis.facts import Write
from deployforge_chassis.sealed_columns import SealedColumn
from deployforge_chassis.sealing import Sealer

_CHUNK_BYTES = 1 << 20


class BodyNotFound(LookupError):
    """No body of that digest is held here."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"no body {digest}")
        self.digest = digest


class BodyDiffers(Exception):
    """What came is not what the digest names."""


class Bodies:
    """The bodies of one service."""

    SCHEMA = (
        "CREATE TABLE IF NOT EXISTS bodies (digest text NOT NULL, owner uuid NOT NULL, sealed bytea NOT NULL, "
        # A body that two deployments have is kept for each: one may be shredded.
        "created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (digest, owner))",
    )

    def __init__(self, database: Database, sealer: Sealer) -> None:
        self._database = database
        self._sealer = sealer
        database.migrate([*Sealer.SCHEMA, *self.SCHEMA])
        sealer.declare(SealedColumn("bodies", "sealed", ("digest", "owner"), lambda row: f"body|{row['digest']}"))

    def put(self, owner: UUID, data: bytes) -> tuple[str, Write]:
        """The digest of a body, and the write that stores it (again, harmlessly) in a transaction."""
        digest = canonical.digest(data)
        sealed = self._sealer.seal(owner, data, f"body|{digest}")
        return digest, (
            "INSERT INTO bodies (digest, owner, sealed) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
            (digest, owner, sealed),
        )

    def get(self, digest: str) -> bytes:
        """Raises BodyNotFound."""
        row = self._database.one("SELECT sealed FROM bodies WHERE digest = %s LIMIT 1", (digest,))
        if row is None:
            raise BodyNotFound(digest)
        return self._sealer.open(bytes(row["sealed"]), f"body|{digest}")


class BodiesServicer(feed_pb2_grpc.BodiesServicer):
    """`common.v1.Bodies`."""

    def __init__(self, get: Callable[[str], bytes]) -> None:
        self._get = get

    def Get(self, request: feed_pb2.GetRequest, context: grpc.ServicerContext) -> Iterator[feed_pb2.GetResponse]:
        """Send the body in chunks; BodyNotFound becomes NOT_FOUND."""
        data = self._get(request.digest)
        for start in range(0, max(len(data), 1), _CHUNK_BYTES):
            yield feed_pb2.GetResponse(chunk=data[start : start + _CHUNK_BYTES])


def fetch(channel: grpc.Channel, digest: str, *, timeout_seconds: float = 30.0) -> bytes:
    """The body from the service behind `channel`. Raises BodyNotFound, BodyDiffers, or the call's error."""
    stub: Any = feed_pb2_grpc.BodiesStub(channel)  # type: ignore[no-untyped-call]
    try:
        answers = stub.Get(feed_pb2.GetRequest(digest=digest), timeout=timeout_seconds)
        data = b"".join(answer.chunk for answer in answers)
    except grpc.RpcError as error:
        if error.code() is grpc.StatusCode.NOT_FOUND:
            raise BodyNotFound(digest) from error
        raise
    if canonical.digest(data) != digest:
        raise BodyDiffers(f"asked for {digest}, got {canonical.digest(data)}")
    return data
