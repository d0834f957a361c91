"""A token per purpose: an impersonated service account, ten minutes, the one scope that everything needed takes.

The root credential is a key of one service account (or a token that something else has made) that may impersonate two
others, each by the role Service Account Token Creator: `serviceAccount`, which deploys, and `readerServiceAccount`, which
can only read. Google narrows a token below that only for Cloud Storage (Credential Access Boundaries); Infrastructure
Manager, Pub/Sub and most others take no scope but `cloud-platform`. So what an operation may do is what the roles of its
account in its project allow, and the grant says just that.
"""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import requests

from deployforge_mcal.adapters.gcp import placing
from deployforge_mcal.adapters.gcp.errors import GoogleError, failure_of
from deployforge_mcal.adapters.gcp.placing import Place
from deployforge_mcal.adapters.gcp.session import PATIENCE_SECONDS, READ_PATIENCE_SECONDS, GcpSession, again
from deployforge_mcal.adapters.turns import patiently
from deployforge_mcal.application.pacing import Turns
from deployforge_mcal.application.ports import ProviderFailure, SecretValues
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.units import Scope

SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_IAM_SCOPE: Final = "https://www.googleapis.com/auth/iam"
_SECONDS: Final = 600
_JWT: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_OAUTH: Final = "oauth2.googleapis.com"
_IAM: Final = "iamcredentials.googleapis.com"
_TIMEOUT: Final = (3.05, 20)


def open_session(
    root: Mapping[str, Any], scope: Scope, name: str, *, endpoint: str, read_only: bool,
    hold: Callable[[], None] = lambda: None, secrets: SecretValues | None = None, turns: Turns | None = None,
) -> GcpSession:  # fmt: skip
    """A session on the scope's project. Raises ProviderFailure."""
    place = Place.of(scope)
    _complete(root, scope.credential_ref)
    who = str(root["readerServiceAccount" if read_only else "serviceAccount"])
    # A scan comes again in seconds; better that it says "not checked" now than that it waits.
    patience = READ_PATIENCE_SECONDS if read_only else PATIENCE_SECONDS
    try:
        token, until = _impersonated(_root_token(root, endpoint, patience), who, endpoint, patience)
    except (GoogleError, requests.RequestException) as error:
        raise _refused(error) from None
    actuator = root.get("actuationServiceAccount") or root["serviceAccount"]
    settings = {
        "actuator": f"projects/{place.project}/serviceAccounts/{actuator}",
        "bucket": str(root.get("bucket") or f"{place.project}-deployforge"),
    }
    actions = ("the roles of a reader",) if read_only else ("the roles of a deployer",)
    grant = Grant(scope.credential_ref, name, actions, (f"{who} in projects/{place.project}", SCOPE), read_only, until)
    return GcpSession(
        grant, token, place, settings, endpoint, patience_seconds=patience, hold=hold, secrets=secrets, turns=turns
    )


def identity(root: Mapping[str, Any], *, endpoint: str) -> str:
    """Log in as the root credential itself. Raises ProviderFailure."""
    _complete(root, "under test")
    try:
        _root_token(root, endpoint, READ_PATIENCE_SECONDS)
    except (GoogleError, requests.RequestException) as error:
        raise _refused(error) from None
    known = str(root["key"]["client_email"]) if _is_key(root.get("key")) else "a token"
    return f"{known}, for {root.get('serviceAccount')} and {root.get('readerServiceAccount')}"


def _complete(root: Mapping[str, Any], ref: str) -> None:
    missing = [n for n in ("serviceAccount", "readerServiceAccount") if not root.get(n)]
    if not root.get("token") and not _is_key(root.get("key")):
        missing.append("key")
    if missing:
        said = f"credential {ref} lacks {', '.join(missing)}"
        raise ProviderFailure(Failure("CREDENTIAL_INCOMPLETE", said, "store it again; see the guide of Google Cloud"))


def _is_key(key: Any) -> bool:
    return isinstance(key, Mapping) and bool(key.get("client_email")) and bool(key.get("private_key"))


def _refused(error: Exception) -> ProviderFailure:
    """A wrong key is told by the token endpoint as a bad request, one that may not impersonate as a denial."""
    failure = failure_of(error).failure
    if isinstance(error, GoogleError) and error.status in (400, 401):
        hint = "store the root credential again: key, serviceAccount, readerServiceAccount"
        failure = Failure("CREDENTIAL_REFUSED", error.message, hint, restored=True)
    elif isinstance(error, GoogleError) and error.status in (403, 404):
        hint = "give the root's account the role Service Account Token Creator on the service account"
        failure = Failure("CREDENTIAL_REFUSED", error.message, hint, restored=True)
    return ProviderFailure(failure)


def _root_token(root: Mapping[str, Any], endpoint: str, patience: float) -> str:
    if root.get("token"):
        return str(root["token"])
    key = root["key"]
    url = f"{placing.base(_OAUTH, endpoint)}/token"
    # The key's own token_uri is not followed: a key that names another place would send its holder's signature there.
    answer = _posted(url, patience, data={"grant_type": _JWT, "assertion": _assertion(key)})
    return str(answer["access_token"])


def _assertion(key: Mapping[str, Any]) -> str:
    """Source: Google Identity, "Using OAuth 2.0 for Server to Server Applications"."""
    from google.auth import crypt, jwt

    now = int(time.time())
    audience = f"https://{_OAUTH}/token"
    claims = {"iss": key["client_email"], "scope": _IAM_SCOPE, "aud": audience, "iat": now, "exp": now + _SECONDS}
    try:
        signer = crypt.RSASigner.from_service_account_info(key)
    except ValueError:
        raise ProviderFailure(
            Failure("CREDENTIAL_REFUSED", "the private key of the root credential is none", "store it again", restored=True)
        ) from None
    return str(jwt.encode(signer, claims).decode())


def _impersonated(token: str, account: str, endpoint: str, patience: float) -> tuple[str, datetime]:
    url = f"{placing.base(_IAM, endpoint)}/v1/projects/-/serviceAccounts/{account}:generateAccessToken"
    body = {"scope": [SCOPE], "lifetime": f"{_SECONDS}s"}
    answer = _posted(url, patience, json=body, headers={"Authorization": f"Bearer {token}"})
    until = datetime.fromisoformat(str(answer["expireTime"]).replace("Z", "+00:00")).astimezone(UTC)
    return str(answer["accessToken"]), until


def _posted(url: str, patience: float, **given: Any) -> dict[str, Any]:
    def once() -> dict[str, Any]:
        answer = requests.post(url, timeout=_TIMEOUT, allow_redirects=False, **given)
        if answer.status_code != 200:
            raise GoogleError.of(answer)
        return dict(answer.json())

    return patiently(once, patience, again)
