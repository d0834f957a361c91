"""What AWS and the network say, translated once into typed failures."""

from dataclasses import dataclass
from typing import Final

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError,
    HTTPClientError,
)

from deployforge_mcal.adapters.aws.reasons import failure_for
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure


@dataclass(frozen=True)
class _Meaning:
    code: str
    hint: str | None
    retryable: bool = False


_MEANINGS: Final[dict[str, _Meaning]] = {
    "AccessDenied": _Meaning("ACCESS_DENIED", "the role behind the credential lacks this permission"),
    "AccessDeniedException": _Meaning("ACCESS_DENIED", "the role behind the credential lacks this permission"),
    "AuthorizationError": _Meaning("ACCESS_DENIED", "the role behind the credential lacks this permission"),
    "UnauthorizedOperation": _Meaning("ACCESS_DENIED", "the role behind the credential lacks this permission"),
    "InvalidClientTokenId": _Meaning("CREDENTIAL_REFUSED", "store the root credential again"),
    "SignatureDoesNotMatch": _Meaning("CREDENTIAL_REFUSED", "store the root credential again"),
    "AuthFailure": _Meaning("CREDENTIAL_REFUSED", "store the root credential again"),
    "ExpiredToken": _Meaning("CREDENTIAL_EXPIRED", "run the operation again", True),
    "ExpiredTokenException": _Meaning("CREDENTIAL_EXPIRED", "run the operation again", True),
    "RegionDisabledException": _Meaning("REGION_DISABLED", "enable the region for the account"),
    "LimitExceeded": _Meaning("LIMIT_EXCEEDED", "ask AWS for a higher quota, or use less"),
    "LimitExceededException": _Meaning("LIMIT_EXCEEDED", "ask AWS for a higher quota, or use less"),
    "AlreadyExistsException": _Meaning("ALREADY_EXISTS", "choose another name, or import the existing resource"),
    "Throttling": _Meaning("THROTTLED", "AWS asks for fewer calls", True),
    "ThrottlingException": _Meaning("THROTTLED", "AWS asks for fewer calls", True),
    "RequestLimitExceeded": _Meaning("THROTTLED", "AWS asks for fewer calls", True),
    "TooManyRequestsException": _Meaning("THROTTLED", "AWS asks for fewer calls", True),
    "SlowDown": _Meaning("THROTTLED", "AWS asks for fewer calls", True),
    "ServiceUnavailable": _Meaning("CLOUD_UNREACHABLE", "the cloud's fault; run it again", True),
    "InternalFailure": _Meaning("CLOUD_UNREACHABLE", "the cloud's fault; run it again", True),
    "InternalError": _Meaning("CLOUD_UNREACHABLE", "the cloud's fault; run it again", True),
    "OperationInProgressException": _Meaning("UNIT_BUSY", "wait for the other operation to end", True),
}

_MISSING: Final = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist", "NotFound", "NotFoundException", "NoSuchBucket",
        "404", "ResourceNotFoundException", "NoSuchEntity", "NoSuchEntityException", "InvalidVpcID.NotFound",
        "InvalidSubnetID.NotFound", "InvalidGroup.NotFound", "ChangeSetNotFound", "InvalidInstanceID.NotFound",
        "DBInstanceNotFound", "DBInstanceNotFoundFault", "ReplicationGroupNotFoundFault", "LoadBalancerNotFound",
        "NoSuchHostedZone",
    }
)  # fmt: skip

_UNREACHABLE: Final = (ConnectionError, HTTPClientError)


def code_of(error: BaseException) -> str:
    """AWS's own error code, or an empty string."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def is_missing(error: BaseException) -> bool:
    """Whether AWS says that the thing does not exist."""
    return code_of(error) in _MISSING or (code_of(error) == "ValidationError" and "does not exist" in str(error))


def is_throttling(error: BaseException) -> bool:
    """Whether AWS says that there are too many calls."""
    meaning = _MEANINGS.get(code_of(error))
    return _status(error) == 429 or (meaning is not None and meaning.code == "THROTTLED")


def retry_after(error: BaseException) -> float | None:
    """After how many seconds AWS wants the call again, if it says so. Source: RFC 9110, 10.2.3; AWS sends seconds."""
    meta = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
    said = str(meta.get("HTTPHeaders", {}).get("retry-after", ""))
    return float(said) if said.isdecimal() else None


def _status(error: BaseException) -> int:
    meta = error.response.get("ResponseMetadata", {}) if isinstance(error, ClientError) else {}
    return int(meta.get("HTTPStatusCode", 0))


def is_transient(error: Exception) -> bool:
    """Whether the same call may work in a moment."""
    if isinstance(error, ClientError):
        meaning = _MEANINGS.get(code_of(error))
        away = meaning is not None and meaning.code == "CLOUD_UNREACHABLE"
        return away or _status(error) >= 500 or is_throttling(error)
    return isinstance(error, _UNREACHABLE)


def again(error: Exception) -> bool | float:
    """Whether to try again, or after how many seconds; see `turns.patiently`."""
    asked = retry_after(error)
    return is_transient(error) and (True if asked is None else asked)


def failure_of(error: Exception, urn: str | None = None) -> ProviderFailure:
    """The typed failure that an error means."""
    if isinstance(error, ProviderFailure):
        return error
    if isinstance(error, ClientError):
        said = str(error.response.get("Error", {}).get("Message", "")) or str(error)
        if is_missing(error):
            return ProviderFailure(Failure("NOT_FOUND", said, "it was deleted; recreate it", urn))
        if code_of(error) == "ValidationError":
            return ProviderFailure(failure_for(said, urn, "INVALID"))
        meaning = _MEANINGS.get(code_of(error)) or _Meaning(code_of(error) or "REFUSED", None, is_transient(error))
        return ProviderFailure(Failure(meaning.code, said, meaning.hint, urn, meaning.retryable))
    if isinstance(error, _UNREACHABLE):
        return ProviderFailure(
            Failure("CLOUD_UNREACHABLE", f"AWS cannot be reached: {error}", "is the endpoint up?", urn, True)
        )
    if isinstance(error, BotoCoreError):
        return ProviderFailure(Failure("INVALID", str(error), None, urn))
    raise error
