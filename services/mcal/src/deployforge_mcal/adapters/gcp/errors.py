"""Errors of Google's services, translated once into typed failures."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure


@dataclass(frozen=True)
class _Meaning:
    code: str
    hint: str | None = None
    retryable: bool = False


_DENIED: Final = _Meaning("ACCESS_DENIED", "give the service account a role that has the permission")
_REFUSED: Final = _Meaning("CREDENTIAL_REFUSED", "store the root credential again: its key, and the service account")
_QUOTA: Final = _Meaning("LIMIT_EXCEEDED", "ask Google for a higher quota, or use less")
_MISSING: Final = _Meaning("NOT_FOUND", "it was deleted; recreate it")
_TAKEN: Final = _Meaning("ALREADY_EXISTS", "choose another name, or import the existing resource")
_THROTTLED: Final = _Meaning("THROTTLED", "Google asks for fewer calls", True)
_AWAY: Final = _Meaning("CLOUD_UNREACHABLE", "the cloud's fault; run it again", True)

#: google.rpc.Code, or the reason in google.rpc.ErrorInfo → meaning. Source: Google Cloud API Design Guide, "Errors".
_MEANINGS: Final[Mapping[str, _Meaning]] = {
    "UNAUTHENTICATED": _REFUSED,
    "ACCESS_TOKEN_EXPIRED": _Meaning("CREDENTIAL_EXPIRED", "run the operation again", True),
    "PERMISSION_DENIED": _DENIED,
    "SERVICE_DISABLED": _Meaning("NOT_AVAILABLE", "enable the service's API in the project"),
    "NOT_FOUND": _MISSING,
    "ALREADY_EXISTS": _TAKEN,
    "RESOURCE_EXHAUSTED": _QUOTA,
    "QUOTA_EXCEEDED": _QUOTA,
    "RATE_LIMIT_EXCEEDED": _THROTTLED,
    "LOCATION_UNSUPPORTED": _Meaning("NOT_AVAILABLE", "use a region that has the type"),
    "PAYLOAD_TOO_LARGE": _Meaning("TOO_LARGE", "split the deployment"),
    "FAILED_PRECONDITION": _Meaning("CONFLICT", "something else has changed it, or still uses it"),
    "ABORTED": _Meaning("UNIT_BUSY", "wait for the other change to end", True),
    "INVALID_ARGUMENT": _Meaning("INVALID"),
    "UNAVAILABLE": _AWAY,
    "INTERNAL": _AWAY,
    "DEADLINE_EXCEEDED": _AWAY,
}
_STATUS: Final = {
    400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 409: "ALREADY_EXISTS",
    412: "FAILED_PRECONDITION", 413: "PAYLOAD_TOO_LARGE", 429: "RATE_LIMIT_EXCEEDED",
}  # fmt: skip
_QUOTA_SAID: Final = re.compile(r"\bquota\b", re.IGNORECASE)
_REGION_SAID: Final = re.compile(
    r"\b(region|location|zone)\b.*\b(not|does not|unsupported|invalid)\b|\bnot a valid (region|location)\b", re.IGNORECASE
)
_CODE_WORDS: Final = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip


class GoogleError(Exception):
    """What a service answered instead of what was asked of it."""

    def __init__(self, status: int, word: str, message: str, reason: str = "", retry_after: float | None = None) -> None:
        super().__init__(f"{word or status}: {message}")
        self.status, self.word, self.message, self.reason, self.retry_after = status, word, message, reason, retry_after

    @property
    def throttles(self) -> bool:
        """Whether there are too many calls; a quota of resources that is used up is something else."""
        return meaning(self.status, self.message, word=self.word, reason=self.reason).code == "THROTTLED"

    @classmethod
    def of(cls, answer: requests.Response) -> "GoogleError":
        """Of an answer in Google's envelope, or in none."""
        try:
            body = answer.json()
        except ValueError:
            body = {}
        error = body.get("error") if isinstance(body, Mapping) else None
        if not isinstance(error, Mapping):
            # The token endpoint has an envelope of its own (RFC 6749).
            said = body.get("error_description") if isinstance(body, Mapping) else None
            error = {"message": said or str(error or "") or f"status {answer.status_code}"}
        reason = next((str(d["reason"]) for d in error.get("details") or () if d.get("reason")), "")
        reason = reason or next((_upper(str(e["reason"])) for e in error.get("errors") or () if e.get("reason")), "")
        return cls(
            answer.status_code, str(error.get("status") or ""), str(error.get("message") or ""), reason,
            retry_after(answer),
        )  # fmt: skip

    @classmethod
    def of_status(cls, status: Mapping[str, Any]) -> "GoogleError":
        """Of what a long-running operation ended with (google.rpc.Status)."""
        number = int(status.get("code") or 0)
        word = _CODE_WORDS[number] if 0 < number < len(_CODE_WORDS) else ""
        reason = next((str(d["reason"]) for d in status.get("details") or () if d.get("reason")), "")
        return cls(400, word, str(status.get("message") or ""), reason)


def retry_after(answer: requests.Response) -> float | None:
    """Seconds that a service asks for."""
    said = answer.headers.get("Retry-After", "")
    return float(said) if said.isdigit() else None


def is_missing(error: BaseException) -> bool:
    """Whether a service says that something does not exist."""
    return isinstance(error, GoogleError) and error.status == 404


def meaning(
    status: int, message: str, urn: str | None = None, *, word: str = "", reason: str = "", restored: bool = False
) -> Failure:
    """The typed failure of an error of Google's."""
    found = _MEANINGS.get(reason) or _MEANINGS.get(word) or _MEANINGS.get(_STATUS.get(status, ""))
    if found is None:
        found = _AWAY if status >= 500 else _Meaning(reason or word or "REFUSED")
    if found in (_DENIED, _THROTTLED) and reason not in _MEANINGS and _QUOTA_SAID.search(message):
        found = _QUOTA
    elif found.code == "INVALID" and _REGION_SAID.search(message):
        found = _MEANINGS["LOCATION_UNSUPPORTED"]
    return Failure(found.code, message, found.hint, urn, found.retryable, restored)


def of_terraform(error: Mapping[str, Any], urn: str | None) -> Failure:
    """The typed failure of a TerraformError: that of the API behind it where there was one."""
    inner = error.get("error") or {}
    said = str(error.get("error_description") or inner.get("message") or "Terraform has failed")
    number = int(inner.get("code") or 0)
    word = _CODE_WORDS[number] if 0 < number < len(_CODE_WORDS) else ""
    reason = next((str(d["reason"]) for d in inner.get("details") or () if isinstance(d, Mapping) and d.get("reason")), "")
    status = int(error.get("http_response_code") or 0)
    if not status and not word:
        return Failure("INVALID", said, None, urn)
    return meaning(status, said, urn, word=word, reason=reason)


def failure_of(error: Exception, urn: str | None = None) -> ProviderFailure:
    """The typed failure that an error means; raises what is no error of the cloud."""
    if isinstance(error, ProviderFailure):
        return error
    if isinstance(error, GoogleError):
        return ProviderFailure(meaning(error.status, error.message, urn, word=error.word, reason=error.reason))
    if isinstance(error, requests.RequestException):
        said = f"Google Cloud cannot be reached: {type(error).__name__}"
        return ProviderFailure(Failure("CLOUD_UNREACHABLE", said, "is the endpoint up?", urn, True))
    raise error


def _upper(reason: str) -> str:
    """`quotaExceeded`, as older services write it, is `QUOTA_EXCEEDED`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", reason).upper()
