"""A short-lived token with Microsoft's clients on it: every call has timeouts, heeds Retry-After, and is correlated."""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

from azure.core.exceptions import ResourceNotFoundError, map_error
from azure.core.pipeline.policies import HeadersPolicy, HTTPPolicy, RetryPolicy
from azure.core.rest import HttpRequest
from azure.mgmt.resource.deployments import DeploymentsMgmtClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resourcegraph import ResourceGraphClient
from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

from deployforge_mcal.adapters.azure import versions
from deployforge_mcal.adapters.azure.errors import failure_of, is_missing
from deployforge_mcal.adapters.azure.placing import Place, type_of
from deployforge_mcal.adapters.turns import at_once
from deployforge_mcal.application.pacing import Turns, Unpaced
from deployforge_mcal.application.ports import NoSecrets, ProviderFailure, SecretValues
from deployforge_mcal.domain.operation import Failure, Grant

T = TypeVar("T")
Body = dict[str, Any]

#: How long a call goes on trying while Azure is away or asks for patience.
PATIENCE_SECONDS: Final = 60.0
READ_PATIENCE_SECONDS: Final = 4.0
#: How long one resource may take to be deleted, or a preview to be made.
_OPERATION_SECONDS: Final = 1800.0
_POLL_SECONDS: Final = 0.5
#: Types that a GET does not show: what they hold may be secret, and is told to whoever may ask for it by name.
_LISTED: Final = frozenset({"microsoft.web/sites/config"})
_SAFE: Final = frozenset({"GET", "HEAD"})
_TOO_MANY: Final = 429
_ARM: Final = "Microsoft.Resources"


class Unreadable:
    """A resource could not be read, and why."""

    def __init__(self, reason: str) -> None:
        self.reason = reason


class _Patience(RetryPolicy[Any, Any]):
    """Tries again for as long as the session has patience; what Azure wants to be longer is a failure now."""

    def __init__(self, seconds: float) -> None:
        often = 1000
        super().__init__(
            retry_total=often, retry_connect=often, retry_read=often, retry_status=often, retry_backoff_factor=0.4,
            retry_backoff_max=5, timeout=seconds,
        )  # fmt: skip
        self._seconds = seconds

    def is_retry(self, settings: dict[str, Any], response: Any) -> bool:
        """See RetryPolicy."""
        wanted = self.get_retry_after(response)
        return (wanted is None or wanted <= min(self._seconds, settings["timeout"])) and bool(
            super().is_retry(settings, response)
        )

    def get_retry_after(self, response: Any) -> float | None:
        """See RetryPolicy; Resource Graph says it in a header of its own. Source: Microsoft Learn, "Guidance for throttled
        requests in Azure Resource Graph"."""
        asked: float | None = super().get_retry_after(response)
        if asked is None and response.http_response.status_code == _TOO_MANY:
            hours, _, rest = str(response.http_response.headers.get("x-ms-user-quota-resets-after", "")).partition(":")
            minutes, _, seconds = rest.partition(":")
            if hours.isdecimal() and minutes.isdecimal() and seconds.isdecimal():
                return float(int(hours) * 3600 + int(minutes) * 60 + int(seconds))
        return asked


class _InTurn(HTTPPolicy[Any, Any]):
    """Runs for every attempt: when its turn has come, says who asks, after making sure that this process still may change
    something, and hears when it is too much."""

    def __init__(self, token: str, hold: Callable[[], None], turns: Turns, patience: _Patience) -> None:
        super().__init__()
        self._token, self._hold, self._turns, self._patience = token, hold, turns, patience

    def send(self, request: Any) -> Any:
        """See HTTPPolicy."""
        with self._turns.turn(_service(request.http_request.url)) as turn:
            if request.http_request.method not in _SAFE:
                self._hold()
            request.http_request.headers["Authorization"] = f"Bearer {self._token}"
            answer = self.next.send(request)
            if answer.http_response.status_code == _TOO_MANY:
                turn.throttled(self._patience.get_retry_after(answer))
            return answer


def _service(url: str) -> str:
    """The resource provider that a URL is of, which has limits of its own."""
    return url.partition("?")[0].rpartition("/providers/")[2].partition("/")[0] if "/providers/" in url else _ARM


class _NoCredential:
    """The policy brings the token; nobody asks for another one."""

    def get_token(self, *_: str, **__: Any) -> Any:
        """See TokenCredential."""
        raise ProviderFailure(Failure("CREDENTIAL_REFUSED", "Azure asks for a token that this operation does not have"))


class AzureSession:
    """Clients of one token on one resource group. Threads may share it."""

    def __init__(
        self,
        grant: Grant,
        token: str,
        place: Place,
        endpoint: str = "",
        *,
        patience_seconds: float = PATIENCE_SECONDS,
        hold: Callable[[], None] = lambda: None,
        secrets: SecretValues | None = None,
        turns: Turns | None = None,
    ) -> None:
        self._grant, self.place = grant, place
        self._turns: Turns = turns if turns is not None else Unpaced()
        self._again = partial(AzureSession, grant, token, place, endpoint, patience_seconds=patience_seconds)
        patience = _Patience(patience_seconds)
        self.secrets: SecretValues = secrets if secrets is not None else NoSecrets()
        shared: dict[str, Any] = {
            "authentication_policy": _InTurn(token, hold, self._turns, patience), "retry_policy": patience,
            # Azure's activity log shows it beside everything that this operation did.
            "headers_policy": HeadersPolicy({"x-ms-correlation-request-id": correlation(grant.session)}),
            "connection_timeout": 3, "read_timeout": 30, "polling_interval": _POLL_SECONDS,
            **({"base_url": endpoint} if endpoint else {}),
        }  # fmt: skip
        nobody = _NoCredential()
        self.resources = ResourceManagementClient(nobody, place.subscription, api_version=versions.ARM, **shared)
        self.deployments = DeploymentsMgmtClient(nobody, place.subscription, api_version=versions.ARM, **shared)
        self._graph = ResourceGraphClient(nobody, api_version=versions.GRAPH, **shared)
        self._versions: dict[str, str] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"AzureSession({self._grant.session!r}, {self.place.id!r})"

    @property
    def grant(self) -> Grant:
        """What was issued."""
        return self._grant

    def waiting(self) -> "AzureSession":
        """The same token for a scan: its calls wait for their turns."""
        return self._again(turns=self._turns.waiting())

    def version(self, id: str) -> str:
        """The api-version to read an id with: pinned, or the newest stable one that its provider lists."""
        type = type_of(id)
        if (known := versions.pinned(type)) is not None:
            return known
        with self._lock:
            if type.lower() not in self._versions:
                self._versions |= self._listed(type.partition("/")[0])
        if type.lower() not in self._versions:
            raise ProviderFailure(
                Failure("API_VERSION_UNKNOWN", f"Azure lists no api-version of {type}", "is it spelt right?")
            )
        return self._versions[type.lower()]

    def _listed(self, namespace: str) -> dict[str, str]:
        found = {}
        for one in self.resources.providers.get(namespace).resource_types or ():
            every = sorted(one.api_versions or (), reverse=True)
            stable = [v for v in every if "preview" not in v]
            if every:
                found[f"{namespace}/{one.resource_type}".lower()] = (stable or every)[0]
        return found

    def get(self, id: str, version: str = "") -> Body | None:
        """A resource as Azure shows it, or None when Azure says that it does not exist."""
        try:
            if type_of(id).lower() in _LISTED:
                return self._sent("POST", f"{id}/list?api-version={version or self.version(id)}")
            found = self.resources.resources.get_by_id(id, api_version=version or self.version(id))
        except Exception as error:
            if is_missing(error):
                return None
            raise
        return dict(found.as_dict())

    def children(self, id: str, kind: str) -> list[Body]:
        """The child resources of a type, `subscriptions`."""
        version = versions.pinned(f"{type_of(id)}/{kind}") or self.version(id)
        # No client of Microsoft's lists the children of whatever there is; their pipeline does for any URL.
        url, found = f"{id}/{kind}?api-version={version}", list[Body]()
        while url:
            page = self._sent("GET", url)
            found += page.get("value") or ()
            url = page.get("nextLink") or ""
        return found

    def _sent(self, method: str, url: str) -> Body:
        answer = self.resources.send_request(HttpRequest(method, url))
        map_error(answer.status_code, answer, {404: ResourceNotFoundError})
        answer.raise_for_status()
        return dict(answer.json())

    def delete(self, id: str) -> None:
        """Remove a resource and wait until it is gone; one that is not there is a success. Raises ProviderFailure."""
        try:
            poller = self.resources.resources.begin_delete_by_id(id, api_version=self.version(id))
            poller.wait(_OPERATION_SECONDS)
            if not poller.done():
                raise ProviderFailure(
                    Failure("TIMEOUT", f"{id} was not deleted in {_OPERATION_SECONDS:.0f} s", None, None, True)
                )
            poller.result()
        except Exception as error:
            if not is_missing(error):
                raise

    def rows(self, query: str) -> Iterable[Body]:
        """All rows of a Resource Graph query, page by page."""
        token: str | None = None
        while True:
            options = QueryRequestOptions(result_format="objectArray", top=1000, skip_token=token)
            page: Any = self._graph.resources(
                QueryRequest(query=query, subscriptions=[self.place.subscription], options=options)
            )
            yield from (dict(row) for row in page.data or ())
            token = page.skip_token
            if not token:
                return

    def each(self, ids: Iterable[str], read: Callable[[str], T | None]) -> Mapping[str, T | Unreadable | None]:
        """`read` for every id at once. None means missing; an error becomes Unreadable."""
        return at_once(ids, lambda id: _read(read, id))


def _read(read: Callable[[str], T | None], id: str) -> T | Unreadable | None:
    try:
        return read(id)
    except Exception as error:
        return Unreadable(str(failure_of(error)))


def correlation(session: str) -> str:
    """What Azure notes with everything that a session does: the operation's own id, or one made of its name."""
    try:
        return str(UUID(session.removeprefix("df-")))
    except ValueError:
        return str(uuid5(NAMESPACE_URL, session))
