"""A short-lived token on one project: Google's client of Infrastructure Manager, and the REST of every other service.
Every call has timeouts, heeds Retry-After, and asks before it changes something whether it still may.
"""

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from typing import Any, Final, TypeVar
from urllib.parse import quote

import requests

from deployforge_mcal.adapters.bodies import Body
from deployforge_mcal.adapters.gcp import placing
from deployforge_mcal.adapters.gcp.errors import GoogleError, failure_of, is_missing
from deployforge_mcal.adapters.gcp.placing import Place
from deployforge_mcal.adapters.shared import Shared
from deployforge_mcal.adapters.turns import at_once, patiently
from deployforge_mcal.application.pacing import Turns, Unpaced
from deployforge_mcal.application.ports import NoSecrets, SecretValues
from deployforge_mcal.domain.operation import Failure, Grant

T = TypeVar("T")

#: How long a call goes on trying while Google is away or asks for patience.
PATIENCE_SECONDS: Final = 60.0
READ_PATIENCE_SECONDS: Final = 4.0
#: How long one operation of a service may take.
OPERATION_SECONDS: Final = 300.0
CONFIG: Final = "config.googleapis.com"
_TIMEOUT: Final = (3.05, 30)
#: Far less than an inventory lags behind anyway.
_SHARED_SECONDS: Final = 10.0
_FIRST_PAUSE_SECONDS, _LAST_PAUSE_SECONDS = 0.2, 5.0
_AGAIN: Final = frozenset({408, 429, 500, 502, 503, 504})


class Unreadable:
    """A resource could not be read, and why."""

    def __init__(self, failure: Failure) -> None:
        self.code, self.reason = failure.code, f"{failure.code}: {failure.message}"


class GcpSession:
    """One token. Threads may share it."""

    def __init__(
        self, grant: Grant, token: str, place: Place, settings: Mapping[str, str], endpoint: str = "", *,
        patience_seconds: float = PATIENCE_SECONDS, hold: Callable[[], None] = lambda: None,
        secrets: SecretValues | None = None, turns: Turns | None = None,
    ) -> None:  # fmt: skip
        """`settings`: `actuator`, the service account that Infrastructure Manager works as, and `bucket`, which keeps
        blueprints."""
        self._grant, self.place, self.endpoint = grant, place, endpoint
        self.actuator, self.bucket = settings["actuator"], settings["bucket"]
        self.secrets: SecretValues = secrets if secrets is not None else NoSecrets()
        self._token, self._hold, self._patience = token, hold, patience_seconds
        self._turns: Turns = turns if turns is not None else Unpaced()
        self.listings: Shared[Any] | None = None
        """What scans of one project list together; whoever else reads lists for itself."""
        self._local = threading.local()
        self._lock = threading.Lock()
        self._clients: dict[str, Callable[..., Any]] = {}

    def __repr__(self) -> str:
        return f"GcpSession({self._grant.session!r}, {self.place.parent!r})"

    @property
    def grant(self) -> Grant:
        """What was issued."""
        return self._grant

    # --- REST -----------------------------------------------------------------------------------------

    def call(
        self, method: str, url: str, body: Any = None, *, data: bytes | None = None, params: Mapping[str, str] | None = None
    ) -> requests.Response:
        """One call, tried again while that may help. Raises GoogleError, or what requests raises."""

        def once() -> requests.Response:
            answer = self._http().request(
                method, url, json=body, data=data, params=dict(params or {}), timeout=_TIMEOUT, allow_redirects=False,
                headers={"Authorization": f"Bearer {self._token}"},
            )  # fmt: skip
            if answer.status_code >= 300:
                raise GoogleError.of(answer)
            return answer

        return self.attempt(placing.host(url, self.endpoint), once, changes=method != "GET")

    def get(self, full: str) -> Body | None:
        """A resource as its service shows it, or None when the service says that it does not exist."""
        try:
            return dict(self.call("GET", self.url(full)).json())
        except GoogleError as error:
            if is_missing(error):
                return None
            raise

    def pages(self, url: str, key: str, **params: str) -> Iterable[Any]:
        """Everything that a list has under a key, page by page."""
        token: str | None = ""
        while token is not None:
            page = self.call("GET", url, params={**params, **({"pageToken": token} if token else {})}).json()
            yield from page.get(key) or ()
            token = page.get("nextPageToken") or None

    def url(self, full: str, suffix: str = "") -> str:
        """Where a resource, or a collection below it, is."""
        return placing.url(full, self.endpoint) + suffix

    def base(self, host: str) -> str:
        """Where a service is."""
        return placing.base(host, self.endpoint)

    def delete(self, full: str) -> None:
        """Remove a resource and wait until it is gone; one that is not there is a success. Raises GoogleError."""
        try:
            self.call("DELETE", self.url(full))
        except GoogleError as error:
            if not is_missing(error):
                raise
        deadline = time.monotonic() + self._patience
        while self.get(full) is not None:
            if time.monotonic() > deadline:
                raise GoogleError(504, "DEADLINE_EXCEEDED", f"{full} is still there")
            time.sleep(_FIRST_PAUSE_SECONDS)

    def finish(self, url: str, operation: Mapping[str, Any]) -> None:
        """Wait until a service has done what it has begun about a URL of its. Raises GoogleError: what went wrong, or that
        it takes too long."""
        begun = f"{url.partition('/projects/')[0]}/{operation['name']}"
        deadline, pause = time.monotonic() + OPERATION_SECONDS, _FIRST_PAUSE_SECONDS
        while not operation.get("done"):
            if time.monotonic() > deadline:
                raise GoogleError(504, "DEADLINE_EXCEEDED", f"{operation['name']} is not done")
            time.sleep(pause)
            pause = min(pause * 1.7, _LAST_PAUSE_SECONDS)
            operation = self.call("GET", begun).json()
        if error := operation.get("error"):
            raise GoogleError.of_status(error)

    # --- objects in the bucket of blueprints ----------------------------------------------------------

    def upload(self, name: str, content: bytes) -> str:
        """Keep an object; its `gs://` address. Source: Cloud Storage, "Simple uploads"."""
        url = f"{self.base('storage.googleapis.com')}/upload/storage/v1/b/{self.bucket}/o"
        self.call("POST", url, data=content, params={"uploadType": "media", "name": name})
        return f"gs://{self.bucket}/{name}"

    def download(self, name: str) -> bytes | None:
        """An object, or None when there is none."""
        try:
            return self.call("GET", self._object(name), params={"alt": "media"}).content
        except GoogleError as error:
            if is_missing(error):
                return None
            raise

    def objects(self, prefix: str) -> list[str]:
        """Names of objects that begin so."""
        url = f"{self.base('storage.googleapis.com')}/storage/v1/b/{self.bucket}/o"
        return [str(one["name"]) for one in self.pages(url, "items", prefix=prefix)]

    def remove(self, name: str) -> None:
        """Forget an object; one that is not there is a success."""
        try:
            self.call("DELETE", self._object(name))
        except GoogleError as error:
            if not is_missing(error):
                raise

    def _object(self, name: str) -> str:
        quoted = quote(name, safe="")
        return f"{self.base('storage.googleapis.com')}/storage/v1/b/{self.bucket}/o/{quoted}"

    # --- Infrastructure Manager -----------------------------------------------------------------------

    def config(self, method: str, **request: Any) -> Any:
        """A call of Google's client, `get_deployment`: see `client`. Raises GoogleError, or what requests raises."""
        from deployforge_mcal.adapters.gcp.client import client

        call = self.client(CONFIG, client)
        return self.attempt(CONFIG, lambda: call(method, request), changes=not method.startswith(("get_", "list_")))

    def client(self, host: str, make: Callable[[str, str], Callable[..., Any]]) -> Callable[..., Any]:
        """A client of a service, made once: `make` is told where the service is, and the token."""
        with self._lock:
            if host not in self._clients:
                self._clients[host] = make(self.base(host), self._token)
            return self._clients[host]

    def attempt(self, host: str, once: Callable[[], T], *, changes: bool) -> T:
        """A call to a service, tried again while that may help; before one that changes something it is asked whether it
        still may."""

        def in_turn() -> T:
            with self._turns.turn(host) as turn:
                if changes:
                    self._hold()
                try:
                    return once()
                except GoogleError as error:
                    if error.throttles:
                        turn.throttled(error.retry_after)
                    raise

        return patiently(in_turn, self._patience, again)

    def waiting(self) -> "GcpSession":
        """The same token for a scan: its calls wait for their turns."""
        other = copy(self)
        other._turns = self._turns.waiting()
        other.listings = Shared(_SHARED_SECONDS)
        return other

    def _http(self) -> requests.Session:
        """requests' sessions are not made for threads."""
        found: requests.Session | None = getattr(self._local, "http", None)
        if found is None:
            found = self._local.http = requests.Session()
        return found

    def each(self, ids: Iterable[str], read: Callable[[str], T | None]) -> Mapping[str, T | Unreadable | None]:
        """`read` for every id at once. None means missing; an error becomes Unreadable."""
        return at_once(ids, lambda id: _read(read, id))


def again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds; see `turns.patiently`."""
    if isinstance(error, GoogleError):
        if error.status not in _AGAIN or error.reason == "QUOTA_EXCEEDED":
            return False
        return True if error.retry_after is None else error.retry_after
    return isinstance(error, requests.ConnectionError | requests.Timeout)


def _read(read: Callable[[str], T | None], id: str) -> T | Unreadable | None:
    try:
        return read(id)
    except Exception as error:
        return Unreadable(failure_of(error).failure)
