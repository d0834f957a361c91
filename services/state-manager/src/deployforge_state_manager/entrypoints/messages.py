"""Rows of the read models → messages of the API."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_state_manager.application.changes import Change
from deployforge_state_manager.application.ports import BadPoint, Point, Row
from deployforge_state_manager.domain.deployment import Deployment
from deployforge_state_manager.domain.difference import Difference, ResourceDifference, resource_differences

_RESOURCE_FIELDS = (
    "urn", "type", "native_type", "provider", "account", "location", "unit_id", "unit_name", "physical_id",
    "desired_json", "actual_json", "attributes_json", "depends_on", "criticality", "set_paths", "resource_version",
    "protect", "retain_on_delete", "provider_type", "credential_ref", "spec_json", "create_only_paths",
)  # fmt: skip
_UNIT_FIELDS = tuple(field.name for field in pb.UnitState.DESCRIPTOR.fields)


def timestamp(at: datetime) -> Timestamp:
    """A moment on the wire."""
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp


def moment(message: Message, field: str) -> datetime | None:
    """A moment from the wire; None where it is not set. Raises BadPoint for one that no calendar has."""
    if not message.HasField(field):
        return None
    try:
        found: datetime = getattr(message, field).ToDatetime(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise BadPoint(f"{field} is no time: {error}") from error
    return found


def point(message: Any, version: int | None = None) -> Point:
    """A point from a message that has its fields, or some of them."""
    named = message.version if version is None else version
    return Point(named, moment(message, "as_of"), moment(message, "known_at"))


def version(row: Row) -> pb.Version:
    """A version with why and by whose leave."""
    return pb.Version(
        deployment_id=str(row["deployment_id"]),
        deployment=common_pb2.DeploymentRef(namespace=row["namespace"], name=row["name"]),
        version=row["version"],
        desired_version=row["desired_version"],
        request_id=row["request_id"],
        plan_id=row["plan_id"],
        plan_digest=row["plan_digest"],
        execution_id=row["execution_id"],
        action=row["action"].lower(),
        author=row["author"],
        approvers=row["approvers"],
        manifest_digest=row["manifest_digest"] or "",
        digest=row["digest"],
        resources=row["resources"],
        good=row["good"],
        recorded_at=timestamp(row["recorded_at"]),
        effective_at=timestamp(row["effective_at"]),
        reason=_reason(row["asked"]),
        approval=_approval(row["released"]),
        origin=_origin(row["origin"]),
    )


def _origin(origin: Row | None) -> pb.Origin | None:
    if origin is None:
        return None
    recorded_at = timestamp(datetime.fromisoformat(origin["recorded_at"]))
    return pb.Origin(recorded_at=recorded_at, signer=origin["signer"], imported_by=origin["imported_by"])


def _reason(asked: Row | None) -> pb.Reason | None:
    if asked is None:
        return None
    return pb.Reason(
        origin=asked["origin"].lower(), text=asked["reason"], incident_id=asked["incident_id"],
        remedy=asked["remedy"].lower(), to_version=asked["to_version"],
        requested_at=timestamp(datetime.fromisoformat(asked["requested_at"])),
    )  # fmt: skip


def _approval(released: Row | None) -> pb.Approval | None:
    if released is None:
        return None
    return pb.Approval(
        rule=released["rule"], approvers=released["approvers"], plan_digest=released["plan_digest"],
        approved_at=timestamp(datetime.fromisoformat(released["approved_at"])),
    )  # fmt: skip


def resource(row: Row) -> pb.ResourceState:
    """A resource of a version."""
    return pb.ResourceState(name=row["resource"], **{name: row[name] for name in _RESOURCE_FIELDS})


def unit(row: Row) -> pb.UnitState:
    """A unit of a version."""
    return pb.UnitState(**{name: row[name] for name in _UNIT_FIELDS})


def happened(row: Row) -> pb.ResourceEvent:
    """Something that happened to a resource."""
    what = "drift" if row["drift"] else "removed" if row["state"] is None else "recorded"
    state = row["state"] or {}
    changed = [] if what == "drift" else resource_differences(row["before"], row["state"])
    return pb.ResourceEvent(
        what=what,
        version=row["from_version"],
        resource_version=row["resource_version"],
        effective_at=timestamp(row["effective_at"]),
        recorded_at=timestamp(row["recorded_at"]),
        physical_id=state.get("physical_id", ""),
        unit_name=state.get("unit_name", ""),
        desired_json=state.get("desired_json", ""),
        drift=row["drift"],
        attributes=attributes(changed),
    )


def resource_difference(found: ResourceDifference) -> pb.ResourceDiff:
    """How a resource differs."""
    name = found.urn.rsplit(":", 1)[-1]
    return pb.ResourceDiff(
        urn=found.urn, name=name, change=found.change, from_urn=found.from_urn, attributes=attributes(found.differences)
    )


def attributes(found: Iterable[Difference]) -> list[common_pb2.AttributeChange]:
    """Attribute by attribute."""
    return [
        common_pb2.AttributeChange(
            path=d.path, before_json=d.before_json, after_json=d.after_json, change=d.change, from_path=d.from_path
        )
        for d in found
    ]


def item(row: Row) -> pb.InventoryItem:
    """A row of the inventory."""
    return pb.InventoryItem(
        urn=row["urn"],
        deployment=common_pb2.DeploymentRef(namespace=row["namespace"], name=row["name"]),
        type=row["type"],
        native_type=row["native_type"],
        provider=row["provider"],
        account=row["account"],
        location=row["location"],
        physical_id=row["physical_id"],
        criticality=row["criticality"],
        drift=row["drift"],
        version=row["version"],
        changed_at=timestamp(row["changed_at"]),
        state=row["state"],
        owner=row["owner"],
        tags=dict(tag.split("=", 1) for tag in row["tags"]),
    )


def rebuild(row: Row) -> pb.RebuildStatusResponse:
    """How far a rebuild is."""
    return pb.RebuildStatusResponse(
        rebuild_id=row["id"], state=row["state"], done=row["done"], total=row["total"], reason=row["reason"],
        asked_at=timestamp(row["asked_at"]), ended_at=row["ended_at"] and timestamp(row["ended_at"]),
    )  # fmt: skip


def change(found: Change, cursor: str) -> pb.WatchResponse:
    """What a watcher is told."""
    told = pb.WatchResponse(
        cursor=cursor,
        deployment=common_pb2.DeploymentRef(namespace=found.namespace, name=found.name),
        recorded_at=timestamp(found.event.timestamp),
    )
    match found.event:
        case Deployment.VersionRecorded(version=version, desired_version=desired, verified=v):
            told.version.CopyFrom(
                pb.VersionSeen(
                    version=version, desired_version=desired, action=v.action.lower(), author=v.author,
                    request_id=v.request_id, effective_at=timestamp(v.effective_at),
                )
            )  # fmt: skip
        case Deployment.VersionMarkedGood(version=version):
            told.good_version = version
        case event:
            since = timestamp(event.since or event.timestamp)
            told.drift.CopyFrom(pb.DriftSeen(urn=event.urn, drift=event.drift, since=since))
    return told
