"""What every schema registry must do, on the one in memory and, over HTTP, on the Confluent API.

The HTTP server here answers as Confluent's API reference says. With DEPLOYFORGE_TEST_REGISTRY_URL the same suite
also runs on a real registry at that URL.
"""

import json
import os
import re
import threading
import uuid
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from deployforge_chassis.registry import (
    IncompatibleSchema,
    MemoryRegistry,
    Registry,
    RegistryClient,
    RegistryUnavailable,
    UnknownSchema,
)

REAL = os.environ.get("DEPLOYFORGE_TEST_REGISTRY_URL", "")


def text(*fields: dict[str, Any]) -> str:
    return json.dumps({"type": "record", "name": "Tick", "namespace": "deployforge.mcal", "fields": fields})


ONE = text({"name": "id", "type": "string"})
TWO = text({"name": "id", "type": "string"}, {"name": "n", "type": "int", "default": 0})
BREAKING = text({"name": "id", "type": "string"}, {"name": "n", "type": "int"})


class ConfluentApi(BaseHTTPRequestHandler):
    """The three calls that we use, backed by a registry in memory."""

    registry: MemoryRegistry

    def do_PUT(self) -> None:
        assert self.path == "/apis/ccompat/v7/config"
        asked = self._body()
        assert asked == {"compatibility": "FULL_TRANSITIVE"}
        self.registry.require_full_transitive()
        self._answer(200, asked)

    def do_POST(self) -> None:
        match = re.fullmatch(r"/apis/ccompat/v7/subjects/([^/]+)/versions", self.path)
        assert match
        try:
            self._answer(200, {"id": self.registry.register(match[1], self._body()["schema"])})
        except IncompatibleSchema as refusal:
            self._answer(409, {"error_code": 409, "message": str(refusal)})

    def do_GET(self) -> None:
        match = re.fullmatch(r"/apis/ccompat/v7/schemas/ids/(\d+)", self.path)
        assert match
        try:
            self._answer(200, {"schema": self.registry.schema(int(match[1]))})
        except UnknownSchema as refusal:
            self._answer(404, {"error_code": 40403, "message": str(refusal)})

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""

    def _body(self) -> Any:
        return json.loads(self.rfile.read(int(self.headers["Content-Length"])))

    def _answer(self, status: int, body: Any) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture(params=["memory", "http", *(["real"] if REAL else [])])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    if request.param == "memory":
        yield MemoryRegistry()
        return
    if request.param == "real":
        client = RegistryClient(REAL)
        yield client
        client.close()
        return
    handler = type("Api", (ConfluentApi,), {"registry": MemoryRegistry()})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = RegistryClient(f"http://127.0.0.1:{server.server_port}/apis/ccompat/v7")
    yield client
    client.close()
    server.shutdown()
    server.server_close()


@pytest.fixture
def subject() -> str:
    return f"deployforge.test.T{uuid.uuid4().hex}"


def test_the_same_schema_has_the_same_id(registry: Registry, subject: str) -> None:
    first = registry.register(subject, ONE)
    second = registry.register(subject, TWO)
    assert first != second
    assert registry.register(subject, ONE) == first
    assert registry.register(subject, TWO) == second


def test_a_schema_is_found_by_its_id(registry: Registry, subject: str) -> None:
    assert json.loads(registry.schema(registry.register(subject, ONE))) == json.loads(ONE)


def test_an_id_that_was_never_given_is_unknown(registry: Registry) -> None:
    with pytest.raises(UnknownSchema):
        registry.schema(987_654_321)


def test_a_breaking_version_is_refused_once_full_transitive_is_required(registry: Registry, subject: str) -> None:
    registry.require_full_transitive()
    registry.register(subject, ONE)
    registry.register(subject, TWO)
    with pytest.raises(IncompatibleSchema):
        registry.register(subject, BREAKING)
    assert registry.register(subject, TWO)


def test_a_registry_that_is_not_there_is_a_passing_trouble() -> None:
    down = MemoryRegistry()
    down.down = True
    for absent in (down, RegistryClient("http://127.0.0.1:9/apis/ccompat/v7")):
        with pytest.raises(RegistryUnavailable):
            absent.register("x", ONE)
        with pytest.raises(RegistryUnavailable):
            absent.schema(1)
        with pytest.raises(RegistryUnavailable):
            absent.require_full_transitive()
