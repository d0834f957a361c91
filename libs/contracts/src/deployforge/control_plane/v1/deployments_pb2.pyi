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

class Action(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ACTION_UNSPECIFIED: _ClassVar[Action]
    ACTION_APPLY: _ClassVar[Action]
    ACTION_DESTROY: _ClassVar[Action]
    ACTION_HEAL: _ClassVar[Action]
    ACTION_ROLLBACK: _ClassVar[Action]

class Origin(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ORIGIN_UNSPECIFIED: _ClassVar[Origin]
    ORIGIN_USER: _ClassVar[Origin]
    ORIGIN_HEALER: _ClassVar[Origin]

class RequestState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REQUEST_STATE_UNSPECIFIED: _ClassVar[RequestState]
    REQUEST_STATE_PLANNING: _ClassVar[RequestState]
    REQUEST_STATE_PLANNED: _ClassVar[RequestState]
    REQUEST_STATE_AWAITING_APPROVAL: _ClassVar[RequestState]
    REQUEST_STATE_APPROVED: _ClassVar[RequestState]
    REQUEST_STATE_EXECUTING: _ClassVar[RequestState]
    REQUEST_STATE_VERIFYING: _ClassVar[RequestState]
    REQUEST_STATE_SUCCEEDED: _ClassVar[RequestState]
    REQUEST_STATE_FAILED: _ClassVar[RequestState]
    REQUEST_STATE_ROLLED_BACK: _ClassVar[RequestState]
    REQUEST_STATE_REJECTED: _ClassVar[RequestState]
    REQUEST_STATE_CANCELLED: _ClassVar[RequestState]
    REQUEST_STATE_STALE: _ClassVar[RequestState]
ACTION_UNSPECIFIED: Action
ACTION_APPLY: Action
ACTION_DESTROY: Action
ACTION_HEAL: Action
ACTION_ROLLBACK: Action
ORIGIN_UNSPECIFIED: Origin
ORIGIN_USER: Origin
ORIGIN_HEALER: Origin
REQUEST_STATE_UNSPECIFIED: RequestState
REQUEST_STATE_PLANNING: RequestState
REQUEST_STATE_PLANNED: RequestState
REQUEST_STATE_AWAITING_APPROVAL: RequestState
REQUEST_STATE_APPROVED: RequestState
REQUEST_STATE_EXECUTING: RequestState
REQUEST_STATE_VERIFYING: RequestState
REQUEST_STATE_SUCCEEDED: RequestState
REQUEST_STATE_FAILED: RequestState
REQUEST_STATE_ROLLED_BACK: RequestState
REQUEST_STATE_REJECTED: RequestState
REQUEST_STATE_CANCELLED: RequestState
REQUEST_STATE_STALE: RequestState

class ValidateRequest(_message.Message):
    __slots__ = ("manifest", "file")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    manifest: bytes
    file: str
    def __init__(self, manifest: _Optional[bytes] = ..., file: _Optional[str] = ...) -> None: ...

class ValidateResponse(_message.Message):
    __slots__ = ("problems", "deployment", "resources")
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[_common_pb2.Problem]
    deployment: _common_pb2.DeploymentRef
    resources: int
    def __init__(self, problems: _Optional[_Iterable[_Union[_common_pb2.Problem, _Mapping]]] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., resources: _Optional[int] = ...) -> None: ...

class SubmitRequest(_message.Message):
    __slots__ = ("request_id", "action", "manifest", "file", "deployment", "plan_only", "targets", "to_version")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    PLAN_ONLY_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    action: Action
    manifest: bytes
    file: str
    deployment: _common_pb2.DeploymentRef
    plan_only: bool
    targets: _containers.RepeatedScalarFieldContainer[str]
    to_version: int
    def __init__(self, request_id: _Optional[str] = ..., action: _Optional[_Union[Action, str]] = ..., manifest: _Optional[bytes] = ..., file: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., plan_only: _Optional[bool] = ..., targets: _Optional[_Iterable[str]] = ..., to_version: _Optional[int] = ...) -> None: ...

class SubmitResponse(_message.Message):
    __slots__ = ("request_id", "deployment_id", "deployment")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    deployment_id: str
    deployment: _common_pb2.DeploymentRef
    def __init__(self, request_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class ProposeRequest(_message.Message):
    __slots__ = ("request_id", "deployment", "incident_id", "remedy", "urns", "drift_ids", "severity", "healing_policy_digest", "desired_version", "reason", "missing", "to_version")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    REMEDY_FIELD_NUMBER: _ClassVar[int]
    URNS_FIELD_NUMBER: _ClassVar[int]
    DRIFT_IDS_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    HEALING_POLICY_DIGEST_FIELD_NUMBER: _ClassVar[int]
    DESIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    TO_VERSION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    deployment: _common_pb2.DeploymentRef
    incident_id: str
    remedy: str
    urns: _containers.RepeatedScalarFieldContainer[str]
    drift_ids: _containers.RepeatedScalarFieldContainer[str]
    severity: _common_pb2.Severity
    healing_policy_digest: str
    desired_version: int
    reason: str
    missing: bool
    to_version: int
    def __init__(self, request_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., incident_id: _Optional[str] = ..., remedy: _Optional[str] = ..., urns: _Optional[_Iterable[str]] = ..., drift_ids: _Optional[_Iterable[str]] = ..., severity: _Optional[_Union[_common_pb2.Severity, str]] = ..., healing_policy_digest: _Optional[str] = ..., desired_version: _Optional[int] = ..., reason: _Optional[str] = ..., missing: _Optional[bool] = ..., to_version: _Optional[int] = ...) -> None: ...

class ProposeResponse(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class ExecuteRequest(_message.Message):
    __slots__ = ("request_id", "plan_digest")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    plan_digest: str
    def __init__(self, request_id: _Optional[str] = ..., plan_digest: _Optional[str] = ...) -> None: ...

class ExecuteResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PlanSummary(_message.Message):
    __slots__ = ("plan_id", "plan_digest", "base_version", "creates", "updates", "replaces", "deletes", "unchanged", "units")
    PLAN_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    BASE_VERSION_FIELD_NUMBER: _ClassVar[int]
    CREATES_FIELD_NUMBER: _ClassVar[int]
    UPDATES_FIELD_NUMBER: _ClassVar[int]
    REPLACES_FIELD_NUMBER: _ClassVar[int]
    DELETES_FIELD_NUMBER: _ClassVar[int]
    UNCHANGED_FIELD_NUMBER: _ClassVar[int]
    UNITS_FIELD_NUMBER: _ClassVar[int]
    plan_id: str
    plan_digest: str
    base_version: int
    creates: int
    updates: int
    replaces: int
    deletes: int
    unchanged: int
    units: int
    def __init__(self, plan_id: _Optional[str] = ..., plan_digest: _Optional[str] = ..., base_version: _Optional[int] = ..., creates: _Optional[int] = ..., updates: _Optional[int] = ..., replaces: _Optional[int] = ..., deletes: _Optional[int] = ..., unchanged: _Optional[int] = ..., units: _Optional[int] = ...) -> None: ...

class Approval(_message.Message):
    __slots__ = ("approver", "at")
    APPROVER_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    approver: str
    at: _timestamp_pb2.Timestamp
    def __init__(self, approver: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class DeploymentRequest(_message.Message):
    __slots__ = ("request_id", "deployment_id", "deployment", "action", "origin", "author", "state", "reason", "plan", "approvals", "approvals_required", "requested_at", "changed_at", "execution_id", "approval_expires_at", "incident_id", "version")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    AUTHOR_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    PLAN_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_FIELD_NUMBER: _ClassVar[int]
    APPROVALS_REQUIRED_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_AT_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    APPROVAL_EXPIRES_AT_FIELD_NUMBER: _ClassVar[int]
    INCIDENT_ID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    deployment_id: str
    deployment: _common_pb2.DeploymentRef
    action: Action
    origin: Origin
    author: str
    state: RequestState
    reason: str
    plan: PlanSummary
    approvals: _containers.RepeatedCompositeFieldContainer[Approval]
    approvals_required: int
    requested_at: _timestamp_pb2.Timestamp
    changed_at: _timestamp_pb2.Timestamp
    execution_id: str
    approval_expires_at: _timestamp_pb2.Timestamp
    incident_id: str
    version: int
    def __init__(self, request_id: _Optional[str] = ..., deployment_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., action: _Optional[_Union[Action, str]] = ..., origin: _Optional[_Union[Origin, str]] = ..., author: _Optional[str] = ..., state: _Optional[_Union[RequestState, str]] = ..., reason: _Optional[str] = ..., plan: _Optional[_Union[PlanSummary, _Mapping]] = ..., approvals: _Optional[_Iterable[_Union[Approval, _Mapping]]] = ..., approvals_required: _Optional[int] = ..., requested_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., execution_id: _Optional[str] = ..., approval_expires_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., incident_id: _Optional[str] = ..., version: _Optional[int] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: DeploymentRequest
    def __init__(self, request: _Optional[_Union[DeploymentRequest, _Mapping]] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("deployment", "state", "page", "latest_only")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    LATEST_ONLY_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    state: RequestState
    page: _common_pb2.PageRequest
    latest_only: bool
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., state: _Optional[_Union[RequestState, str]] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ..., latest_only: _Optional[bool] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("requests", "next_cursor")
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    requests: _containers.RepeatedCompositeFieldContainer[DeploymentRequest]
    next_cursor: str
    def __init__(self, requests: _Optional[_Iterable[_Union[DeploymentRequest, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class WatchRequest(_message.Message):
    __slots__ = ("request_id", "deployment", "after", "until_done")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    UNTIL_DONE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    deployment: _common_pb2.DeploymentRef
    after: int
    until_done: bool
    def __init__(self, request_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., after: _Optional[int] = ..., until_done: _Optional[bool] = ...) -> None: ...

class WatchResponse(_message.Message):
    __slots__ = ("position", "at", "source", "type", "deployment", "deployment_id", "correlation_id", "summary", "fact_json", "state")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FACT_JSON_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    position: int
    at: _timestamp_pb2.Timestamp
    source: str
    type: str
    deployment: _common_pb2.DeploymentRef
    deployment_id: str
    correlation_id: str
    summary: str
    fact_json: str
    state: RequestState
    def __init__(self, position: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., source: _Optional[str] = ..., type: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., deployment_id: _Optional[str] = ..., correlation_id: _Optional[str] = ..., summary: _Optional[str] = ..., fact_json: _Optional[str] = ..., state: _Optional[_Union[RequestState, str]] = ...) -> None: ...

class ApproveRequest(_message.Message):
    __slots__ = ("request_id", "plan_digest", "comment")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    PLAN_DIGEST_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    plan_digest: str
    comment: str
    def __init__(self, request_id: _Optional[str] = ..., plan_digest: _Optional[str] = ..., comment: _Optional[str] = ...) -> None: ...

class ApproveResponse(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: DeploymentRequest
    def __init__(self, request: _Optional[_Union[DeploymentRequest, _Mapping]] = ...) -> None: ...

class RejectRequest(_message.Message):
    __slots__ = ("request_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class RejectResponse(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: DeploymentRequest
    def __init__(self, request: _Optional[_Union[DeploymentRequest, _Mapping]] = ...) -> None: ...

class CancelRequest(_message.Message):
    __slots__ = ("request_id", "reason")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    reason: str
    def __init__(self, request_id: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class CancelResponse(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: DeploymentRequest
    def __init__(self, request: _Optional[_Union[DeploymentRequest, _Mapping]] = ...) -> None: ...

class ShredRequest(_message.Message):
    __slots__ = ("request_id", "deployment", "force")
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    deployment: _common_pb2.DeploymentRef
    force: bool
    def __init__(self, request_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., force: _Optional[bool] = ...) -> None: ...

class ShredResponse(_message.Message):
    __slots__ = ("deployment_id",)
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    def __init__(self, deployment_id: _Optional[str] = ...) -> None: ...

class GetManifestRequest(_message.Message):
    __slots__ = ("request_id",)
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    def __init__(self, request_id: _Optional[str] = ...) -> None: ...

class GetManifestResponse(_message.Message):
    __slots__ = ("manifest", "digest")
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    manifest: bytes
    digest: str
    def __init__(self, manifest: _Optional[bytes] = ..., digest: _Optional[str] = ...) -> None: ...

class GetManifestSchemaRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetManifestSchemaResponse(_message.Message):
    __slots__ = ("schema_json",)
    SCHEMA_JSON_FIELD_NUMBER: _ClassVar[int]
    schema_json: str
    def __init__(self, schema_json: _Optional[str] = ...) -> None: ...

class AuditRecord(_message.Message):
    __slots__ = ("position", "at", "actor", "action", "outcome", "deployment", "request_id", "detail")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    OUTCOME_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    position: int
    at: _timestamp_pb2.Timestamp
    actor: str
    action: str
    outcome: str
    deployment: _common_pb2.DeploymentRef
    request_id: str
    detail: str
    def __init__(self, position: _Optional[int] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., actor: _Optional[str] = ..., action: _Optional[str] = ..., outcome: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., request_id: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class AuditListRequest(_message.Message):
    __slots__ = ("deployment", "actor", "page")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    actor: str
    page: _common_pb2.PageRequest
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., actor: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class AuditListResponse(_message.Message):
    __slots__ = ("records", "next_cursor")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[AuditRecord]
    next_cursor: str
    def __init__(self, records: _Optional[_Iterable[_Union[AuditRecord, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class WhoAmIRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WhoAmIResponse(_message.Message):
    __slots__ = ("subject", "roles", "namespaces")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    subject: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., namespaces: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateTokenRequest(_message.Message):
    __slots__ = ("subject", "roles", "namespaces")
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    subject: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, subject: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., namespaces: _Optional[_Iterable[str]] = ...) -> None: ...

class CreateTokenResponse(_message.Message):
    __slots__ = ("token_id", "token")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    token: str
    def __init__(self, token_id: _Optional[str] = ..., token: _Optional[str] = ...) -> None: ...

class RevokeTokenRequest(_message.Message):
    __slots__ = ("token_id",)
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    def __init__(self, token_id: _Optional[str] = ...) -> None: ...

class RevokeTokenResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListTokensRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TokenInfo(_message.Message):
    __slots__ = ("token_id", "subject", "roles", "namespaces", "created_at", "revoked")
    TOKEN_ID_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    ROLES_FIELD_NUMBER: _ClassVar[int]
    NAMESPACES_FIELD_NUMBER: _ClassVar[int]
    CREATED_AT_FIELD_NUMBER: _ClassVar[int]
    REVOKED_FIELD_NUMBER: _ClassVar[int]
    token_id: str
    subject: str
    roles: _containers.RepeatedScalarFieldContainer[str]
    namespaces: _containers.RepeatedScalarFieldContainer[str]
    created_at: _timestamp_pb2.Timestamp
    revoked: bool
    def __init__(self, token_id: _Optional[str] = ..., subject: _Optional[str] = ..., roles: _Optional[_Iterable[str]] = ..., namespaces: _Optional[_Iterable[str]] = ..., created_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., revoked: _Optional[bool] = ...) -> None: ...

class ListTokensResponse(_message.Message):
    __slots__ = ("tokens",)
    TOKENS_FIELD_NUMBER: _ClassVar[int]
    tokens: _containers.RepeatedCompositeFieldContainer[TokenInfo]
    def __init__(self, tokens: _Optional[_Iterable[_Union[TokenInfo, _Mapping]]] = ...) -> None: ...
