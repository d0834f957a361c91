import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ParkingListRequest(_message.Message):
    __slots__ = ("service", "topic", "size")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    service: str
    topic: str
    size: int
    def __init__(self, service: _Optional[str] = ..., topic: _Optional[str] = ..., size: _Optional[int] = ...) -> None: ...

class ParkingListResponse(_message.Message):
    __slots__ = ("events", "states")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    STATES_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[ParkedEvent]
    states: _containers.RepeatedCompositeFieldContainer[ParkingState]
    def __init__(self, events: _Optional[_Iterable[_Union[ParkedEvent, _Mapping]]] = ..., states: _Optional[_Iterable[_Union[ParkingState, _Mapping]]] = ...) -> None: ...

class ParkedEvent(_message.Message):
    __slots__ = ("service", "id", "topic", "partition", "key", "type", "event_id", "correlation_id", "reason", "attempts", "parked_at")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    PARTITION_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    EVENT_ID_FIELD_NUMBER: _ClassVar[int]
    CORRELATION_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    PARKED_AT_FIELD_NUMBER: _ClassVar[int]
    service: str
    id: int
    topic: str
    partition: int
    key: str
    type: str
    event_id: str
    correlation_id: str
    reason: str
    attempts: int
    parked_at: _timestamp_pb2.Timestamp
    def __init__(self, service: _Optional[str] = ..., id: _Optional[int] = ..., topic: _Optional[str] = ..., partition: _Optional[int] = ..., key: _Optional[str] = ..., type: _Optional[str] = ..., event_id: _Optional[str] = ..., correlation_id: _Optional[str] = ..., reason: _Optional[str] = ..., attempts: _Optional[int] = ..., parked_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ParkingState(_message.Message):
    __slots__ = ("service", "events", "keys", "paused", "unreachable")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    KEYS_FIELD_NUMBER: _ClassVar[int]
    PAUSED_FIELD_NUMBER: _ClassVar[int]
    UNREACHABLE_FIELD_NUMBER: _ClassVar[int]
    service: str
    events: int
    keys: int
    paused: str
    unreachable: str
    def __init__(self, service: _Optional[str] = ..., events: _Optional[int] = ..., keys: _Optional[int] = ..., paused: _Optional[str] = ..., unreachable: _Optional[str] = ...) -> None: ...

class ParkingReplayRequest(_message.Message):
    __slots__ = ("service", "key")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    service: str
    key: str
    def __init__(self, service: _Optional[str] = ..., key: _Optional[str] = ...) -> None: ...

class ParkingReplayResponse(_message.Message):
    __slots__ = ("keys",)
    KEYS_FIELD_NUMBER: _ClassVar[int]
    keys: _containers.RepeatedCompositeFieldContainer[ReplayedKey]
    def __init__(self, keys: _Optional[_Iterable[_Union[ReplayedKey, _Mapping]]] = ...) -> None: ...

class ReplayedKey(_message.Message):
    __slots__ = ("service", "topic", "key", "applied", "left", "reason")
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    TOPIC_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    APPLIED_FIELD_NUMBER: _ClassVar[int]
    LEFT_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    service: str
    topic: str
    key: str
    applied: int
    left: int
    reason: str
    def __init__(self, service: _Optional[str] = ..., topic: _Optional[str] = ..., key: _Optional[str] = ..., applied: _Optional[int] = ..., left: _Optional[int] = ..., reason: _Optional[str] = ...) -> None: ...
