"""What Azure and the network say, translated once into typed failures."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from azure.core.exceptions import (
    AzureError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
    ServiceResponseError,
)

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure


@dataclass(frozen=True)
class _Meaning:
    code: str
    hint: str | None = None
    retryable: bool = False


_DENIED: Final = _Meaning("ACCESS_DENIED", "give the credential's principal a role on the resource group")
_REFUSED: Final = _Meaning("CREDENTIAL_REFUSED", "store the root credential again: tenantId, clientId, clientSecret")
_TAKEN: Final = _Meaning("ALREADY_EXISTS", "choose another name, or import the existing resource")
_QUOTA: Final = _Meaning("LIMIT_EXCEEDED", "ask Azure for a higher quota, or use less")
_THROTTLED: Final = _Meaning("THROTTLED", "Azure asks for fewer calls", True)
_AWAY: Final = _Meaning("CLOUD_UNREACHABLE", "the cloud's fault; run it again", True)

_MEANINGS: Final[Mapping[str, _Meaning]] = {
    "AuthorizationFailed": _DENIED,
    "LinkedAuthorizationFailed": _DENIED,
    "AuthenticationFailed": _REFUSED,
    "InvalidAuthenticationToken": _REFUSED,
    "InvalidAuthenticationTokenTenant": _REFUSED,
    "ExpiredAuthenticationToken": _Meaning("CREDENTIAL_EXPIRED", "run the operation again", True),
    "ResourceGroupNotFound": _Meaning("NOT_FOUND", "make the resource group, or name another one"),
    "SubscriptionNotFound": _Meaning("NOT_FOUND", "is the subscription's id right, and is the principal let into it?"),
    "ResourceNotFound": _Meaning("NOT_FOUND", "it was deleted; recreate it"),
    "ParentResourceNotFound": _Meaning("NOT_FOUND", "what it belongs to was deleted; recreate that first"),
    "NameAlreadyTaken": _TAKEN,
    "StorageAccountAlreadyTaken": _TAKEN,
    "VaultAlreadyExists": _TAKEN,
    "QuotaExceeded": _QUOTA,
    "RequestDisallowedByPolicy": _Meaning("ACCESS_DENIED", "a policy of the subscription forbids it; the message names it"),
    "SkuNotAvailable": _Meaning("NOT_AVAILABLE", "use another size or another location"),
    "LocationNotAvailableForResourceType": _Meaning("NOT_AVAILABLE", "use a location that has the type"),
    "LocationNotAvailableForResourceGroup": _Meaning("NOT_AVAILABLE", "use another location"),
    "NoRegisteredProviderFound": _Meaning("API_VERSION_UNKNOWN", "use one of the api-versions that Azure names"),
    "MissingSubscriptionRegistration": _Meaning("NOT_AVAILABLE", "register the resource provider in the subscription"),
    "InvalidTemplate": _Meaning("INVALID"),
    "InvalidTemplateDeployment": _Meaning("INVALID"),
    "RequestEntityTooLarge": _Meaning("TOO_LARGE", "split the deployment"),
    "PropertyChangeNotAllowed": _Meaning("REPLACEMENT_NEEDED", "recreate the resource"),
    "TooManyRequests": _THROTTLED,
    "DeploymentActive": _Meaning("UNIT_BUSY", "wait for the other deployment to end", True),
    "ResourceBeingDeleted": _Meaning("UNIT_BUSY", "wait until it is deleted", True),
    "ServiceUnavailable": _AWAY,
    "InternalServerError": _AWAY,
}
#: Services name what there is too much of: `SubnetIsFull`, `PublicIPCountLimitReached`, `QuotaExceeded` with a prefix.
_QUOTA_SAID: Final = re.compile(r"(Quota|Limit|Count)\w*(Exceeded|Reached)$|IsFull$")
_TAKEN_SAID: Final = re.compile(r"(AlreadyTaken|AlreadyExists|AlreadyInUse|NameNotAvailable|NameUnavailable)$")
_UNREACHABLE: Final = (ServiceRequestError, ServiceResponseError)


def code_of(error: BaseException) -> str:
    """Azure's own error code, or an empty string."""
    inner = getattr(error, "error", None)
    return str(getattr(inner, "code", "") or "")


def is_missing(error: BaseException) -> bool:
    """Whether Azure says that a resource does not exist (and not that its group does not)."""
    return isinstance(error, ResourceNotFoundError)


def meaning(code: str, message: str, urn: str | None = None, *, restored: bool = False, status: int = 0) -> Failure:
    """The typed failure of an error of Azure's."""
    found = _MEANINGS.get(code)
    if found is None and _QUOTA_SAID.search(code):
        found = _QUOTA
    elif found is None and _TAKEN_SAID.search(code):
        found = _TAKEN
    if found is None:
        by_status = {401: _REFUSED, 403: _DENIED, 404: _MEANINGS["ResourceNotFound"], 429: _THROTTLED}
        found = by_status.get(status) or (_AWAY if status >= 500 else _Meaning(code or "REFUSED"))
    return Failure(found.code, message, found.hint, urn, found.retryable, restored)


def failure_of(error: Exception, urn: str | None = None) -> ProviderFailure:
    """The typed failure that an error means; raises what is no error of the cloud."""
    if isinstance(error, ProviderFailure):
        return error
    if isinstance(error, _UNREACHABLE):
        said = f"Azure cannot be reached: {error}"
        return ProviderFailure(Failure("CLOUD_UNREACHABLE", said, "is the endpoint up?", urn, True))
    if isinstance(error, HttpResponseError):
        inner = getattr(error, "error", None)
        said = str(getattr(inner, "message", "") or error.message or error)
        return ProviderFailure(meaning(code_of(error), said, urn, status=error.status_code or 0))
    if isinstance(error, AzureError):
        return ProviderFailure(Failure("INVALID", str(error), None, urn))
    raise error


def blamed(error: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(code, message, target) of an error and of everything in its details, the innermost first."""
    for inner in error.get("details") or ():
        if isinstance(inner, Mapping):
            yield from blamed(inner)
    yield str(error.get("code", "")), str(error.get("message", "")), str(error.get("target") or "")
