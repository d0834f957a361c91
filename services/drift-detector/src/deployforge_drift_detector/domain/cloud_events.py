"""What clouds say about changes: which resources, and who did it.

Three formats: AWS's EventBridge events of CloudTrail ("AWS API Call via CloudTrail"), Azure's Event Grid events of
resource writes, deletes and actions (both of its schemas), and Google Cloud's audit log entries as Pub/Sub pushes them.
Events of reads and of calls that failed say that nothing changed. Unknown fields are passed over: clouds add some.
"""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from deployforge_drift_detector.domain.actor import Actor

_NAMES_AT_MOST: Final = 500
_NAME_LENGTH_AT_MOST: Final = 2048
#: What this system's own sessions begin with: what it does itself nobody is suspected of.
_OWN_SESSIONS: Final = "df-"


class BadEvent(ValueError):
    """A body that is no event of that cloud; says where, and what was expected."""

    def __init__(self, where: str, expected: str) -> None:
        super().__init__(f"{where}: expected {expected}")


@dataclass(frozen=True)
class CloudChange:
    """A call that changed something."""

    names: frozenset[str]
    """Whatever in it may name a resource, as `spelling` has it."""
    account: str
    """Account, subscription or project; empty where the event does not say."""
    actor: Actor
    at: datetime
    what: str
    """The call."""


def spelling(physical_id: str) -> str:
    """A physical id in the one spelling under which events are matched: clouds differ in case and in prefixes."""
    name = physical_id.strip().lower()
    if name.startswith("//"):
        name = name[2:].partition("/")[2]
    return name.strip("/")


def read(cloud: str, body: bytes) -> Sequence[CloudChange]:
    """The changes that a body tells of; none where it tells of other things. Raises BadEvent."""
    reader = _READERS.get(cloud)
    if reader is None:
        raise BadEvent("path", "/events/aws, /events/azure or /events/gcp")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadEvent("body", "JSON") from None
    return list(reader(value))


def validation_code(body: bytes) -> str | None:
    """What Event Grid wants to hear back before it sends anything; None for every other body."""
    try:
        events = json.loads(body)
    except (ValueError, RecursionError):
        return None
    for event in events if isinstance(events, list) else ():
        if isinstance(event, dict) and event.get("eventType") == "Microsoft.EventGrid.SubscriptionValidationEvent":
            code = _object(event, "data", "event").get("validationCode")
            return code if isinstance(code, str) else None
    return None


def _aws(value: Any) -> Iterator[CloudChange]:
    event = _is_object(value, "body")
    if "detail-type" not in event:
        raise BadEvent("detail-type", "an EventBridge event")
    if event["detail-type"] != "AWS API Call via CloudTrail":
        return
    detail = _object(event, "detail", "event")
    if detail.get("readOnly") is True or detail.get("errorCode"):
        return
    told = (
        event.get("resources"),
        detail.get("requestParameters"),
        detail.get("responseElements"),
        detail.get("resources"),
    )
    yield CloudChange(
        _names(told), _text(event.get("account")), _aws_actor(detail.get("userIdentity")),
        _time(detail.get("eventTime") or event.get("time"), "time"), _text(detail.get("eventName")),
    )  # fmt: skip


def _aws_actor(identity: Any) -> Actor:
    if not isinstance(identity, dict):
        return Actor()
    name = _text(identity.get("arn")) or _text(identity.get("userName")) or _text(identity.get("principalId"))
    by = _text(identity.get("invokedBy"))
    if identity.get("type") == "AssumedRole" and name.rpartition("/")[2].startswith(_OWN_SESSIONS):
        return Actor()
    match identity.get("type"):
        case "AWSService" | "AWSAccount":
            return Actor(by or name, "provider")
        case _ if by.endswith(".amazonaws.com"):
            return Actor(by, "provider")
        case "IAMUser" | "Root" | "IdentityCenterUser":
            return Actor(name, "person")
        case _:
            # Single sign-on gives people a role too; its name says so.
            return Actor(name, "person" if "AWSReservedSSO_" in name else "automation")


def _azure(value: Any) -> Iterator[CloudChange]:
    for number, one in enumerate(value if isinstance(value, list) else [value]):
        event = _is_object(one, f"event {number}")
        kind = event.get("eventType") or event.get("type")
        if not isinstance(kind, str):
            raise BadEvent(f"event {number}", "eventType or type, as Event Grid sends it")
        if not (kind.startswith("Microsoft.Resources.Resource") and kind.endswith("Success")):
            continue
        data = _object(event, "data", f"event {number}")
        uri = _text(data.get("resourceUri")) or _text(event.get("subject"))
        yield CloudChange(
            _with_parents(spelling(uri)), _text(data.get("subscriptionId")), _azure_actor(data),
            _time(event.get("eventTime") or event.get("time"), f"event {number}"), _text(data.get("operationName")),
        )  # fmt: skip


def _with_parents(name: str) -> frozenset[str]:
    """A change of a part is one of the whole: `…/servers/a/databases/b` is both's."""
    parts = name.split("/")
    return frozenset("/".join(parts[:end]) for end in range(len(parts), 7, -2)) if len(parts) >= 8 else frozenset({name})


def _azure_actor(data: Mapping[str, Any]) -> Actor:
    claims = data.get("claims")
    if not isinstance(claims, dict):
        return Actor()
    person = (
        claims.get("http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn") or claims.get("upn") or claims.get("name")
    )
    if isinstance(person, str) and person and claims.get("idtyp") != "app":
        return Actor(person, "person")
    return Actor(_text(claims.get("appid")) or _text(person), "automation")


def _gcp(value: Any) -> Iterator[CloudChange]:
    message = _object(_is_object(value, "body"), "message", "body")
    try:
        entry = json.loads(base64.b64decode(_text(message.get("data")), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        raise BadEvent("message.data", "a log entry as JSON in base64") from None
    entry = _is_object(entry, "message.data")
    audit = entry.get("protoPayload")
    if not isinstance(audit, dict) or not _text(audit.get("@type")).endswith("google.cloud.audit.AuditLog"):
        return
    status = audit.get("status")
    permission = audit.get("authorizationInfo")
    if (isinstance(status, dict) and status.get("code")) or _only_reads(permission):
        return
    resource, name = entry.get("resource"), _text(audit.get("resourceName"))
    labels = resource.get("labels") if isinstance(resource, dict) else None
    project = _text(labels.get("project_id")) if isinstance(labels, dict) else ""
    who = audit.get("authenticationInfo")
    yield CloudChange(
        frozenset({spelling(name), spelling(name).rpartition("/")[2]}) - {""}, project,
        _gcp_actor(_text(who.get("principalEmail")) if isinstance(who, dict) else ""),
        _time(entry.get("timestamp"), "message.data.timestamp"), _text(audit.get("methodName")),
    )  # fmt: skip


def _only_reads(permissions: Any) -> bool:
    asked = (
        [_text(one.get("permission")) for one in permissions if isinstance(one, dict)]
        if isinstance(permissions, list)
        else []
    )
    return bool(asked) and all(name.rpartition(".")[2].startswith(("get", "list")) for name in asked)


def _gcp_actor(email: str) -> Actor:
    if not email.endswith("gserviceaccount.com"):
        return Actor(email, "person" if email else "")
    domain = email.partition("@")[2]
    ours = domain.endswith(".iam.gserviceaccount.com") and not domain.startswith("gcp-sa-")
    return Actor(email, "automation" if ours else "provider")


_READERS: Final[Mapping[str, Callable[[Any], Iterator[CloudChange]]]] = {"aws": _aws, "azure": _azure, "gcp": _gcp}


def _names(value: Any) -> frozenset[str]:
    """Every text anywhere in it."""
    found: set[str] = set()
    waiting = [value]
    while waiting and len(found) < _NAMES_AT_MOST:
        match waiting.pop():
            case str() as text if 0 < len(text) <= _NAME_LENGTH_AT_MOST:
                found.add(spelling(text))
            case dict() as inner:
                waiting += inner.values()
            case list() | tuple() as inner:
                waiting += inner
            case _:
                pass
    return frozenset(found - {""})


def _is_object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadEvent(where, "an object")
    return value


def _object(value: Mapping[str, Any], name: str, where: str) -> dict[str, Any]:
    return _is_object(value.get(name), f"{where}.{name}")


def _text(value: Any) -> str:
    return value[:_NAME_LENGTH_AT_MOST].replace("\x00", "") if isinstance(value, str) else ""


def _time(value: Any, where: str) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadEvent(where, "an ISO 8601 time") from None
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)
