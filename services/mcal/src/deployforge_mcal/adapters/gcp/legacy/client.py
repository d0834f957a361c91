"""Google's client of Deployment Manager v2, by the discovery document that comes with it, with a token on it. It is an
extra of this distribution: 110 MB that only those who still have the engine spend."""

import json
from collections.abc import Callable
from typing import Any, Final

import requests

from deployforge_mcal.adapters.gcp.errors import GoogleError
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

HINT: Final = (
    "Deployment Manager ended on 31 March 2026: leave `engine` out for Infrastructure Manager; "
    "`deployforge import --format deployment-manager` converts its templates"
)
_SECONDS: Final = 30.0
_BUSY: Final = "conflicting operation"
#: How Google says that a service is not there for a project. Source: Service Usage, "Error messages".
_DISABLED: Final = frozenset({"SERVICE_DISABLED", "ACCESS_NOT_CONFIGURED"})


def client(base: str, token: str) -> Callable[..., Any]:
    """A function that calls a method of a collection, `deployments`, `get`, and gives its answer. It raises GoogleError,
    or what requests raises; ProviderFailure when the service is not there any more, or its client is not."""
    try:
        import httplib2
        from googleapiclient.discovery import build
        from googleapiclient.errors import HttpError
    except ImportError:
        said = "this installation has no client of Deployment Manager"
        hint = f"install deployforge-mcal[deployment-manager]. {HINT}"
        raise ProviderFailure(Failure("NOT_AVAILABLE", said, hint, restored=True)) from None

    service = build(
        "deploymentmanager", "v2", http=httplib2.Http(timeout=_SECONDS), static_discovery=True, cache_discovery=False,
        client_options={"api_endpoint": f"{base}/"},
    )  # fmt: skip

    def call(collection: str, method: str, request: dict[str, Any]) -> Any:
        asked = getattr(getattr(service, collection)(), method)(**request)
        asked.headers["authorization"] = f"Bearer {token}"
        try:
            return asked.execute(num_retries=0)
        except HttpError as error:
            raise told(int(error.resp.status), dict(error.resp), error.content) from None
        except (OSError, httplib2.HttpLib2Error) as error:
            raise requests.ConnectionError(type(error).__name__) from None

    return call


def told(status: int, headers: dict[str, str], content: bytes) -> Exception:
    """What an answer that is none means."""
    answer = requests.Response()
    answer.status_code, answer._content = status, content
    answer.headers.update(headers)
    error = GoogleError.of(answer)
    if status in (410, 501) or (status == 403 and error.reason in _DISABLED) or (status == 404 and not _enveloped(content)):
        said = error.message or f"status {status}"
        return ProviderFailure(Failure("NOT_AVAILABLE", f"Deployment Manager: {said}", HINT, restored=True))
    if status == 409 and _BUSY in error.message:
        error.word = "ABORTED"
    return error


def _enveloped(content: bytes) -> bool:
    """Whether a service of Google's has said something, and not what stands before it."""
    try:
        return isinstance(json.loads(content).get("error"), dict)
    except (ValueError, AttributeError):
        return False
