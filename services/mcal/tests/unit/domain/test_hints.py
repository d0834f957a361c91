"""Every failure says what to do."""

import pytest
from deployforge_mcal.domain.hints import hinted
from deployforge_mcal.domain.operation import Failure


@pytest.mark.parametrize(
    "code", ["INVALID", "RESOURCE_FAILED", "InvalidRequestContent", "LIMIT_EXCEEDED", "TOO_LARGE", "CLI_UNUSABLE"]
)
def test_a_failure_without_a_hint_gets_one(code: str) -> None:
    told = hinted(Failure(code, "in the cloud's words", None, "urn:x", retryable=True, restored=True))
    assert told.hint
    assert (told.message, told.urn, told.retryable, told.restored) == ("in the cloud's words", "urn:x", True, True)


def test_an_adapters_own_hint_comes_first() -> None:
    assert hinted(Failure("INVALID", "m", "mine")).hint == "mine"
