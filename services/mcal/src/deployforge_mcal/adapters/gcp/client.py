"""Google's client of Infrastructure Manager with a token on it. Importing this takes a second and 50 MB, which only those
who deploy to Google Cloud have to spend: `session` imports it when it is needed first."""

from collections.abc import Callable
from typing import Any, Final

import requests
from google.api_core.exceptions import GoogleAPICallError
from google.auth.credentials import Credentials
from google.cloud.config_v1 import ConfigClient
from google.cloud.config_v1.services.config.transports import ConfigRestTransport

from deployforge_mcal.adapters.gcp.errors import GoogleError

_SECONDS: Final = 30.0


class _Bearer(Credentials):  # type: ignore[no-untyped-call, misc, unused-ignore]
    """One token, which nobody renews."""

    def __init__(self, token: str) -> None:
        super().__init__()
        self.token = token

    def refresh(self, request: Any) -> None:
        """See Credentials: what Google refuses now is refused."""


def client(base: str, token: str) -> Callable[..., Any]:
    """A function that calls a method of the client and gives mappings, a list of them, or the name of a long-running
    operation. It raises GoogleError, or what requests raises."""
    scheme, _, host = base.partition("://")
    transport = ConfigRestTransport(host=host, url_scheme=scheme, credentials=_Bearer(token))
    made = ConfigClient(transport=transport)

    def call(method: str, request: dict[str, Any]) -> Any:
        try:
            return _plain(getattr(made, method)(request=request, retry=None, timeout=_SECONDS))
        except GoogleAPICallError as error:
            raise _told(error) from None

    return call


def _plain(found: Any) -> Any:
    """Messages as mappings with names for enums."""
    kind = type(found)
    if hasattr(kind, "to_dict"):
        return kind.to_dict(found, use_integers_for_enums=False)
    if hasattr(found, "operation"):
        return str(found.operation.name)
    return [_plain(one) for one in found] if found is not None else None


def _told(error: GoogleAPICallError) -> GoogleError:
    answer = error.response
    if isinstance(answer, requests.Response):
        return GoogleError.of(answer)
    return GoogleError(int(error.code or 0), "", str(error.message))
