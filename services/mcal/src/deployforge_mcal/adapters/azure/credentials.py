"""A token per purpose, for one resource group.

A token of Microsoft Entra carries a principal, not a list of rights: it can be no narrower than the principal's role
assignments. So the root credential may name a principal of its own for each resource group (`groups`), whose roles end
at that group; and the request always says which scope and role it is for (`authorization_details`, RFC 9396). Entra
ignores that parameter, as RFC 6749 section 3.2 wants of unknown ones; a server that honours it repeats what it granted.
The grant tells what was really given.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests
import stamina

from deployforge_mcal.adapters.azure.placing import Place
from deployforge_mcal.adapters.azure.session import PATIENCE_SECONDS, READ_PATIENCE_SECONDS, AzureSession
from deployforge_mcal.application.pacing import Turns
from deployforge_mcal.application.ports import ProviderFailure, SecretValues
from deployforge_mcal.domain.operation import Failure, Grant
from deployforge_mcal.domain.units import Scope

AUTHORITY: Final = "https://login.microsoftonline.com"
_SCOPE: Final = "https://management.azure.com/.default"
_NEEDED: Final = ("tenantId", "clientId", "clientSecret")
_TIMEOUT: Final = (3.05, 20)


def open_session(
    root: Mapping[str, Any], scope: Scope, name: str, *, endpoint: str, read_only: bool,
    actions: Sequence[str] = (), hold: Callable[[], None] = lambda: None, secrets: SecretValues | None = None,
    turns: Turns | None = None,
) -> AzureSession:  # fmt: skip
    """A session on the scope's resource group; who only reads may take further `actions`. Raises ProviderFailure."""
    place = Place.of(scope)
    who = _principal(root, place, scope.credential_ref)
    role = "Reader" if read_only else "Contributor"
    # A scan comes again in seconds; better that it says "not checked" now than that it waits.
    patience = READ_PATIENCE_SECONDS if read_only else PATIENCE_SECONDS
    answer = _token(who, place, role, endpoint or AUTHORITY, patience, actions)
    granted = answer.get("authorization_details") or ()
    own = who["clientId"] != root.get("clientId")
    covers = tuple(sorted({str(g["scope"]) for g in granted})) or (
        place.id if own else f"/subscriptions/{place.subscription}",
    )
    given = ("*/read", *actions) if read_only and granted else ("*",)
    until = datetime.now(UTC) + timedelta(seconds=int(answer["expires_in"]))
    grant = Grant(scope.credential_ref, name, given, covers, read_only, until)
    return AzureSession(
        grant, str(answer["access_token"]), place, endpoint, patience_seconds=patience, hold=hold, secrets=secrets,
        turns=turns,
    )  # fmt: skip


def identity(root: Mapping[str, Any], ref: str, *, endpoint: str) -> str:
    """Log in as the root credential's own principal, for no place in particular. Raises ProviderFailure."""
    who = _principal(root, None, ref)
    _token(who, None, "", endpoint or AUTHORITY, READ_PATIENCE_SECONDS)
    return f"application {who['clientId']} of tenant {who['tenantId']}"


def _principal(root: Mapping[str, Any], place: Place | None, ref: str) -> Mapping[str, Any]:
    groups = root.get("groups")
    known = {k.lower(): v for k, v in groups.items()} if isinstance(groups, Mapping) else {}
    own = known.get(place.group.lower(), {}) if place is not None else {}
    who = {**{name: root.get(name) for name in _NEEDED}, **own}
    if missing := [name for name in _NEEDED if not who.get(name)]:
        raise ProviderFailure(Failure("CREDENTIAL_INCOMPLETE", f"credential {ref} lacks {', '.join(missing)}"))
    return who


class _Away(Exception):
    """The authority cannot be asked now."""


def _token(
    who: Mapping[str, Any], place: Place | None, role: str, authority: str, patience: float, actions: Sequence[str] = ()
) -> dict[str, Any]:
    form = {
        "grant_type": "client_credentials", "client_id": who["clientId"], "client_secret": who["clientSecret"],
        "scope": _SCOPE,
    }  # fmt: skip
    if place is not None:
        further = {"actions": list(actions)} if actions else {}
        form["authorization_details"] = json.dumps([{"type": "azure_role", "scope": place.id, "role": role, **further}])
    url = f"{authority}/{who['tenantId']}/oauth2/v2.0/token"

    def ask() -> requests.Response:
        try:
            answer = requests.post(url, data=form, timeout=_TIMEOUT, allow_redirects=False)
        except requests.RequestException as error:
            # Its words hold the URL, never the form.
            raise _Away(f"{type(error).__name__} at {authority}") from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise _Away(f"{authority} answers {answer.status_code}")
        return answer

    retrying = stamina.RetryingCaller(attempts=None, timeout=patience, wait_initial=0.2, wait_max=5.0, wait_jitter=0.5)
    try:
        answer = retrying(_Away, ask)
    except _Away as away:
        raise ProviderFailure(
            Failure("CLOUD_UNREACHABLE", f"no token: {away}", "is the endpoint up?", retryable=True)
        ) from away
    found = _json(answer)
    if answer.status_code != 200 or "access_token" not in found:
        said = str(found.get("error_description") or found.get("error") or f"status {answer.status_code}").splitlines()[0]
        hint = "store the root credential again: tenantId, clientId, clientSecret"
        raise ProviderFailure(Failure("CREDENTIAL_REFUSED", said, hint, restored=True))
    return found


def _json(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
