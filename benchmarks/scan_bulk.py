"""Clouds that tell what there is a thousand resources at a time: a Google Cloud with nothing but Cloud Asset Inventory."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing import get_context
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.domain.units import ResourceSpec, Scope
from scan_fleet import Made, compiled_of, placed

PAGE: Final = 1000
_SPAWN: Final = get_context("spawn")
_PROJECT: Final = "bench"
_LABELS: Final = {"env": "bench", "team": "shop"}
_TOPICS: Final = "pubsub.googleapis.com/Topic"
CREDENTIAL: Final = "gcp-bench"
#: A token instead of a key: nothing is signed.
ROOT: Final = {"type": "gcp", "token": "t", "serviceAccount": "d@bench", "readerServiceAccount": "r@bench"}


def fleet(count: int) -> list[Made]:
    """So many topics, as the inventory has them."""
    scope = Scope("gcp", _PROJECT, "europe-west1", CREDENTIAL)
    specs = tuple(
        ResourceSpec(f"urn:df:bulk:fleet:r{n}", f"r{n}", "Topic", {"name": f"t{n}", "tags": _LABELS}) for n in range(count)
    )
    compiled = compiled_of(GcpProvider(), scope, specs)
    return [placed(one, one.logical_id, scope, n) for n, one in enumerate(compiled)]


@contextmanager
def inventory(count: int) -> Iterator[str]:
    """The URL of an inventory of so many topics, in a process of its own."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(theirs, count), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{ours.recv()}"
    finally:
        process.kill()
        process.join()


def _serve(pipe: Any, count: int) -> None:
    pages = [_page(range(at, min(at + PAGE, count)), at + PAGE < count) for at in range(0, count, PAGE)]
    nothing = b"{}"

    class Google(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked = parse_qs(urlsplit(self.path).query)
            topics = "/cloudasset.googleapis.com/v1/" in self.path and asked["assetTypes"] == [_TOPICS]
            if topics and int(asked["pageSize"][0]) != PAGE:
                raise ValueError(f"pages are of {PAGE}")
            self._reply(pages[int(asked.get("pageToken", ["0"])[0])] if topics else nothing)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
            self._reply(json.dumps({"accessToken": "t", "expireTime": until}).encode())

        def _reply(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Google)
    pipe.send(server.server_port)
    server.serve_forever()


def _page(numbers: Sequence[int], more: bool) -> bytes:
    assets = []
    for n in numbers:
        name = f"projects/{_PROJECT}/topics/t{n}"
        data = {"name": name, "labels": _LABELS}
        assets.append(
            {"name": f"//pubsub.googleapis.com/{name}", "assetType": _TOPICS, "resource": {"version": "v1", "data": data}}
        )
    following = {"nextPageToken": str(numbers[-1] // PAGE + 1)} if more else {}
    return json.dumps({"readTime": "2026-01-01T00:00:00Z", "assets": assets, **following}).encode()
