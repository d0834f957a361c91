"""What can go wrong around the command line program, as typed failures."""

import re
from typing import Final

from deployforge_mcal.application.ports import ProviderFailure
from deployforge_mcal.domain.operation import Failure

#: What the diagnostics of OpenTofu and Terraform begin with → code, hint, whether the same may work in a moment.
_MEANINGS: Final[tuple[tuple[str, str, str, bool], ...]] = (
    (r"Error acquiring the state lock", "UNIT_BUSY", "another run holds the state; wait for it to end", True),
    (r"(Failed to query available provider packages|Failed to resolve provider packages|Invalid provider registry host)",
     "PROVIDER_NOT_INSTALLED", "put the provider into the mirror, or name it in the adapter's `providers`", False),
    (r"(Error refreshing state|Failed to load state|Error loading state|Failed to get existing workspaces"
     r"|Error inspecting states|Failed to save state|Failed to persist state)",
     "STATE_UNREACHABLE", "is the database of the credential's stateUrl up?", True),
    (r"(decryption failed|Failed to decrypt|cipher: message authentication failed|encountered unencrypted payload)",
     "STATE_KEY_WRONG", "the credential's stateKey is not the one that this state was encrypted with", False),
    (r"(Plugin did not respond|plugin process exited|The plugin encountered an error|Failed to load plugin schemas"
     r"|Request cancelled|panic:)",
     "PROVIDER_CRASHED", "a fault of the provider; what it had begun is read again by the next operation", True),
    # From here on, what the clouds say by the words of their providers.
    (r"InvalidClientTokenId|SignatureDoesNotMatch|AuthFailure|No valid credential sources"
     r"|could not find default credentials|invalid_client|UNAUTHENTICATED|InvalidAuthenticationToken", "CREDENTIAL_REFUSED",
     "put keys that are let in into the credential's `environment`", False),
    (r"ExpiredToken|RequestExpired|token (has )?expired", "CREDENTIAL_EXPIRED", "run the operation again", True),
    (r"LimitExceeded|LimitReached|QuotaExceeded|QUOTA_EXCEEDED|RESOURCE_EXHAUSTED|(?i:\bquota\b)",
     "LIMIT_EXCEEDED", "ask the cloud for a higher quota, or use less", False),
    (r"AccessDenied|UnauthorizedOperation|AuthorizationFailed|PERMISSION_DENIED|(?i:not authorized to perform|Error 403\b)",
     "ACCESS_DENIED", "give the principal of the credential's `environment` this permission", False),
    (r"AlreadyExists|AlreadyOwnedByYou|AlreadyTaken|ALREADY_EXISTS|(?i:already exists)",
     "ALREADY_EXISTS", "choose another name, or import the existing resource", False),
    (r"Throttling|TooManyRequests|RATE_LIMIT_EXCEEDED|(?i:rate exceeded)",
     "THROTTLED", "the cloud asks for fewer calls; run it again later", True),
    (r"SkuNotAvailable|LocationNotAvailable|(?i:(invalid|unsupported|not a valid) (AWS )?(region|location))"
     r"|(?i:not (supported|available) in (this|the|your requested) (region|location))",
     "NOT_AVAILABLE", "use a region that has it", False),
    (r"Cannot import non-existent remote object", "NOT_FOUND", "the resource to adopt does not exist", False),
)  # fmt: skip


def failed(
    code: str, message: str, hint: str | None = None, urn: str | None = None, *, retryable: bool = False
) -> ProviderFailure:
    """A typed failure."""
    return ProviderFailure(Failure(code, message, hint, urn, retryable))


def meaning(said: str) -> tuple[str, str | None, bool]:
    """Code, hint and retryability of what the program said. The first pattern that is found counts."""
    for pattern, code, hint, retryable in _MEANINGS:
        if re.search(pattern, said):
            return code, hint, retryable
    return "RESOURCE_FAILED", None, False


def of_text(said: str, urn: str | None = None) -> ProviderFailure:
    """The failure that the program's plain error output means."""
    text = " ".join(re.sub(r"\x1b\[[0-9;]*m|[│╷╵]", " ", said).split())
    code, hint, retryable = meaning(text)
    code = "CLI_FAILED" if code == "RESOURCE_FAILED" else code
    return failed(code, text[:2000] or "it failed and did not say why", hint, urn, retryable=retryable)
