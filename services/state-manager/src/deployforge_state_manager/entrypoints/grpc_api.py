"""`State` and `Inventory`."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import grpc
from deployforge.common.v1 import common_pb2
from deployforge.state_manager.v1 import state_pb2 as pb
from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis import jsondiff
from deployforge_chassis.grpc_server import principal
from deployforge_chassis.identity import CONTROL_PLANE, DRIFT_DETECTOR, HEALER, ORCHESTRATOR
from google.protobuf.timestamp_pb2 import Timestamp

from deployforge_state_manager.application.ports import BadCursor, Row, StateNotFound, StateReader

_STATE = "/deployforge.state_manager.v1.State/"
_READERS = frozenset({CONTROL_PLANE, ORCHESTRATOR, HEALER, DRIFT_DETECTOR})

RULES: Final[Mapping[str, frozenset[str]]] = {
    **{_STATE + method: _READERS for method in ("Get", "History", "Diff", "LastKnownGood", "Graph")},
    "/deployforge.state_manager.v1.Inventory/List": frozenset({CONTROL_PLANE}),
}

STATUS_OF: Final[Mapping[type[Exception], grpc.StatusCode]] = {
    StateNotFound: grpc.StatusCode.NOT_FOUND,
    BadCursor: grpc.StatusCode.INVALID_ARGUMENT,
    LookupError: grpc.StatusCode.NOT_FOUND,
}

_RESOURCE_FIELDS = (
    "urn", "type", "native_type", "provider", "account", "location", "unit_id", "unit_name", "physical_id",
    "desired_json", "actual_json", "attributes_json", "depends_on", "criticality", "set_paths", "resource_version",
    "protect", "retain_on_delete", "provider_type", "credential_ref", "spec_json", "create_only_paths",
)  # fmt: skip
_UNIT_FIELDS = tuple(field.name for field in pb.UnitState.DESCRIPTOR.fields)


class StateApi(state_pb2_grpc.StateServicer):
    """Reads of one deployment."""

    def __init__(self, reader: StateReader) -> None:
        self._reader = reader

    def Get(self, request: pb.GetRequest, context: grpc.ServicerContext) -> pb.GetResponse:
        version = self._reader.version(request.deployment.namespace, request.deployment.name, request.version)
        return pb.GetResponse(
            version=_version(version),
            resources=[_resource(row) for row in self._reader.resources(version)],
            healing_json=version["healing_json"],
            outputs_json=version["outputs_json"],
            units=[pb.UnitState(**{name: unit[name] for name in _UNIT_FIELDS}) for unit in version["units"]],
        )

    def History(self, request: pb.HistoryRequest, context: grpc.ServicerContext) -> pb.HistoryResponse:
        rows, cursor = self._reader.history(
            request.deployment.namespace, request.deployment.name, request.page.size, request.page.cursor
        )
        if not rows and not request.page.cursor:
            raise StateNotFound(f"nothing is known of {request.deployment.namespace}/{request.deployment.name}")
        return pb.HistoryResponse(versions=[_version(row) for row in rows], next_cursor=cursor)

    def Diff(self, request: pb.DiffRequest, context: grpc.ServicerContext) -> pb.DiffResponse:
        where = request.deployment.namespace, request.deployment.name
        before, after = (self._reader.version(*where, v) for v in (request.from_version, request.to_version))
        old = {row["urn"]: row for row in self._reader.resources(before)}
        new = {row["urn"]: row for row in self._reader.resources(after)}
        diffs = [_diff(urn, old.get(urn), new.get(urn)) for urn in sorted(old.keys() | new.keys())]
        return pb.DiffResponse(
            from_version=before["version"], to_version=after["version"], resources=[d for d in diffs if d is not None]
        )

    def LastKnownGood(self, request: pb.LastKnownGoodRequest, context: grpc.ServicerContext) -> pb.LastKnownGoodResponse:
        found = self._reader.last_known_good(request.deployment.namespace, request.deployment.name)
        return pb.LastKnownGoodResponse(version=_version(found))

    def Graph(self, request: pb.GraphRequest, context: grpc.ServicerContext) -> pb.GraphResponse:
        version = self._reader.version(request.deployment.namespace, request.deployment.name)
        rows = self._reader.resources(version)
        edges = [
            pb.Edge(from_urn=row["urn"], to_urn=needed, reason=_reason(row, needed))
            for row in rows
            for needed in row["depends_on"]
        ]
        return pb.GraphResponse(urns=[row["urn"] for row in rows], edges=edges)


class InventoryApi(state_pb2_grpc.InventoryServicer):
    """Reads over all deployments."""

    def __init__(self, reader: StateReader) -> None:
        self._reader = reader

    def List(self, request: pb.InventoryListRequest, context: grpc.ServicerContext) -> pb.InventoryListResponse:
        who = principal(context)
        reach = None if who is None or "*" in who.namespaces else who.namespaces
        filters = {
            "namespace": request.deployment.namespace,
            "name": request.deployment.name,
            "type": request.type,
            "provider": request.provider,
            "location": request.location,
        }
        rows, cursor = self._reader.inventory(filters, reach, request.page.size, request.page.cursor)
        return pb.InventoryListResponse(items=[_item(row) for row in rows], next_cursor=cursor)


def _version(row: Row) -> pb.Version:
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
        recorded_at=_timestamp(row["recorded_at"]),
        effective_at=_timestamp(row["effective_at"]),
    )


def _resource(row: Row) -> pb.ResourceState:
    return pb.ResourceState(name=row["resource"], **{name: row[name] for name in _RESOURCE_FIELDS})


def _item(row: Row) -> pb.InventoryItem:
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
        changed_at=_timestamp(row["changed_at"]),
    )


def _diff(urn: str, before: Row | None, after: Row | None) -> pb.ResourceDiff | None:
    present = after or before
    assert present is not None
    found = jsondiff.changes(_comparable(before), _comparable(after), present["set_paths"])
    if not found:
        return None
    change = "added" if before is None else "removed" if after is None else "changed"
    attributes = [
        common_pb2.AttributeChange(path=c.path, before_json=c.before_json, after_json=c.after_json) for c in found
    ]
    return pb.ResourceDiff(urn=urn, name=present["resource"], change=change, attributes=attributes)


def _comparable(row: Row | None) -> Any:
    if row is None:
        return {}
    return {**json.loads(row["desired_json"]), "(physical id)": row["physical_id"]}


def _reason(row: Row, needed: str) -> str:
    return "reference" if "${" + needed.rsplit(":", 1)[-1] + "." in row["spec_json"] else "explicit"


def _timestamp(at: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(at)
    return stamp
