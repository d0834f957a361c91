"""What clouds say about changes, in their own formats."""

import base64
import json
from contextlib import suppress
from typing import Any

import pytest
from deployforge_drift_detector.domain.actor import Actor
from deployforge_drift_detector.domain.cloud_events import BadEvent, read, spelling, validation_code
from hypothesis import given
from hypothesis import strategies as st

QUEUE = "http://127.0.0.1:4566/000000000000/orders"
SITE = "/subscriptions/S1/resourceGroups/df-web/providers/Microsoft.Web/sites/Shop"


def cloudtrail(**detail: Any) -> dict[str, Any]:
    usual = {
        "eventName": "SetQueueAttributes", "eventTime": "2026-01-01T00:00:00Z", "readOnly": False,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::000000000000:user/mallory"},
        "requestParameters": {"queueUrl": QUEUE, "attributes": {"VisibilityTimeout": "300"}},
    }  # fmt: skip
    return {
        "detail-type": "AWS API Call via CloudTrail", "account": "000000000000", "time": "2026-01-01T00:00:01Z",
        "resources": [], "detail": {**usual, **detail},
    }  # fmt: skip


def event_grid(**data: Any) -> list[dict[str, Any]]:
    usual = {
        "resourceUri": f"{SITE}/config/web",
        "operationName": "Microsoft.Web/sites/config/write",
        "subscriptionId": "S1",
    }
    claims = {"name": "Mallory", "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": "mallory@example.com"}
    return [{
        "eventType": "Microsoft.Resources.ResourceWriteSuccess", "subject": SITE, "eventTime": "2026-01-01T00:00:00.1234567Z",
        "data": {**usual, "claims": claims, **data},
    }]  # fmt: skip


def pushed(**audit: Any) -> dict[str, Any]:
    usual = {
        "@type": "type.googleapis.com/google.cloud.audit.AuditLog", "methodName": "google.pubsub.v1.Publisher.UpdateTopic",
        "resourceName": "projects/p1/topics/orders", "authenticationInfo": {"principalEmail": "mallory@example.com"},
        "authorizationInfo": [{"permission": "pubsub.topics.update"}],
    }  # fmt: skip
    entry = {
        "protoPayload": {**usual, **audit}, "resource": {"labels": {"project_id": "p1"}},
        "timestamp": "2026-01-01T00:00:00.123456789Z",
    }  # fmt: skip
    return {"message": {"data": base64.b64encode(json.dumps(entry).encode()).decode()}, "subscription": "s"}


def one(cloud: str, value: Any) -> Any:
    [change] = read(cloud, json.dumps(value).encode())
    return change


def test_a_call_on_aws() -> None:
    change = one("aws", cloudtrail())
    assert spelling(QUEUE) in change.names
    assert (change.account, change.what, change.at.isoformat()) == (
        "000000000000", "SetQueueAttributes", "2026-01-01T00:00:00+00:00"
    )  # fmt: skip
    assert change.actor == Actor("arn:aws:iam::000000000000:user/mallory", "person")


def test_a_write_on_azure_is_one_of_what_it_is_a_part_of() -> None:
    change = one("azure", event_grid())
    assert spelling(SITE) in change.names
    assert change.actor == Actor("mallory@example.com", "person")
    cloud_event = [{**event, "type": event.pop("eventType"), "time": event.pop("eventTime")} for event in event_grid()]
    assert one("azure", cloud_event[0]).names == change.names


def test_an_entry_of_google_clouds_audit_log() -> None:
    change = one("gcp", pushed())
    assert spelling("//pubsub.googleapis.com/projects/p1/topics/orders") in change.names
    assert (change.account, change.actor) == ("p1", Actor("mallory@example.com", "person"))


@pytest.mark.parametrize(
    ("cloud", "value"),
    [
        ("aws", cloudtrail(readOnly=True)),
        ("aws", cloudtrail(errorCode="AccessDenied")),
        ("aws", {"detail-type": "Scheduled Event", "detail": {}}),
        ("azure", [{"eventType": "Microsoft.Storage.BlobCreated", "data": {}}]),
        ("azure", [{"eventType": "Microsoft.Resources.ResourceWriteFailure", "data": {}}]),
        ("gcp", pushed(status={"code": 7})),
        ("gcp", pushed(authorizationInfo=[{"permission": "pubsub.topics.get"}])),
        ("gcp", pushed(**{"@type": "other"})),
    ],
)
def test_what_changed_nothing_says_nothing(cloud: str, value: Any) -> None:
    assert list(read(cloud, json.dumps(value).encode())) == []


@pytest.mark.parametrize(
    ("identity", "actor"),
    [
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/ci/build"}, "automation"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/AWSReservedSSO_Admin_0f/ada"}, "person"),
        ({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}, "provider"),
        ({"type": "AssumedRole", "arn": "a", "invokedBy": "rds.amazonaws.com"}, "provider"),
        ({"type": "AssumedRole", "arn": "arn:aws:sts::1:assumed-role/deploy/df-0a1b"}, ""),
        (None, ""),
    ],
)
def test_who_it_was_on_aws(identity: Any, actor: str) -> None:
    assert one("aws", cloudtrail(userIdentity=identity)).actor.kind == actor


@pytest.mark.parametrize(
    ("email", "kind"),
    [
        ("ada@example.com", "person"), ("ci@p1.iam.gserviceaccount.com", "automation"),
        ("service-1@gcp-sa-pubsub.iam.gserviceaccount.com", "provider"), ("1@cloudservices.gserviceaccount.com", "provider"),
        ("", ""),
    ],
)  # fmt: skip
def test_who_it_was_on_google_cloud(email: str, kind: str) -> None:
    assert one("gcp", pushed(authenticationInfo={"principalEmail": email})).actor.kind == kind


def test_an_application_on_azure_is_automation() -> None:
    assert one("azure", event_grid(claims={"appid": "a-1", "idtyp": "app"})).actor == Actor("a-1", "automation")


@pytest.mark.parametrize(
    ("cloud", "body", "where"),
    [
        ("aws", b"{", "body"), ("aws", b"[]", "body"), ("aws", b"{}", "detail-type"),
        ("aws", json.dumps(cloudtrail(eventTime="yesterday")).encode(), "time"), ("azure", b"[3]", "event 0"),
        ("azure", b"[{}]", "event 0"), ("gcp", b"{}", "body.message"),
        ("gcp", b'{"message": {"data": "%%%"}}', "message.data"), ("ibm", b"{}", "path"),
    ],
)  # fmt: skip
def test_what_is_no_event_is_refused_with_its_place(cloud: str, body: bytes, where: str) -> None:
    with pytest.raises(BadEvent, match=where):
        read(cloud, body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
)


@given(st.sampled_from(["aws", "azure", "gcp"]), st.sampled_from(["detail", "data", "message", "eventType"]), JSON)
def test_nothing_else_is_ever_raised(cloud: str, field: str, value: Any) -> None:
    bases: dict[str, Any] = {"aws": cloudtrail(), "azure": event_grid()[0], "gcp": pushed()}
    with suppress(BadEvent):
        read(cloud, json.dumps({**bases[cloud], field: value}).encode())


def test_event_grid_is_told_its_code() -> None:
    asked = [{"eventType": "Microsoft.EventGrid.SubscriptionValidationEvent", "data": {"validationCode": "512d"}}]
    assert validation_code(json.dumps(asked).encode()) == "512d"
    assert validation_code(json.dumps(event_grid()).encode()) is None
    assert validation_code(b"{") is None
