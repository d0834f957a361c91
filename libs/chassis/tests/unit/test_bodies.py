from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from uuid import uuid4

import grpc
import pytest
from deployforge.common.v1 import feed_pb2_grpc
from deployforge_chassis import canonical
from deployforge_chassis.bodies import Bodies, BodiesServicer, BodyDiffers, BodyNotFound, fetch
from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer

OWNER = uuid4()


@pytest.fixture
def bodies(fresh_database: Database, sealer: Sealer) -> Bodies:
    return Bodies(fresh_database, sealer)


@contextmanager
def _served(get: Callable[[str], bytes]) -> Iterator[grpc.Channel]:
    server = grpc.server(ThreadPoolExecutor(2))
    feed_pb2_grpc.add_BodiesServicer_to_server(BodiesServicer(get), server)  # type: ignore[no-untyped-call]
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel
    finally:
        server.stop(0).wait()


def test_a_body_is_found_by_its_digest_and_stored_once(bodies: Bodies, fresh_database: Database) -> None:
    digest, write = bodies.put(OWNER, b"manifest")
    with pytest.raises(BodyNotFound):
        bodies.get(digest)
    fresh_database.write([write, bodies.put(OWNER, b"manifest")[1]])
    assert digest == canonical.digest(b"manifest")
    assert bodies.get(digest) == b"manifest"
    assert len(fresh_database.query("SELECT 1 FROM bodies")) == 1


def test_a_body_lies_sealed(bodies: Bodies, fresh_database: Database) -> None:
    fresh_database.write([bodies.put(OWNER, b"a very plain text")[1]])
    [row] = fresh_database.query("SELECT sealed FROM bodies")
    assert b"plain" not in bytes(row["sealed"])


@pytest.mark.parametrize("size_bytes", [0, 1, (1 << 20) - 1, 1 << 20, (5 << 20) + 7])
def test_a_body_of_any_size_reaches_a_consumer(bodies: Bodies, fresh_database: Database, size_bytes: int) -> None:
    data = b"x" * size_bytes
    digest, write = bodies.put(OWNER, data)
    fresh_database.write([write])
    with _served(bodies.get) as channel:
        assert fetch(channel, digest) == data


def test_a_consumer_notices_a_body_that_is_not_what_it_asked_for() -> None:
    with _served(lambda _: b"something else") as channel, pytest.raises(BodyDiffers):
        fetch(channel, canonical.digest(b"manifest"))
