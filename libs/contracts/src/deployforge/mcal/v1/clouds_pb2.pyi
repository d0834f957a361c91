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

class Presence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRESENCE_UNSPECIFIED: _ClassVar[Presence]
    PRESENCE_PRESENT: _ClassVar[Presence]
    PRESENCE_MISSING: _ClassVar[Presence]
    PRESENCE_NOT_CHECKED: _ClassVar[Presence]
PRESENCE_UNSPECIFIED: Presence
PRESENCE_PRESENT: Presence
PRESENCE_MISSING: Presence
PRESENCE_NOT_CHECKED: Presence

class Scope(_message.Message):
    __slots__ = ("provider", "type", "account", "location", "credential_ref")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_REF_FIELD_NUMBER: _ClassVar[int]
    provider: str
    type: str
    account: str
    location: str
    credential_ref: str
    def __init__(self, provider: _Optional[str] = ..., type: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., credential_ref: _Optional[str] = ...) -> None: ...

class ResourceSpec(_message.Message):
    __slots__ = ("urn", "name", "type", "properties_json", "native_json", "initial_json", "depends_on", "protect", "retain_on_delete", "import_id")
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    NATIVE_JSON_FIELD_NUMBER: _ClassVar[int]
    INITIAL_JSON_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    PROTECT_FIELD_NUMBER: _ClassVar[int]
    RETAIN_ON_DELETE_FIELD_NUMBER: _ClassVar[int]
    IMPORT_ID_FIELD_NUMBER: _ClassVar[int]
    urn: str
    name: str
    type: str
    properties_json: str
    native_json: str
    initial_json: str
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    protect: bool
    retain_on_delete: bool
    import_id: str
    def __init__(self, urn: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., properties_json: _Optional[str] = ..., native_json: _Optional[str] = ..., initial_json: _Optional[str] = ..., depends_on: _Optional[_Iterable[str]] = ..., protect: _Optional[bool] = ..., retain_on_delete: _Optional[bool] = ..., import_id: _Optional[str] = ...) -> None: ...

class CheckRequest(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[CheckedResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[CheckedResource, _Mapping]]] = ...) -> None: ...

class CheckedResource(_message.Message):
    __slots__ = ("provider_type", "spec")
    PROVIDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    provider_type: str
    spec: ResourceSpec
    def __init__(self, provider_type: _Optional[str] = ..., spec: _Optional[_Union[ResourceSpec, _Mapping]] = ...) -> None: ...

class CheckResponse(_message.Message):
    __slots__ = ("problems",)
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    problems: _containers.RepeatedCompositeFieldContainer[_common_pb2.Problem]
    def __init__(self, problems: _Optional[_Iterable[_Union[_common_pb2.Problem, _Mapping]]] = ...) -> None: ...

class CompileRequest(_message.Message):
    __slots__ = ("deployment_id", "unit_id", "unit_name", "scope", "resources", "tags")
    class TagsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    TAGS_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    unit_id: str
    unit_name: str
    scope: Scope
    resources: _containers.RepeatedCompositeFieldContainer[ResourceSpec]
    tags: _containers.ScalarMap[str, str]
    def __init__(self, deployment_id: _Optional[str] = ..., unit_id: _Optional[str] = ..., unit_name: _Optional[str] = ..., scope: _Optional[_Union[Scope, _Mapping]] = ..., resources: _Optional[_Iterable[_Union[ResourceSpec, _Mapping]]] = ..., tags: _Optional[_Mapping[str, str]] = ...) -> None: ...

class CompiledResource(_message.Message):
    __slots__ = ("urn", "name", "type", "native_type", "desired_json", "create_only_paths", "set_paths", "depends_on", "monthly_cost_usd")
    URN_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPE_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    CREATE_ONLY_PATHS_FIELD_NUMBER: _ClassVar[int]
    SET_PATHS_FIELD_NUMBER: _ClassVar[int]
    DEPENDS_ON_FIELD_NUMBER: _ClassVar[int]
    MONTHLY_COST_USD_FIELD_NUMBER: _ClassVar[int]
    urn: str
    name: str
    type: str
    native_type: str
    desired_json: str
    create_only_paths: _containers.RepeatedScalarFieldContainer[str]
    set_paths: _containers.RepeatedScalarFieldContainer[str]
    depends_on: _containers.RepeatedScalarFieldContainer[str]
    monthly_cost_usd: str
    def __init__(self, urn: _Optional[str] = ..., name: _Optional[str] = ..., type: _Optional[str] = ..., native_type: _Optional[str] = ..., desired_json: _Optional[str] = ..., create_only_paths: _Optional[_Iterable[str]] = ..., set_paths: _Optional[_Iterable[str]] = ..., depends_on: _Optional[_Iterable[str]] = ..., monthly_cost_usd: _Optional[str] = ...) -> None: ...

class CompileResponse(_message.Message):
    __slots__ = ("template_digest", "resources", "inputs", "problems", "tells_by_preview", "too_many_types", "too_large")
    TEMPLATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    PROBLEMS_FIELD_NUMBER: _ClassVar[int]
    TELLS_BY_PREVIEW_FIELD_NUMBER: _ClassVar[int]
    TOO_MANY_TYPES_FIELD_NUMBER: _ClassVar[int]
    TOO_LARGE_FIELD_NUMBER: _ClassVar[int]
    template_digest: str
    resources: _containers.RepeatedCompositeFieldContainer[CompiledResource]
    inputs: _containers.RepeatedScalarFieldContainer[str]
    problems: _containers.RepeatedCompositeFieldContainer[_common_pb2.Problem]
    tells_by_preview: bool
    too_many_types: bool
    too_large: bool
    def __init__(self, template_digest: _Optional[str] = ..., resources: _Optional[_Iterable[_Union[CompiledResource, _Mapping]]] = ..., inputs: _Optional[_Iterable[str]] = ..., problems: _Optional[_Iterable[_Union[_common_pb2.Problem, _Mapping]]] = ..., tells_by_preview: _Optional[bool] = ..., too_many_types: _Optional[bool] = ..., too_large: _Optional[bool] = ...) -> None: ...

class ResolveRequest(_message.Message):
    __slots__ = ("provider_type", "resources", "values")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    PROVIDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    provider_type: str
    resources: _containers.RepeatedCompositeFieldContainer[UnresolvedResource]
    values: _containers.ScalarMap[str, str]
    def __init__(self, provider_type: _Optional[str] = ..., resources: _Optional[_Iterable[_Union[UnresolvedResource, _Mapping]]] = ..., values: _Optional[_Mapping[str, str]] = ...) -> None: ...

class UnresolvedResource(_message.Message):
    __slots__ = ("urn", "type", "desired_json", "held_json")
    URN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    HELD_JSON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    type: str
    desired_json: str
    held_json: str
    def __init__(self, urn: _Optional[str] = ..., type: _Optional[str] = ..., desired_json: _Optional[str] = ..., held_json: _Optional[str] = ...) -> None: ...

class ResolvedResource(_message.Message):
    __slots__ = ("urn", "desired_json")
    URN_FIELD_NUMBER: _ClassVar[int]
    DESIRED_JSON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    desired_json: str
    def __init__(self, urn: _Optional[str] = ..., desired_json: _Optional[str] = ...) -> None: ...

class ResolveResponse(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[ResolvedResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[ResolvedResource, _Mapping]]] = ...) -> None: ...

class PreviewRequest(_message.Message):
    __slots__ = ("deployment_id", "unit_id", "unit_name", "scope", "template_digest", "inputs")
    class InputsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_ID_FIELD_NUMBER: _ClassVar[int]
    UNIT_NAME_FIELD_NUMBER: _ClassVar[int]
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    TEMPLATE_DIGEST_FIELD_NUMBER: _ClassVar[int]
    INPUTS_FIELD_NUMBER: _ClassVar[int]
    deployment_id: str
    unit_id: str
    unit_name: str
    scope: Scope
    template_digest: str
    inputs: _containers.ScalarMap[str, str]
    def __init__(self, deployment_id: _Optional[str] = ..., unit_id: _Optional[str] = ..., unit_name: _Optional[str] = ..., scope: _Optional[_Union[Scope, _Mapping]] = ..., template_digest: _Optional[str] = ..., inputs: _Optional[_Mapping[str, str]] = ...) -> None: ...

class PreviewedChange(_message.Message):
    __slots__ = ("urn", "action")
    URN_FIELD_NUMBER: _ClassVar[int]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    urn: str
    action: str
    def __init__(self, urn: _Optional[str] = ..., action: _Optional[str] = ...) -> None: ...

class PreviewResponse(_message.Message):
    __slots__ = ("changes", "failure")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    FAILURE_FIELD_NUMBER: _ClassVar[int]
    changes: _containers.RepeatedCompositeFieldContainer[PreviewedChange]
    failure: str
    def __init__(self, changes: _Optional[_Iterable[_Union[PreviewedChange, _Mapping]]] = ..., failure: _Optional[str] = ...) -> None: ...

class ObserveTarget(_message.Message):
    __slots__ = ("urn", "type", "physical_id")
    URN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    urn: str
    type: str
    physical_id: str
    def __init__(self, urn: _Optional[str] = ..., type: _Optional[str] = ..., physical_id: _Optional[str] = ...) -> None: ...

class ObserveRequest(_message.Message):
    __slots__ = ("scope", "deployment_id", "targets")
    SCOPE_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    TARGETS_FIELD_NUMBER: _ClassVar[int]
    scope: Scope
    deployment_id: str
    targets: _containers.RepeatedCompositeFieldContainer[ObserveTarget]
    def __init__(self, scope: _Optional[_Union[Scope, _Mapping]] = ..., deployment_id: _Optional[str] = ..., targets: _Optional[_Iterable[_Union[ObserveTarget, _Mapping]]] = ...) -> None: ...

class ObservedResource(_message.Message):
    __slots__ = ("urn", "presence", "physical_id", "properties_json", "attributes_json", "digest", "reason")
    URN_FIELD_NUMBER: _ClassVar[int]
    PRESENCE_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_JSON_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_JSON_FIELD_NUMBER: _ClassVar[int]
    DIGEST_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    presence: Presence
    physical_id: str
    properties_json: str
    attributes_json: str
    digest: str
    reason: str
    def __init__(self, urn: _Optional[str] = ..., presence: _Optional[_Union[Presence, str]] = ..., physical_id: _Optional[str] = ..., properties_json: _Optional[str] = ..., attributes_json: _Optional[str] = ..., digest: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ObserveResponse(_message.Message):
    __slots__ = ("resources",)
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    resources: _containers.RepeatedCompositeFieldContainer[ObservedResource]
    def __init__(self, resources: _Optional[_Iterable[_Union[ObservedResource, _Mapping]]] = ...) -> None: ...

class ListTypesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PropertyInfo(_message.Message):
    __slots__ = ("name", "json_type", "required", "create_only", "description", "providers", "native", "notes")
    class NativeEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class NotesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    JSON_TYPE_FIELD_NUMBER: _ClassVar[int]
    REQUIRED_FIELD_NUMBER: _ClassVar[int]
    CREATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROVIDERS_FIELD_NUMBER: _ClassVar[int]
    NATIVE_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    json_type: str
    required: bool
    create_only: bool
    description: str
    providers: _containers.RepeatedScalarFieldContainer[str]
    native: _containers.ScalarMap[str, str]
    notes: _containers.ScalarMap[str, str]
    def __init__(self, name: _Optional[str] = ..., json_type: _Optional[str] = ..., required: _Optional[bool] = ..., create_only: _Optional[bool] = ..., description: _Optional[str] = ..., providers: _Optional[_Iterable[str]] = ..., native: _Optional[_Mapping[str, str]] = ..., notes: _Optional[_Mapping[str, str]] = ...) -> None: ...

class TypeInfo(_message.Message):
    __slots__ = ("type", "description", "properties", "attributes", "support", "native_types")
    class SupportEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    class NativeTypesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    SUPPORT_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPES_FIELD_NUMBER: _ClassVar[int]
    type: str
    description: str
    properties: _containers.RepeatedCompositeFieldContainer[PropertyInfo]
    attributes: _containers.RepeatedScalarFieldContainer[str]
    support: _containers.ScalarMap[str, str]
    native_types: _containers.ScalarMap[str, str]
    def __init__(self, type: _Optional[str] = ..., description: _Optional[str] = ..., properties: _Optional[_Iterable[_Union[PropertyInfo, _Mapping]]] = ..., attributes: _Optional[_Iterable[str]] = ..., support: _Optional[_Mapping[str, str]] = ..., native_types: _Optional[_Mapping[str, str]] = ...) -> None: ...

class ListTypesResponse(_message.Message):
    __slots__ = ("types", "native_types")
    TYPES_FIELD_NUMBER: _ClassVar[int]
    NATIVE_TYPES_FIELD_NUMBER: _ClassVar[int]
    types: _containers.RepeatedCompositeFieldContainer[TypeInfo]
    native_types: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, types: _Optional[_Iterable[_Union[TypeInfo, _Mapping]]] = ..., native_types: _Optional[_Iterable[str]] = ...) -> None: ...

class PublicKeyRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PublicKeyResponse(_message.Message):
    __slots__ = ("public_key", "signature", "certificates")
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    CERTIFICATES_FIELD_NUMBER: _ClassVar[int]
    public_key: bytes
    signature: bytes
    certificates: bytes
    def __init__(self, public_key: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., certificates: _Optional[bytes] = ...) -> None: ...

class PutRequest(_message.Message):
    __slots__ = ("name", "type", "secret_json", "sealed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    SECRET_JSON_FIELD_NUMBER: _ClassVar[int]
    SEALED_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    secret_json: bytes
    sealed: bytes
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., secret_json: _Optional[bytes] = ..., sealed: _Optional[bytes] = ...) -> None: ...

class PutResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class StoredCredential(_message.Message):
    __slots__ = ("name", "type", "changed_at", "used_by")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CHANGED_AT_FIELD_NUMBER: _ClassVar[int]
    USED_BY_FIELD_NUMBER: _ClassVar[int]
    name: str
    type: str
    changed_at: _timestamp_pb2.Timestamp
    used_by: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, name: _Optional[str] = ..., type: _Optional[str] = ..., changed_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., used_by: _Optional[_Iterable[str]] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("credentials",)
    CREDENTIALS_FIELD_NUMBER: _ClassVar[int]
    credentials: _containers.RepeatedCompositeFieldContainer[StoredCredential]
    def __init__(self, credentials: _Optional[_Iterable[_Union[StoredCredential, _Mapping]]] = ...) -> None: ...

class RemoveRequest(_message.Message):
    __slots__ = ("name", "force")
    NAME_FIELD_NUMBER: _ClassVar[int]
    FORCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    force: bool
    def __init__(self, name: _Optional[str] = ..., force: _Optional[bool] = ...) -> None: ...

class RemoveResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TestRequest(_message.Message):
    __slots__ = ("name", "account", "location")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    name: str
    account: str
    location: str
    def __init__(self, name: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ...) -> None: ...

class LackingPermission(_message.Message):
    __slots__ = ("permission", "where", "needed_by")
    PERMISSION_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    NEEDED_BY_FIELD_NUMBER: _ClassVar[int]
    permission: str
    where: str
    needed_by: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, permission: _Optional[str] = ..., where: _Optional[str] = ..., needed_by: _Optional[_Iterable[str]] = ...) -> None: ...

class TestResponse(_message.Message):
    __slots__ = ("type", "identity", "checked", "lacking", "notes", "code", "message", "hint")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    IDENTITY_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    LACKING_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    HINT_FIELD_NUMBER: _ClassVar[int]
    type: str
    identity: str
    checked: int
    lacking: _containers.RepeatedCompositeFieldContainer[LackingPermission]
    notes: _containers.RepeatedScalarFieldContainer[str]
    code: str
    message: str
    hint: str
    def __init__(self, type: _Optional[str] = ..., identity: _Optional[str] = ..., checked: _Optional[int] = ..., lacking: _Optional[_Iterable[_Union[LackingPermission, _Mapping]]] = ..., notes: _Optional[_Iterable[str]] = ..., code: _Optional[str] = ..., message: _Optional[str] = ..., hint: _Optional[str] = ...) -> None: ...
