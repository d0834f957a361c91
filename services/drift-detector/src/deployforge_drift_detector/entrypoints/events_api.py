"""Part: takes in clouds' change events over HTTP, for senders that show their token.

`POST /events/aws`, `/events/azure`, `/events/gcp`; the token stands in `Authorization: Bearer …`, or in the query as
`?token=…` for senders that can set no header. It is for an ingress that ends TLS and that clouds can reach.
"""

import hmac
import json
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import structlog
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.part import Part, ThreadPart
from eventsourcing.persistence import PersistenceError

from deployforge_drift_detector.application.intake import Intake, TooMany
from deployforge_drift_detector.domain.cloud_events import BadEvent, read, validation_code

log = structlog.get_logger(__name__)

CLOUDS: Final = ("aws", "azure", "gcp")
_BYTES_AT_MOST: Final = 1_048_576
_READ_SECONDS: Final = 10.0
_SHORTEST_TOKEN: Final = 16
_AGAIN_SECONDS: Final = 10
_ASK_SECONDS: Final = 0.3
_RETRY_SECONDS: Final = 1.0


class BadTokens(ValueError):
    """The file of tokens cannot be used."""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(
            f"{path}: {why}; expected a JSON object of {', '.join(CLOUDS)} → a token of {_SHORTEST_TOKEN} or more"
        )


def load_tokens(path: Path) -> Mapping[str, str]:
    """Cloud → token. Raises BadTokens, which names no token."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadTokens(path, type(error).__name__) from None
    if not isinstance(value, dict) or not value.keys() <= set(CLOUDS):
        raise BadTokens(path, "not that")
    if short := [cloud for cloud, token in value.items() if not isinstance(token, str) or len(token) < _SHORTEST_TOKEN]:
        raise BadTokens(path, f"the token of {short[0]} is too short")
    return value


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Clouds deliver what happened at once at once; five that wait, as is usual, would be too few.
    request_queue_size = 128


class EventsServer:
    """See Part."""

    name = "events"

    def __init__(self, address: str, tokens: Mapping[str, str], intake: Intake) -> None:
        host, _, port = address.rpartition(":")
        handler = type("Handler", (_Handler,), {"tokens": dict(tokens), "intake": intake})
        self._address, self._handler = (host, int(port)), handler
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port in use; known once started."""
        return self._server.server_port if self._server is not None else self._address[1]

    def start(self) -> None:
        self._server = _Server(self._address, self._handler)
        threading.Thread(target=self._server.serve_forever, name="events", daemon=True).start()
        log.info("events are taken in", port=self.port)

    def stop(self, timeout: float) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def failed(self) -> BaseException | None:
        return None


class Asking(ThreadPart):
    """Part: asks for the scans of what was taken in."""

    def __init__(self, intake: Intake) -> None:
        super().__init__("events-asking")
        self._intake = intake

    def run(self) -> None:
        """Until stopped; what cannot be asked for now waits."""
        while not self.stopping.wait(_ASK_SECONDS):
            try:
                self._intake.tick()
            except (PersistenceError, KeyUnavailable) as outage:
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self.stopping.wait(_RETRY_SECONDS)


def taken_in(address: str, tokens: Path | None, intake: Intake) -> list[Part]:
    """What takes events in; nothing where no address is named. Raises BadTokens."""
    if not address:
        return []
    if tokens is None:
        raise BadTokens(Path("DEPLOYFORGE_EVENTS_TOKENS"), "not set")
    return [Asking(intake), EventsServer(address, load_tokens(tokens), intake)]


class _Handler(BaseHTTPRequestHandler):
    tokens: Mapping[str, str]
    intake: Intake
    timeout = _READ_SECONDS
    server_version, sys_version = "deployforge", ""

    def do_POST(self) -> None:
        """One delivery."""
        url = urlsplit(self.path)
        cloud = url.path.removeprefix("/events/")
        if cloud not in CLOUDS:
            self._answer(404, error="expected /events/aws, /events/azure or /events/gcp")
        elif not self._is_known(cloud, parse_qs(url.query)):
            self._answer(401, error="expected the token of this cloud, in Authorization: Bearer … or ?token=…")
        elif not 0 < (length := self._length()) <= _BYTES_AT_MOST:
            self._answer(
                413 if length > 0 else 411, error=f"expected a body of 1 to {_BYTES_AT_MOST} bytes, with its length"
            )
        else:
            self._take(cloud, self.rfile.read(length))

    def do_OPTIONS(self) -> None:
        """Event Grid's second schema asks whether it may send."""
        self.send_response(200)
        self.send_header("WebHook-Allowed-Origin", self.headers.get("WebHook-Request-Origin", "*"))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _take(self, cloud: str, body: bytes) -> None:
        if cloud == "azure" and (code := validation_code(body)) is not None:
            self._answer(200, validationResponse=code)
            return
        try:
            matched = self.intake.take(read(cloud, body))
        except BadEvent as bad:
            log.warning("event refused", cloud=cloud, reason=str(bad))
            self._answer(400, error=str(bad))
        except TooMany:
            self._answer(429, error="too many resources wait for their scan; send it again", again=_AGAIN_SECONDS)
        else:
            self._answer(202, matched=matched)

    def _is_known(self, cloud: str, query: Mapping[str, list[str]]) -> bool:
        expected = self.tokens.get(cloud)
        scheme, _, shown = self.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            shown = query.get("token", [""])[0]
        return expected is not None and hmac.compare_digest(shown.strip().encode(), expected.encode())

    def _length(self) -> int:
        try:
            return int(self.headers.get("Content-Length", "0"))
        except ValueError:
            return 0

    def _answer(self, status: int, again: int = 0, **said: Any) -> None:
        body = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if again:
            self.send_header("Retry-After", str(again))
        if status >= 400:
            # The body may not have been read.
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        """Nothing: request lines hold tokens."""
