"""The program's event lines."""

import json
from typing import Any

import pytest
from deployforge_terraform.events import Addresses, Events

ADDRESSES = Addresses({"file.a": "urn:a", "module.m": "urn:m", "file.ab": "urn:ab"})


def line(**event: Any) -> bytes:
    return json.dumps(event).encode()


def hook(kind: str, address: str, **more: Any) -> bytes:
    return line(type=kind, hook={"resource": {"addr": address}, **more})


def test_instances_belong_to_the_longest_declaration_that_holds_them() -> None:
    found = [ADDRESSES.urn(a) for a in ("file.a", "file.ab", "file.a[0]", "module.m.file.x", "file.abc")]
    assert found == ["urn:a", "urn:ab", "urn:a", "urn:m", None]


def test_progress_is_told_per_resource() -> None:
    ticks: list[Any] = []
    done: list[Any] = []
    events = Events(ADDRESSES, lambda *tick: ticks.append(tick), lambda *one: done.append(one))
    events.line(hook("apply_start", "file.a", action="create"))
    events.line(hook("apply_progress", "file.a", action="create", elapsed_seconds=10))
    events.line(hook("apply_complete", "file.a", action="create", id_key="id", id_value="7"))
    events.line(hook("apply_errored", "module.m.file.x", action="update"))
    assert ticks == [
        ("urn:a", "CREATING", "file.a"), ("urn:a", "CREATING", "file.a: 10 s"), ("urn:a", "CREATED", "file.a"),
        ("urn:m", "FAILED", "module.m.file.x"),
    ]  # fmt: skip
    assert done == [("file.a", "starting create", ""), ("file.a", "create", "7"), ("module.m.file.x", "errored", "")]


def test_the_first_error_with_a_resource_is_the_failure() -> None:
    events = Events(ADDRESSES)
    assert events.failure is None
    events.line(line(type="diagnostic", diagnostic={"severity": "warning", "summary": "old"}))
    assert events.failure is None
    events.line(line(type="diagnostic", diagnostic={"severity": "error", "summary": "general"}))
    events.line(
        line(type="diagnostic", diagnostic={"severity": "error", "summary": "no", "detail": "x", "address": "file.a"})
    )
    events.line(line(type="diagnostic", diagnostic={"severity": "error", "summary": "later", "address": "file.ab"}))
    assert events.failure is not None
    assert (events.failure.code, events.failure.message, events.failure.urn) == ("RESOURCE_FAILED", "no: x", "urn:a")


def test_a_held_lock_and_a_crashed_provider_have_codes_of_their_own() -> None:
    for said, code in (("Error acquiring the state lock", "UNIT_BUSY"), ("Plugin did not respond", "PROVIDER_CRASHED")):
        events = Events(ADDRESSES)
        events.line(line(type="diagnostic", diagnostic={"severity": "error", "summary": said}))
        assert events.failure is not None
        assert (events.failure.code, events.failure.retryable) == (code, True)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("creating SQS Queue (x): operation error SQS: CreateQueue, https response error StatusCode: 403, api error AccessDenied: no",
         "ACCESS_DENIED"),
        ("StatusCode: 403, api error UnauthorizedOperation: You are not authorized to perform this operation", "ACCESS_DENIED"),
        ("googleapi: Error 403: The caller does not have permission, forbidden", "ACCESS_DENIED"),
        ("googleapi: Error 403: Quota 'CPUS' exceeded. Limit: 8.0 in region europe-west1., quotaExceeded", "LIMIT_EXCEEDED"),
        ("api error InvalidClientTokenId: The security token included in the request is invalid", "CREDENTIAL_REFUSED"),
        ("No valid credential sources found", "CREDENTIAL_REFUSED"),
        ("api error VpcLimitExceeded: The maximum number of VPCs has been reached", "LIMIT_EXCEEDED"),
        ("api error BucketAlreadyExists: The requested bucket name is not available", "ALREADY_EXISTS"),
        ('a resource with the ID "/x" already exists - to be managed via Terraform', "ALREADY_EXISTS"),
        ('StorageAccountAlreadyTaken: The storage account named "x" is already taken', "ALREADY_EXISTS"),
        ("api error Throttling: Rate exceeded", "THROTTLED"),
        ("invalid AWS Region: atlantis", "NOT_AVAILABLE"),
        ("performing CreateOrUpdate: unexpected status 409 with error: SkuNotAvailable", "NOT_AVAILABLE"),
        ("api error ExpiredToken: The provided token has expired", "CREDENTIAL_EXPIRED"),
    ],
)  # fmt: skip
def test_what_a_cloud_says_by_its_provider_has_a_code_and_a_hint(said: str, code: str) -> None:
    events = Events(ADDRESSES)
    events.line(line(type="diagnostic", diagnostic={"severity": "error", "summary": said, "address": "file.a"}))
    assert events.failure is not None
    assert (events.failure.code, events.failure.message, events.failure.urn) == (code, said, "urn:a")
    assert events.failure.hint


def test_what_is_no_event_is_passed_over() -> None:
    events = Events(ADDRESSES)
    for text in (
        b"",
        b"garbage",
        b"[1]",
        b"null",
        b'{"type": "diagnostic"}',
        b'{"type": "apply_start", "hook": 5}',
        b"\xff\xfe",
    ):
        events.line(text)
    assert events.failure is None
