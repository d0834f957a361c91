import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class KeyStatusRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class KeyStatusResponse(_message.Message):
    __slots__ = ("provider", "versions", "minimum_version", "owners", "shredded", "stale", "generation", "unfinished", "newest_at")
    PROVIDER_FIELD_NUMBER: _ClassVar[int]
    VERSIONS_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_VERSION_FIELD_NUMBER: _ClassVar[int]
    OWNERS_FIELD_NUMBER: _ClassVar[int]
    SHREDDED_FIELD_NUMBER: _ClassVar[int]
    STALE_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    UNFINISHED_FIELD_NUMBER: _ClassVar[int]
    NEWEST_AT_FIELD_NUMBER: _ClassVar[int]
    provider: str
    versions: _containers.RepeatedScalarFieldContainer[int]
    minimum_version: int
    owners: int
    shredded: int
    stale: int
    generation: int
    unfinished: str
    newest_at: _timestamp_pb2.Timestamp
    def __init__(self, provider: _Optional[str] = ..., versions: _Optional[_Iterable[int]] = ..., minimum_version: _Optional[int] = ..., owners: _Optional[int] = ..., shredded: _Optional[int] = ..., stale: _Optional[int] = ..., generation: _Optional[int] = ..., unfinished: _Optional[str] = ..., newest_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class RotateKeysRequest(_message.Message):
    __slots__ = ("reencrypt",)
    REENCRYPT_FIELD_NUMBER: _ClassVar[int]
    reencrypt: bool
    def __init__(self, reencrypt: _Optional[bool] = ...) -> None: ...

class RotateKeysResponse(_message.Message):
    __slots__ = ("step", "done", "total")
    STEP_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    step: str
    done: int
    total: int
    def __init__(self, step: _Optional[str] = ..., done: _Optional[int] = ..., total: _Optional[int] = ...) -> None: ...
