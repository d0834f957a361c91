import datetime

from deployforge.common.v1 import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ResourceState(_message.Message):
    __slots__ = ("urn", "name", "type", "native_type", "provider", "account", "location", "unit_id", "unit_name", "physical_id", "desired_json", "actual_json", "attributes_json", "depends_on", "criticality", "set_paths", "resource_version", "protect", "retain_on_delete", "provider_type", "credential_ref", "spec_json", "create_only_paths")
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_NAME_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_JSON_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_JSON_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    CRITICALITY_FIELD_NUMBER: _ClassVar[int]
    SET_PATHS_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    PROTECT_FIELD_NUMBER: _ClassVar[int]
    RETAIN_ON_DELETE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_REF_FIELD_NUMBER: _ClassVar[int]
    SPEC_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATE_ONLY_PATHS_FIELD_NUMBER: _ClassVar[int]
    urn: str
    name: str
    type: str
    native_type: str
    provider: str
    account: str
    location: str
    unit_id: str
    unit_name: str
    physical_id: str
    desired_json: str
    actual_json: str
    attributes_json: str
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    criticality: str
    set_paths: _containers.RepeatedScalarFieldContainer[str]
    resource_version: int
    protect: bool
    retain_on_delete: bool
    provider_type: str
    credential_ref: str
    spec_json: str
    create_only_paths: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, urn: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., native_type: _Optional[str] = ..., provider: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., unit_id: _Optional[str] = ..., unit_name: _Optional[str] = ..., physical_id: _Optional[str] = ..., desired_json: _Optional[str] = ..., actual_json: _Optional[str] = ..., attributes_json: _Optional[str] = ..., depends_on: _Optional[_Iterable[str]] = ..., criticality: _Optional[str] = ..., set_paths: _Optional[_Iterable[str]] = ..., resource_version: _Optional[int] = ..., protect: _Optional[bool] = ..., retain_on_delete: _Optional[bool] = ..., provider_type: _Optional[str] = ..., credential_ref: _Optional[str] = ..., spec_json: _Optional[str] = ..., create_only_paths: _Optional[_Iterable[str]] = ...) -> None: ...

class Version(_message.Message):
    __slots__ = ("deployment_id", "deployment", "version", "desired_version", "request_id", "plan_id", "plan_digest", "execution_id", "action", "author", "approvers", "manifest_digest", "digest", "resources", "good", "recorded_at", "effective_at", "reason", "approval", "origin")
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    GOOD_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    deployment: _common_pb2.DeploymentRef
    version: int
    desired_version: int
    request_id: str
    plan_id: str
    plan_digest: str
    execution_id: str
    action: str
    author: str
    approvers: _containers.RepeatedScalarFieldContainer[str]
    manifest_digest: str
    digest: str
    resources: int
    good: bool
    recorded_at: _timestamp_pb2.Timestamp
    effective_at: _timestamp_pb2.Timestamp
    reason: Reason
    approval: Approval
    origin: Origin
    def __init__(self, deployment_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., version: _Optional[int] = ..., desired_version: _Optional[int] = ..., request_id: _Optional[str] = ..., plan_id: _Optional[str] = ..., plan_digest: _Optional[str] = ..., execution_id: _Optional[str] = ..., action: _Optional[str] = ..., author: _Optional[str] = ..., approvers: _Optional[_Iterable[str]] = ..., manifest_digest: _Optional[str] = ..., digest: _Optional[str] = ..., resources: _Optional[int] = ..., good: _Optional[bool] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[_Union[Reason, _Mapping]] = ..., approval: _Optional[_Union[Approval, _Mapping]] = ..., origin: _Optional[_Union[Origin, _Mapping]] = ...) -> None: ...

class Origin(_message.Message):
    __slots__ = ("recorded_at", "signer", "imported_by")
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    IMPORTED_BY_FIELD_NUMBER: _ClassVar[int]
    recorded_at: _timestamp_pb2.Timestamp
    signer: str
    imported_by: str
    def __init__(self, recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., signer: _Optional[str] = ..., imported_by: _Optional[str] = ...) -> None: ...

class Reason(_message.Message):
    __slots__ = ("origin", "text", "incident_id", "remedy", "to_version", "requested_at")
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    origin: str
    text: str
    incident_id: str
    remedy: str
    to_version: int
    requested_at: _timestamp_pb2.Timestamp
    def __init__(self, origin: _Optional[str] = ..., text: _Optional[str] = ..., incident_id: _Optional[str] = ..., remedy: _Optional[str] = ..., to_version: _Optional[int] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Approval(_message.Message):
    __slots__ = ("rule", "approvers", "plan_digest", "approved_at")
    RULE_FIELD_NUMBER: _ClassVar[int]
    APPROVERS_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    APPROVED_AT_FIELD_NUMBER: _ClassVar[int]
    rule: str
    approvers: _containers.RepeatedScalarFieldContainer[str]
    plan_digest: str
    approved_at: _timestamp_pb2.Timestamp
    def __init__(self, rule: _Optional[str] = ..., approvers: _Optional[_Iterable[str]] = ..., plan_digest: _Optional[str] = ..., approved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Point(_message.Message):
    __slots__ = ("version", "as_of", "known_at")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    version: int
    as_of: _timestamp_pb2.Timestamp
    known_at: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("deployment", "version", "as_of", "known_at")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    version: int
    as_of: _timestamp_pb2.Timestamp
    known_at: _timestamp_pb2.Timestamp
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., version: _Optional[int] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("version", "resources", "healing_json", "outputs_json", "units")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    HEALING_JSON_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_JSON_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    version: Version
    resources: _containers.RepeatedCompositeFieldContainer[ResourceState]
    healing_json: str
    outputs_json: str
    units: _containers.RepeatedCompositeFieldContainer[UnitState]
    def __init__(self, version: _Optional[_Union[Version, _Mapping]] = ..., resources: _Optional[_Iterable[_Union[ResourceState, _Mapping]]] = ..., healing_json: _Optional[str] = ..., outputs_json: _Optional[str] = ..., units: _Optional[_Iterable[_Union[UnitState, _Mapping]]] = ...) -> None: ...

class UnitState(_message.Message):
    __slots__ = ("unit_id", "name", "provider", "provider_type", "account", "location", "credential_ref", "stage", "part", "template_digest", "inputs_json")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_REF_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    INPUTS_JSON_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    name: str
    provider: str
    provider_type: str
    account: str
    location: str
    credential_ref: str
    stage: int
    part: int
    template_digest: str
    inputs_json: str
    def __init__(self, unit_id: _Optional[str] = ..., name: _Optional[str] = ..., provider: _Optional[str] = ..., provider_type: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., credential_ref: _Optional[str] = ..., stage: _Optional[int] = ..., part: _Optional[int] = ..., template_digest: _Optional[str] = ..., inputs_json: _Optional[str] = ...) -> None: ...

class HistoryRequest(_message.Message):
    __slots__ = ("deployment", "page")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    page: _common_pb2.PageRequest
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class HistoryResponse(_message.Message):
    __slots__ = ("versions", "next_cursor", "last_known_good", "rollback_target")
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    LAST_KNOWN_GOOD_FIELD_NUMBER: _ClassVar[int]
    ROLLBACK_TARGET_FIELD_NUMBER: _ClassVar[int]
    versions: _containers.RepeatedCompositeFieldContainer[Version]
    next_cursor: str
    last_known_good: int
    rollback_target: int
    def __init__(self, versions: _Optional[_Iterable[_Union[Version, _Mapping]]] = ..., next_cursor: _Optional[str] = ..., last_known_good: _Optional[int] = ..., rollback_target: _Optional[int] = ...) -> None: ...

class ResourceHistoryRequest(_message.Message):
    __slots__ = ("deployment", "resource", "page")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    resource: str
    page: _common_pb2.PageRequest
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., resource: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class ResourceEvent(_message.Message):
    __slots__ = ("what", "version", "resource_version", "effective_at", "recorded_at", "physical_id", "unit_name", "desired_json", "drift", "attributes")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_VERSION_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_NAME_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    what: str
    version: int
    resource_version: int
    effective_at: _timestamp_pb2.Timestamp
    recorded_at: _timestamp_pb2.Timestamp
    physical_id: str
    unit_name: str
    desired_json: str
    drift: str
    attributes: _containers.RepeatedCompositeFieldContainer[_common_pb2.AttributeChange]
    def __init__(self, what: _Optional[str] = ..., version: _Optional[int] = ..., resource_version: _Optional[int] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., physical_id: _Optional[str] = ..., unit_name: _Optional[str] = ..., desired_json: _Optional[str] = ..., drift: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[_common_pb2.AttributeChange, _Mapping]]] = ...) -> None: ...

class ResourceHistoryResponse(_message.Message):
    __slots__ = ("events", "next_cursor")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ResourceEvent]
    next_cursor: str
    def __init__(self, events: _Optional[_Iterable[_Union[ResourceEvent, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class DiffRequest(_message.Message):
    __slots__ = ("deployment", "from_version", "to_version", "to")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    from_version: int
    to_version: int
    to: Point
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., to: _Optional[_Union[Point, _Mapping]] = ..., **kwargs) -> None: ...

class ResourceDiff(_message.Message):
    __slots__ = ("urn", "name", "change", "attributes", "from_urn")
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    FROM_URN_FIELD_NUMBER: _ClassVar[int]
    urn: str
    name: str
    change: str
    attributes: _containers.RepeatedCompositeFieldContainer[_common_pb2.AttributeChange]
    from_urn: str
    def __init__(self, urn: _Optional[str] = ..., name: _Optional[str] = ..., change: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[_common_pb2.AttributeChange, _Mapping]]] = ..., from_urn: _Optional[str] = ...) -> None: ...

class DiffResponse(_message.Message):
    __slots__ = ("from_version", "to_version", "resources")
    FROM_VERSION_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    from_version: int
    to_version: int
    resources: _containers.RepeatedCompositeFieldContainer[ResourceDiff]
    def __init__(self, from_version: _Optional[int] = ..., to_version: _Optional[int] = ..., resources: _Optional[_Iterable[_Union[ResourceDiff, _Mapping]]] = ...) -> None: ...

class LastKnownGoodRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class LastKnownGoodResponse(_message.Message):
    __slots__ = ("version",)
    VERSION_FIELD_NUMBER: _ClassVar[int]
    version: Version
    def __init__(self, version: _Optional[_Union[Version, _Mapping]] = ...) -> None: ...

class GraphRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class Edge(_message.Message):
    __slots__ = ("from_urn", "to_urn", "reason")
    FROM_URN_FIELD_NUMBER: _ClassVar[int]
    TO_URN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    from_urn: str
    to_urn: str
    reason: str
    def __init__(self, from_urn: _Optional[str] = ..., to_urn: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class GraphResponse(_message.Message):
    __slots__ = ("urns", "edges")
    URNS_FIELD_NUMBER: _ClassVar[int]
    EDGES_FIELD_NUMBER: _ClassVar[int]
    urns: _containers.RepeatedScalarFieldContainer[str]
    edges: _containers.RepeatedCompositeFieldContainer[Edge]
    def __init__(self, urns: _Optional[_Iterable[str]] = ..., edges: _Optional[_Iterable[_Union[Edge, _Mapping]]] = ...) -> None: ...

class InventoryListRequest(_message.Message):
    __slots__ = ("deployment", "type", "provider", "location", "page", "drift", "criticality", "state", "tag", "sort", "as_of", "known_at")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    CRITICALITY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    SORT_FIELD_NUMBER: _ClassVar[int]
    AS_OF_FIELD_NUMBER: _ClassVar[int]
    KNOWN_AT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    type: str
    provider: str
    location: str
    page: _common_pb2.PageRequest
    drift: str
    criticality: str
    state: str
    tag: str
    sort: str
    as_of: _timestamp_pb2.Timestamp
    known_at: _timestamp_pb2.Timestamp
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., type: _Optional[str] = ..., provider: _Optional[str] = ..., location: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., drift: _Optional[str] = ..., criticality: _Optional[str] = ..., state: _Optional[str] = ..., tag: _Optional[str] = ..., sort: _Optional[str] = ..., as_of: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., known_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class InventoryItem(_message.Message):
    __slots__ = ("urn", "deployment", "type", "native_type", "provider", "account", "location", "physical_id", "criticality", "drift", "version", "changed_at", "state", "owner", "tags")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    URN_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    CRITICALITY_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    urn: str
    deployment: _common_pb2.DeploymentRef
    type: str
    native_type: str
    provider: str
    account: str
    location: str
    physical_id: str
    criticality: str
    drift: str
    version: int
    changed_at: _timestamp_pb2.Timestamp
    state: str
    owner: str
    tags: _containers.ScalarMap[str, str]
    def __init__(self, urn: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., type: _Optional[str] = ..., native_type: _Optional[str] = ..., provider: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., physical_id: _Optional[str] = ..., criticality: _Optional[str] = ..., drift: _Optional[str] = ..., version: _Optional[int] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[str] = ..., owner: _Optional[str] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class InventoryListResponse(_message.Message):
    __slots__ = ("items", "next_cursor")
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[InventoryItem]
    next_cursor: str
    def __init__(self, items: _Optional[_Iterable[_Union[InventoryItem, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class InventoryCountRequest(_message.Message):
    __slots__ = ("deployment", "type", "provider", "location", "drift", "criticality", "state", "tag")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    CRITICALITY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    type: str
    provider: str
    location: str
    drift: str
    criticality: str
    state: str
    tag: str
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., type: _Optional[str] = ..., provider: _Optional[str] = ..., location: _Optional[str] = ..., drift: _Optional[str] = ..., criticality: _Optional[str] = ..., state: _Optional[str] = ..., tag: _Optional[str] = ...) -> None: ...

class FacetValue(_message.Message):
    __slots__ = ("value", "count")
    VALUE_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    value: str
    count: int
    def __init__(self, value: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...

class Facet(_message.Message):
    __slots__ = ("name", "values")
    NAME_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    name: str
    values: _containers.RepeatedCompositeFieldContainer[FacetValue]
    def __init__(self, name: _Optional[str] = ..., values: _Optional[_Iterable[_Union[FacetValue, _Mapping]]] = ...) -> None: ...

class InventoryCountResponse(_message.Message):
    __slots__ = ("total", "facets", "exact")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    FACETS_FIELD_NUMBER: _ClassVar[int]
    EXACT_FIELD_NUMBER: _ClassVar[int]
    total: int
    facets: _containers.RepeatedCompositeFieldContainer[Facet]
    exact: bool
    def __init__(self, total: _Optional[int] = ..., facets: _Optional[_Iterable[_Union[Facet, _Mapping]]] = ..., exact: _Optional[bool] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("deployment", "cursor", "from_start")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    FROM_START_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    cursor: str
    from_start: bool
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., cursor: _Optional[str] = ..., from_start: _Optional[bool] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("cursor", "deployment", "recorded_at", "version", "good_version", "drift")
    CURSOR_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RECORDED_AT_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    GOOD_VERSION_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    cursor: str
    deployment: _common_pb2.DeploymentRef
    recorded_at: _timestamp_pb2.Timestamp
    version: VersionSeen
    good_version: int
    drift: DriftSeen
    def __init__(self, cursor: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., recorded_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., version: _Optional[_Union[VersionSeen, _Mapping]] = ..., good_version: _Optional[int] = ..., drift: _Optional[_Union[DriftSeen, _Mapping]] = ...) -> None: ...

class VersionSeen(_message.Message):
    __slots__ = ("version", "desired_version", "action", "author", "request_id", "effective_at")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    DESIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    EFFECTIVE_AT_FIELD_NUMBER: _ClassVar[int]
    version: int
    desired_version: int
    action: str
    author: str
    request_id: str
    effective_at: _timestamp_pb2.Timestamp
    def __init__(self, version: _Optional[int] = ..., desired_version: _Optional[int] = ..., action: _Optional[str] = ..., author: _Optional[str] = ..., request_id: _Optional[str] = ..., effective_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DriftSeen(_message.Message):
    __slots__ = ("urn", "drift", "since")
    URN_FIELD_NUMBER: _ClassVar[int]
    DRIFT_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    urn: str
    drift: str
    since: _timestamp_pb2.Timestamp
    def __init__(self, urn: _Optional[str] = ..., drift: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ExportRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class ExportResponse(_message.Message):
    __slots__ = ("data",)
    DATA_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    def __init__(self, data: _Optional[bytes] = ...) -> None: ...

class ImportRequest(_message.Message):
    __slots__ = ("data", "signer")
    DATA_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    data: bytes
    signer: str
    def __init__(self, data: _Optional[bytes] = ..., signer: _Optional[str] = ...) -> None: ...

class ImportResponse(_message.Message):
    __slots__ = ("deployment", "versions", "resources", "events", "signer")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SIGNER_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    versions: int
    resources: int
    events: int
    signer: str
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., versions: _Optional[int] = ..., resources: _Optional[int] = ..., events: _Optional[int] = ..., signer: _Optional[str] = ...) -> None: ...

class RebuildRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RebuildResponse(_message.Message):
    __slots__ = ("rebuild_id",)
    REBUILD_ID_FIELD_NUMBER: _ClassVar[int]
    rebuild_id: str
    def __init__(self, rebuild_id: _Optional[str] = ...) -> None: ...

class RebuildStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class RebuildStatusResponse(_message.Message):
    __slots__ = ("rebuild_id", "state", "done", "total", "asked_at", "ended_at", "reason")
    REBUILD_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ASKED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    rebuild_id: str
    state: str
    done: int
    total: int
    asked_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    reason: str
    def __init__(self, rebuild_id: _Optional[str] = ..., state: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ..., asked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., reason: _Optional[str] = ...) -> None: ...
