"""What Azure says of a failure is told by a code, in its own words, with what to do."""

import pytest
from deployforge_mcal.adapters.azure.errors import meaning


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        ("AuthorizationFailed", 403, "ACCESS_DENIED"), ("RequestDisallowedByPolicy", 403, "ACCESS_DENIED"),
        ("InvalidAuthenticationToken", 401, "CREDENTIAL_REFUSED"), ("", 401, "CREDENTIAL_REFUSED"),
        ("QuotaExceeded", 409, "LIMIT_EXCEEDED"), ("PublicIPCountLimitReached", 400, "LIMIT_EXCEEDED"),
        ("MaxStorageAccountsCountPerSubscriptionExceeded", 409, "LIMIT_EXCEEDED"), ("SubnetIsFull", 400, "LIMIT_EXCEEDED"),
        ("StorageAccountAlreadyTaken", 409, "ALREADY_EXISTS"), ("VaultAlreadyExists", 409, "ALREADY_EXISTS"),
        ("ServerNameAlreadyExists", 409, "ALREADY_EXISTS"), ("NameNotAvailable", 409, "ALREADY_EXISTS"),
        ("LocationNotAvailableForResourceType", 400, "NOT_AVAILABLE"),
        ("RequestEntityTooLarge", 413, "TOO_LARGE"), ("NoRegisteredProviderFound", 400, "API_VERSION_UNKNOWN"),
        ("TooManyRequests", 429, "THROTTLED"), ("", 503, "CLOUD_UNREACHABLE"),
    ],
)  # fmt: skip
def test_an_error_has_a_code_and_a_hint(said: str, status: int, code: str) -> None:
    failure = meaning(said, "in its words", "urn:x", status=status)
    assert (failure.code, failure.message, failure.urn) == (code, "in its words", "urn:x")
    assert failure.hint


def test_what_is_not_known_keeps_azures_own_code() -> None:
    assert meaning("PrincipalNotFound", "who?").code == "PrincipalNotFound"
