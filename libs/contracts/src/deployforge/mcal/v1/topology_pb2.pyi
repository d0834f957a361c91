from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class NetworksRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class NetworkRange(_message.Message):
    __slots__ = ("cidr", "urn", "asked", "parent_urn", "provider_type", "account", "location", "in_use")
    CIDR_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    PARENT_URN_FIELD_NUMBER: _ClassVar[int]
    PROVIDER_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACCOUNT_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    IN_USE_FIELD_NUMBER: _ClassVar[int]
    cidr: str
    urn: str
    asked: str
    parent_urn: str
    provider_type: str
    account: str
    location: str
    in_use: bool
    def __init__(self, cidr: _Optional[str] = ..., urn: _Optional[str] = ..., asked: _Optional[str] = ..., parent_urn: _Optional[str] = ..., provider_type: _Optional[str] = ..., account: _Optional[str] = ..., location: _Optional[str] = ..., in_use: _Optional[bool] = ...) -> None: ...

class NetworksResponse(_message.Message):
    __slots__ = ("networks", "pools")
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    POOLS_FIELD_NUMBER: _ClassVar[int]
    networks: _containers.RepeatedCompositeFieldContainer[NetworkRange]
    pools: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, networks: _Optional[_Iterable[_Union[NetworkRange, _Mapping]]] = ..., pools: _Optional[_Iterable[str]] = ...) -> None: ...

class PathRequest(_message.Message):
    __slots__ = ("source", "target", "protocol", "port")
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    TARGET_FIELD_NUMBER: _ClassVar[int]
    PROTOCOL_FIELD_NUMBER: _ClassVar[int]
    PORT_FIELD_NUMBER: _ClassVar[int]
    source: str
    target: str
    protocol: str
    port: int
    def __init__(self, source: _Optional[str] = ..., target: _Optional[str] = ..., protocol: _Optional[str] = ..., port: _Optional[int] = ...) -> None: ...

class Hop(_message.Message):
    __slots__ = ("what", "detail", "urn")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    what: str
    detail: str
    urn: str
    def __init__(self, what: _Optional[str] = ..., detail: _Optional[str] = ..., urn: _Optional[str] = ...) -> None: ...

class PathResponse(_message.Message):
    __slots__ = ("reachable", "hops", "blocked_by", "notes", "unread")
    REACHABLE_FIELD_NUMBER: _ClassVar[int]
    HOPS_FIELD_NUMBER: _ClassVar[int]
    BLOCKED_BY_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    UNREAD_FIELD_NUMBER: _ClassVar[int]
    reachable: bool
    hops: _containers.RepeatedCompositeFieldContainer[Hop]
    blocked_by: Hop
    notes: _containers.RepeatedScalarFieldContainer[str]
    unread: _containers.RepeatedCompositeFieldContainer[Hop]
    def __init__(self, reachable: _Optional[bool] = ..., hops: _Optional[_Iterable[_Union[Hop, _Mapping]]] = ..., blocked_by: _Optional[_Union[Hop, _Mapping]] = ..., notes: _Optional[_Iterable[str]] = ..., unread: _Optional[_Iterable[_Union[Hop, _Mapping]]] = ...) -> None: ...
