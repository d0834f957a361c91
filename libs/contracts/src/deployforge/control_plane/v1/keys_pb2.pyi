from deployforge.common.v1 import keys_pb2 as _keys_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KeysStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KeysStatusResponse(_message.Message):
    __slots__ = ("services",)
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    services: _containers.RepeatedCompositeFieldContainer[ServiceKeys]
    def __init__(self, services: _Optional[_Iterable[_Union[ServiceKeys, _Mapping]]] = ...) -> None: ...

class ServiceKeys(_message.Message):
    __slots__ = ("service", "status", "error")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    service: str
    status: _keys_pb2.KeyStatusResponse
    error: str
    def __init__(self, service: _Optional[str] = ..., status: _Optional[_Union[_keys_pb2.KeyStatusResponse, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class KeysRotateRequest(_message.Message):
    __slots__ = ("reencrypt", "services")
    REENCRYPT_FIELD_NUMBER: _ClassVar[int]
    SERVICES_FIELD_NUMBER: _ClassVar[int]
    reencrypt: bool
    services: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, reencrypt: _Optional[bool] = ..., services: _Optional[_Iterable[str]] = ...) -> None: ...

class KeysRotateResponse(_message.Message):
    __slots__ = ("service", "progress", "error")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    service: str
    progress: _keys_pb2.RotateKeysResponse
    error: str
    def __init__(self, service: _Optional[str] = ..., progress: _Optional[_Union[_keys_pb2.RotateKeysResponse, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...
