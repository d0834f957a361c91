"""A short-lived AWS credential with its clients: every call has timeouts, and outlasts a cloud that is away a while."""

import threading
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from functools import lru_cache, partial
from typing import Any, Final

import boto3
import botocore
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.paginate import Paginator

from deployforge_mcal.adapters.aws.errors import again, failure_of, is_missing, is_throttling, retry_after
from deployforge_mcal.adapters.turns import at_once, patiently
from deployforge_mcal.application.pacing import Turns, Unpaced
from deployforge_mcal.application.ports import NoSecrets, SecretValues
from deployforge_mcal.domain.operation import Grant

#: How long a call goes on trying while AWS is away or asks for patience.
PATIENCE_SECONDS: Final = 60.0
READ_PATIENCE_SECONDS: Final = 4.0
_AGENT: Final = f"deployforge Botocore/{botocore.__version__}"


class Unreadable:
    """A resource could not be read, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


@lru_cache(maxsize=1)
def _loader() -> Any:
    """The service descriptions, read once: every credential has clients of its own, and they are large."""
    return botocore.loaders.create_loader()


def _core() -> Any:
    core = botocore.session.Session()
    core.register_component("data_loader", _loader())
    return core


@lru_cache
def _pagination(service: str) -> Any:
    """How a service's lists are paged, read once."""
    return _core().get_paginator_model(service)


def config(endpoint: str, most: int) -> Config:
    """Timeouts; AWS's own retries are off because `Session.call` has one budget for all of them. A connection for each
    of the calls that may be under way at once."""
    return Config(
        connect_timeout=3,
        read_timeout=20,
        retries={"total_max_attempts": 1},
        # Botocore would put its own together anew for every call, which takes a twelfth of the time of one.
        user_agent=_AGENT,
        max_pool_connections=most,
        # Emulators do not resolve bucket names as hosts.
        s3={"addressing_style": "path"} if endpoint else {},
    )


class AwsSession:
    """Clients of one credential in one region. Threads may share it."""

    def __init__(
        self,
        grant: Grant,
        keys: Mapping[str, str],
        region: str,
        endpoint: str = "",
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        hold: Callable[[], None] = lambda: None,
        secrets: SecretValues | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._turns: Turns = turns if turns is not None else Unpaced()
        self._grant = grant
        self._keys = dict(keys)
        self.region = region
        self.endpoint = endpoint
        self._patience = patience_seconds
        self._hold = hold
        self.secrets: SecretValues = secrets if secrets is not None else NoSecrets()
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AwsSession({self._grant.session!r}, {self.region!r})"

    @property
    def grant(self) -> Grant:
        """What was issued."""
        return self._grant

    def client(self, service: str) -> Any:
        """A boto3 client, made once."""
        with self._lock:
            if service not in self._clients:
                make: Any = boto3.session.Session(botocore_session=_core()).client
                self._clients[service] = make(
                    service,
                    region_name=self.region,
                    endpoint_url=self.endpoint or None,
                    aws_access_key_id=self._keys["AccessKeyId"],
                    aws_secret_access_key=self._keys["SecretAccessKey"],
                    aws_session_token=self._keys.get("SessionToken"),
                    config=config(self.endpoint, self._turns.most),
                )
            return self._clients[service]

    def call(self, service: str, operation: str, **arguments: Any) -> Any:
        """One call, repeated while the error is transient. Raises what botocore raised last, or what `hold` raises:
        that is asked before every attempt, since a process may be stopped for longer than its work is its own."""
        method = getattr(self.client(service), operation)

        def attempt() -> Any:
            with self._turns.turn(f"{service}.{self.region}") as turn:
                self._hold()
                try:
                    return method(**arguments)
                except Exception as error:
                    if is_throttling(error):
                        turn.throttled(retry_after(error))
                    raise

        return patiently(attempt, self._patience, again)

    def pages(self, service: str, operation: str, result: str, **arguments: Any) -> list[Any]:
        """All items of a paginated call, each page a call of its own."""
        client = self.client(service)
        call = partial(self.call, service, operation)
        if not client.can_paginate(operation):
            return list(call(**arguments).get(result, ()))
        name = client.meta.method_to_api_mapping[operation]
        how = _pagination(service).get_paginator(name)
        pages: Any = Paginator(call, how, client.meta.service_model.operation_model(name)).paginate(**arguments)
        return [item for page in pages for item in page.get(result, ())]

    def waiting(self) -> "AwsSession":
        """The same credential and clients, for a scan: its calls wait for their turns."""
        other = copy(self)
        other._turns = self._turns.waiting()
        return other

    def or_none(self, service: str, operation: str, **arguments: Any) -> Any | None:
        """As `call`, but None when the thing does not exist."""
        try:
            return self.call(service, operation, **arguments)
        except Exception as error:
            if is_missing(error):
                return None
            raise

    def each(self, ids: Iterable[str], read: Callable[[str], dict[str, Any] | None]) -> dict[str, Any]:
        """`read` for every id at once. None means missing; an error becomes Unreadable."""
        return at_once(ids, lambda id: _read(read, id))


def _read(read: Callable[[str], dict[str, Any] | None], id: str) -> dict[str, Any] | Unreadable | None:
    try:
        return read(id)
    except Exception as error:
        if is_missing(error):
            return None
        return Unreadable(str(failure_of(error)))
