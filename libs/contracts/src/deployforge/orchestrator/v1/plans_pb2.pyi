import datetime

from deployforge.common.v1 import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ChangeAction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHANGE_ACTION_UNSPECIFIED: _ClassVar[ChangeAction]
    CHANGE_ACTION_NONE: _ClassVar[ChangeAction]
    CHANGE_ACTION_CREATE: _ClassVar[ChangeAction]
    CHANGE_ACTION_UPDATE: _ClassVar[ChangeAction]
    CHANGE_ACTION_REPLACE: _ClassVar[ChangeAction]
    CHANGE_ACTION_DELETE: _ClassVar[ChangeAction]
    CHANGE_ACTION_ADOPT: _ClassVar[ChangeAction]
    CHANGE_ACTION_CORRECT: _ClassVar[ChangeAction]
    CHANGE_ACTION_RECREATE: _ClassVar[ChangeAction]
CHANGE_ACTION_UNSPECIFIED: ChangeAction
CHANGE_ACTION_NONE: ChangeAction
CHANGE_ACTION_CREATE: ChangeAction
CHANGE_ACTION_UPDATE: ChangeAction
CHANGE_ACTION_REPLACE: ChangeAction
CHANGE_ACTION_DELETE: ChangeAction
CHANGE_ACTION_ADOPT: ChangeAction
CHANGE_ACTION_CORRECT: ChangeAction
CHANGE_ACTION_RECREATE: ChangeAction

class ResourceChange(_message.Message):
    __slots__ = ("urn", "name", "type", "native_type", "action", "attributes", "replacement_reason", "unit_id", "depends_on", "physical_id")
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REPLACEMENT_REASON_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    urn: str
    name: str
    type: str
    native_type: str
    action: ChangeAction
    attributes: _containers.RepeatedCompositeFieldContainer[_common_pb2.AttributeChange]
    replacement_reason: str
    unit_id: str
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    physical_id: str
    def __init__(self, urn: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., native_type: _Optional[str] = ..., action: _Optional[_Union[ChangeAction, str]] = ..., attributes: _Optional[_Iterable[_Union[_common_pb2.AttributeChange, _Mapping]]] = ..., replacement_reason: _Optional[str] = ..., unit_id: _Optional[str] = ..., depends_on: _Optional[_Iterable[str]] = ..., physical_id: _Optional[str] = ...) -> None: ...

class Unit(_message.Message):
    __slots__ = ("unit_id", "name", "provider", "account", "location", "stage", "part", "depends_on", "resources")
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    STAGE_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    unit_id: str
    name: str
    provider: str
    account: str
    location: str
    stage: int
    part: int
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    resources: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, unit_id: _Optional[str] = ..., name: _Optional[str] = ..., provider: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., stage: _Optional[int] = ..., part: _Optional[int] = ..., depends_on: _Optional[_Iterable[str]] = ..., resources: _Optional[_Iterable[str]] = ...) -> None: ...

class Plan(_message.Message):
    __slots__ = ("plan_id", "plan_digest", "request_id", "deployment_id", "deployment", "base_version", "units", "changes", "warnings", "monthly_cost_delta_usd", "drafted_at", "action")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_COST_DELTA_USD_FIELD_NUMBER: _ClassVar[int]
    DRAFTED_AT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    plan_digest: str
    request_id: str
    deployment_id: str
    deployment: _common_pb2.DeploymentRef
    base_version: int
    units: _containers.RepeatedCompositeFieldContainer[Unit]
    changes: _containers.RepeatedCompositeFieldContainer[ResourceChange]
    warnings: _containers.RepeatedScalarFieldContainer[str]
    monthly_cost_delta_usd: str
    drafted_at: _timestamp_pb2.Timestamp
    action: str
    def __init__(self, plan_id: _Optional[str] = ..., plan_digest: _Optional[str] = ..., request_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., base_version: _Optional[int] = ..., units: _Optional[_Iterable[_Union[Unit, _Mapping]]] = ..., changes: _Optional[_Iterable[_Union[ResourceChange, _Mapping]]] = ..., warnings: _Optional[_Iterable[str]] = ..., monthly_cost_delta_usd: _Optional[str] = ..., drafted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., action: _Optional[str] = ...) -> None: ...

class PlansGetRequest(_message.Message):
    __slots__ = ("plan_id",)
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    def __init__(self, plan_id: _Optional[str] = ...) -> None: ...

class PlansGetResponse(_message.Message):
    __slots__ = ("plan",)
    PLAN_FIELD_NUMBER: _ClassVar[int]
    plan: Plan
    def __init__(self, plan: _Optional[_Union[Plan, _Mapping]] = ...) -> None: ...

class Step(_message.Message):
    __slots__ = ("step_id", "unit_id", "verb", "state", "operation_id", "error", "started_at", "ended_at")
    STEP_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    VERB_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    OPERATION_ID_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    STARTED_AT_FIELD_NUMBER: _ClassVar[int]
    ENDED_AT_FIELD_NUMBER: _ClassVar[int]
    step_id: str
    unit_id: str
    verb: str
    state: str
    operation_id: str
    error: str
    started_at: _timestamp_pb2.Timestamp
    ended_at: _timestamp_pb2.Timestamp
    def __init__(self, step_id: _Optional[str] = ..., unit_id: _Optional[str] = ..., verb: _Optional[str] = ..., state: _Optional[str] = ..., operation_id: _Optional[str] = ..., error: _Optional[str] = ..., started_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., ended_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Execution(_message.Message):
    __slots__ = ("execution_id", "plan_id", "request_id", "state", "steps", "reason")
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    plan_id: str
    request_id: str
    state: str
    steps: _containers.RepeatedCompositeFieldContainer[Step]
    reason: str
    def __init__(self, execution_id: _Optional[str] = ..., plan_id: _Optional[str] = ..., request_id: _Optional[str] = ..., state: _Optional[str] = ..., steps: _Optional[_Iterable[_Union[Step, _Mapping]]] = ..., reason: _Optional[str] = ...) -> None: ...

class ExecutionsGetRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    def __init__(self, execution_id: _Optional[str] = ...) -> None: ...

class ExecutionsGetResponse(_message.Message):
    __slots__ = ("execution",)
    EXECUTION_FIELD_NUMBER: _ClassVar[int]
    execution: Execution
    def __init__(self, execution: _Optional[_Union[Execution, _Mapping]] = ...) -> None: ...

class VerifiedRequest(_message.Message):
    __slots__ = ("execution_id",)
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    execution_id: str
    def __init__(self, execution_id: _Optional[str] = ...) -> None: ...

class VerifiedResponse(_message.Message):
    __slots__ = ("urn", "type", "physical_id", "desired_json", "actual_json")
    URN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_JSON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    type: str
    physical_id: str
    desired_json: str
    actual_json: str
    def __init__(self, urn: _Optional[str] = ..., type: _Optional[str] = ..., physical_id: _Optional[str] = ..., desired_json: _Optional[str] = ..., actual_json: _Optional[str] = ...) -> None: ...

class UndeclaredRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class UndeclaredResource(_message.Message):
    __slots__ = ("urn", "type", "attributes", "reason")
    URN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    type: str
    attributes: _containers.RepeatedCompositeFieldContainer[_common_pb2.AttributeChange]
    reason: str
    def __init__(self, urn: _Optional[str] = ..., type: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[_common_pb2.AttributeChange, _Mapping]]] = ..., reason: _Optional[str] = ...) -> None: ...

class UndeclaredResponse(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[UndeclaredResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[UndeclaredResource, _Mapping]]] = ...) -> None: ...
