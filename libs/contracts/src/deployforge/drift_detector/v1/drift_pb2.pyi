import datetime

from deployforge.common.v1 import common_pb2 as _common_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AttributeDrift(_message.Message):
    __slots__ = ("path", "expected_json", "actual_json", "severity", "rule", "good_at")
    PATH_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_JSON_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_JSON_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    GOOD_AT_FIELD_NUMBER: _ClassVar[int]
    path: str
    expected_json: str
    actual_json: str
    severity: _common_pb2.Severity
    rule: str
    good_at: _timestamp_pb2.Timestamp
    def __init__(self, path: _Optional[str] = ..., expected_json: _Optional[str] = ..., actual_json: _Optional[str] = ..., severity: _Optional[_Union[_common_pb2.Severity, str]] = ..., rule: _Optional[str] = ..., good_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Impact(_message.Message):
    __slots__ = ("urn", "path", "reason", "via")
    URN_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    VIA_FIELD_NUMBER: _ClassVar[int]
    urn: str
    path: _containers.RepeatedScalarFieldContainer[str]
    reason: str
    via: str
    def __init__(self, urn: _Optional[str] = ..., path: _Optional[_Iterable[str]] = ..., reason: _Optional[str] = ..., via: _Optional[str] = ...) -> None: ...

class DriftRecord(_message.Message):
    __slots__ = ("drift_id", "urn", "deployment_id", "deployment", "type", "kind", "episode", "severity", "rule", "attributes", "impact", "detected_at", "last_seen_at", "resolved_at", "state", "desired_version", "physical_id", "anomaly", "affected", "outputs")
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    URN_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_ID_FIELD_NUMBER: _ClassVar[int]
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    EPISODE_FIELD_NUMBER: _ClassVar[int]
    SEVERITY_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    DETECTED_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_AT_FIELD_NUMBER: _ClassVar[int]
    RESOLVED_AT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    DESIRED_VERSION_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_ID_FIELD_NUMBER: _ClassVar[int]
    ANOMALY_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    urn: str
    deployment_id: str
    deployment: _common_pb2.DeploymentRef
    type: str
    kind: str
    episode: int
    severity: _common_pb2.Severity
    rule: str
    attributes: _containers.RepeatedCompositeFieldContainer[AttributeDrift]
    impact: _containers.RepeatedCompositeFieldContainer[Impact]
    detected_at: _timestamp_pb2.Timestamp
    last_seen_at: _timestamp_pb2.Timestamp
    resolved_at: _timestamp_pb2.Timestamp
    state: str
    desired_version: int
    physical_id: str
    anomaly: Anomaly
    affected: int
    outputs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, drift_id: _Optional[str] = ..., urn: _Optional[str] = ..., deployment_id: _Optional[str] = ..., deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., type: _Optional[str] = ..., kind: _Optional[str] = ..., episode: _Optional[int] = ..., severity: _Optional[_Union[_common_pb2.Severity, str]] = ..., rule: _Optional[str] = ..., attributes: _Optional[_Iterable[_Union[AttributeDrift, _Mapping]]] = ..., impact: _Optional[_Iterable[_Union[Impact, _Mapping]]] = ..., detected_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_seen_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., resolved_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[str] = ..., desired_version: _Optional[int] = ..., physical_id: _Optional[str] = ..., anomaly: _Optional[_Union[Anomaly, _Mapping]] = ..., affected: _Optional[int] = ..., outputs: _Optional[_Iterable[str]] = ...) -> None: ...

class Anomaly(_message.Message):
    __slots__ = ("label", "probability", "likelihoods", "contributions", "score", "reasons", "actor", "model", "features", "at")
    class FeaturesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    LIKELIHOODS_FIELD_NUMBER: _ClassVar[int]
    CONTRIBUTIONS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    label: str
    probability: float
    likelihoods: _containers.RepeatedCompositeFieldContainer[Likelihood]
    contributions: _containers.RepeatedCompositeFieldContainer[Contribution]
    score: float
    reasons: _containers.RepeatedCompositeFieldContainer[ScoreReason]
    actor: str
    model: str
    features: _containers.ScalarMap[str, float]
    at: _timestamp_pb2.Timestamp
    def __init__(self, label: _Optional[str] = ..., probability: _Optional[float] = ..., likelihoods: _Optional[_Iterable[_Union[Likelihood, _Mapping]]] = ..., contributions: _Optional[_Iterable[_Union[Contribution, _Mapping]]] = ..., score: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[ScoreReason, _Mapping]]] = ..., actor: _Optional[str] = ..., model: _Optional[str] = ..., features: _Optional[_Mapping[str, float]] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Likelihood(_message.Message):
    __slots__ = ("label", "probability")
    LABEL_FIELD_NUMBER: _ClassVar[int]
    PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    label: str
    probability: float
    def __init__(self, label: _Optional[str] = ..., probability: _Optional[float] = ...) -> None: ...

class Contribution(_message.Message):
    __slots__ = ("feature", "value", "weight")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    feature: str
    value: float
    weight: float
    def __init__(self, feature: _Optional[str] = ..., value: _Optional[float] = ..., weight: _Optional[float] = ...) -> None: ...

class ListRequest(_message.Message):
    __slots__ = ("deployment", "open_only", "page")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    OPEN_ONLY_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    open_only: bool
    page: _common_pb2.PageRequest
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., open_only: _Optional[bool] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class ListResponse(_message.Message):
    __slots__ = ("records", "next_cursor")
    RECORDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    records: _containers.RepeatedCompositeFieldContainer[DriftRecord]
    next_cursor: str
    def __init__(self, records: _Optional[_Iterable[_Union[DriftRecord, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class GetRequest(_message.Message):
    __slots__ = ("drift_id",)
    DRIFT_ID_FIELD_NUMBER: _ClassVar[int]
    drift_id: str
    def __init__(self, drift_id: _Optional[str] = ...) -> None: ...

class GetResponse(_message.Message):
    __slots__ = ("record",)
    RECORD_FIELD_NUMBER: _ClassVar[int]
    record: DriftRecord
    def __init__(self, record: _Optional[_Union[DriftRecord, _Mapping]] = ...) -> None: ...

class ScanRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class ScanResponse(_message.Message):
    __slots__ = ("scan_ids",)
    SCAN_IDS_FIELD_NUMBER: _ClassVar[int]
    scan_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, scan_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class CoverageRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class NotChecked(_message.Message):
    __slots__ = ("urn", "reason")
    URN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    urn: str
    reason: str
    def __init__(self, urn: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ShardCoverage(_message.Message):
    __slots__ = ("shard", "scan_id", "at", "checked", "drifted", "not_checked")
    SHARD_FIELD_NUMBER: _ClassVar[int]
    SCAN_ID_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    CHECKED_FIELD_NUMBER: _ClassVar[int]
    DRIFTED_FIELD_NUMBER: _ClassVar[int]
    NOT_CHECKED_FIELD_NUMBER: _ClassVar[int]
    shard: str
    scan_id: str
    at: _timestamp_pb2.Timestamp
    checked: int
    drifted: int
    not_checked: _containers.RepeatedCompositeFieldContainer[NotChecked]
    def __init__(self, shard: _Optional[str] = ..., scan_id: _Optional[str] = ..., at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., checked: _Optional[int] = ..., drifted: _Optional[int] = ..., not_checked: _Optional[_Iterable[_Union[NotChecked, _Mapping]]] = ...) -> None: ...

class CoverageResponse(_message.Message):
    __slots__ = ("shards",)
    SHARDS_FIELD_NUMBER: _ClassVar[int]
    shards: _containers.RepeatedCompositeFieldContainer[ShardCoverage]
    def __init__(self, shards: _Optional[_Iterable[_Union[ShardCoverage, _Mapping]]] = ...) -> None: ...

class BaselineRequest(_message.Message):
    __slots__ = ("deployment", "resource", "page")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    resource: str
    page: _common_pb2.PageRequest
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., resource: _Optional[str] = ..., page: _Optional[_Union[_common_pb2.PageRequest, _Mapping]] = ...) -> None: ...

class Rhythm(_message.Message):
    __slots__ = ("changes", "first_at", "last_at", "usual_gap_seconds")
    CHANGES_FIELD_NUMBER: _ClassVar[int]
    FIRST_AT_FIELD_NUMBER: _ClassVar[int]
    LAST_AT_FIELD_NUMBER: _ClassVar[int]
    USUAL_GAP_SECONDS_FIELD_NUMBER: _ClassVar[int]
    changes: int
    first_at: _timestamp_pb2.Timestamp
    last_at: _timestamp_pb2.Timestamp
    usual_gap_seconds: float
    def __init__(self, changes: _Optional[int] = ..., first_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., usual_gap_seconds: _Optional[float] = ...) -> None: ...

class AttributeBaseline(_message.Message):
    __slots__ = ("path", "rhythm", "numbers", "median", "spread", "shifted_at")
    PATH_FIELD_NUMBER: _ClassVar[int]
    RHYTHM_FIELD_NUMBER: _ClassVar[int]
    NUMBERS_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_FIELD_NUMBER: _ClassVar[int]
    SPREAD_FIELD_NUMBER: _ClassVar[int]
    SHIFTED_AT_FIELD_NUMBER: _ClassVar[int]
    path: str
    rhythm: Rhythm
    numbers: int
    median: float
    spread: float
    shifted_at: _timestamp_pb2.Timestamp
    def __init__(self, path: _Optional[str] = ..., rhythm: _Optional[_Union[Rhythm, _Mapping]] = ..., numbers: _Optional[int] = ..., median: _Optional[float] = ..., spread: _Optional[float] = ..., shifted_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ActorBaseline(_message.Message):
    __slots__ = ("actor", "rhythm")
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    RHYTHM_FIELD_NUMBER: _ClassVar[int]
    actor: str
    rhythm: Rhythm
    def __init__(self, actor: _Optional[str] = ..., rhythm: _Optional[_Union[Rhythm, _Mapping]] = ...) -> None: ...

class ScoreReason(_message.Message):
    __slots__ = ("name", "part", "words")
    NAME_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    WORDS_FIELD_NUMBER: _ClassVar[int]
    name: str
    part: float
    words: str
    def __init__(self, name: _Optional[str] = ..., part: _Optional[float] = ..., words: _Optional[str] = ...) -> None: ...

class ResourceBaseline(_message.Message):
    __slots__ = ("urn", "type", "rhythm", "hours", "attributes", "actors", "score", "reasons")
    URN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    RHYTHM_FIELD_NUMBER: _ClassVar[int]
    HOURS_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    ACTORS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    REASONS_FIELD_NUMBER: _ClassVar[int]
    urn: str
    type: str
    rhythm: Rhythm
    hours: _containers.RepeatedScalarFieldContainer[int]
    attributes: _containers.RepeatedCompositeFieldContainer[AttributeBaseline]
    actors: _containers.RepeatedCompositeFieldContainer[ActorBaseline]
    score: float
    reasons: _containers.RepeatedCompositeFieldContainer[ScoreReason]
    def __init__(self, urn: _Optional[str] = ..., type: _Optional[str] = ..., rhythm: _Optional[_Union[Rhythm, _Mapping]] = ..., hours: _Optional[_Iterable[int]] = ..., attributes: _Optional[_Iterable[_Union[AttributeBaseline, _Mapping]]] = ..., actors: _Optional[_Iterable[_Union[ActorBaseline, _Mapping]]] = ..., score: _Optional[float] = ..., reasons: _Optional[_Iterable[_Union[ScoreReason, _Mapping]]] = ...) -> None: ...

class BaselineResponse(_message.Message):
    __slots__ = ("baselines", "next_cursor")
    BASELINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_CURSOR_FIELD_NUMBER: _ClassVar[int]
    baselines: _containers.RepeatedCompositeFieldContainer[ResourceBaseline]
    next_cursor: str
    def __init__(self, baselines: _Optional[_Iterable[_Union[ResourceBaseline, _Mapping]]] = ..., next_cursor: _Optional[str] = ...) -> None: ...

class NoiseRequest(_message.Message):
    __slots__ = ("deployment", "days")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    days: int
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., days: _Optional[int] = ...) -> None: ...

class NoisyAttribute(_message.Message):
    __slots__ = ("type", "path", "episodes", "resources", "median_seconds", "still_open", "resource_glob")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    EPISODES_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    MEDIAN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    STILL_OPEN_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_GLOB_FIELD_NUMBER: _ClassVar[int]
    type: str
    path: str
    episodes: int
    resources: _containers.RepeatedScalarFieldContainer[str]
    median_seconds: float
    still_open: int
    resource_glob: str
    def __init__(self, type: _Optional[str] = ..., path: _Optional[str] = ..., episodes: _Optional[int] = ..., resources: _Optional[_Iterable[str]] = ..., median_seconds: _Optional[float] = ..., still_open: _Optional[int] = ..., resource_glob: _Optional[str] = ...) -> None: ...

class DriftGroup(_message.Message):
    __slots__ = ("what", "actor", "drift_ids", "resources", "since", "until")
    WHAT_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    DRIFT_IDS_FIELD_NUMBER: _ClassVar[int]
    RESOURCES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    what: str
    actor: str
    drift_ids: _containers.RepeatedScalarFieldContainer[str]
    resources: _containers.RepeatedScalarFieldContainer[str]
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    def __init__(self, what: _Optional[str] = ..., actor: _Optional[str] = ..., drift_ids: _Optional[_Iterable[str]] = ..., resources: _Optional[_Iterable[str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class NoiseResponse(_message.Message):
    __slots__ = ("attributes", "groups", "drifts")
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    GROUPS_FIELD_NUMBER: _ClassVar[int]
    DRIFTS_FIELD_NUMBER: _ClassVar[int]
    attributes: _containers.RepeatedCompositeFieldContainer[NoisyAttribute]
    groups: _containers.RepeatedCompositeFieldContainer[DriftGroup]
    drifts: int
    def __init__(self, attributes: _Optional[_Iterable[_Union[NoisyAttribute, _Mapping]]] = ..., groups: _Optional[_Iterable[_Union[DriftGroup, _Mapping]]] = ..., drifts: _Optional[int] = ...) -> None: ...

class ImpactRequest(_message.Message):
    __slots__ = ("deployment", "resource")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    resource: str
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., resource: _Optional[str] = ...) -> None: ...

class ImpactResponse(_message.Message):
    __slots__ = ("impact", "affected", "outputs")
    IMPACT_FIELD_NUMBER: _ClassVar[int]
    AFFECTED_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    impact: _containers.RepeatedCompositeFieldContainer[Impact]
    affected: int
    outputs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, impact: _Optional[_Iterable[_Union[Impact, _Mapping]]] = ..., affected: _Optional[int] = ..., outputs: _Optional[_Iterable[str]] = ...) -> None: ...

class IgnoresRequest(_message.Message):
    __slots__ = ("deployment",)
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ...) -> None: ...

class HiddenDifference(_message.Message):
    __slots__ = ("resource", "path", "since", "last")
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    resource: str
    path: str
    since: _timestamp_pb2.Timestamp
    last: _timestamp_pb2.Timestamp
    def __init__(self, resource: _Optional[str] = ..., path: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class IgnoreRule(_message.Message):
    __slots__ = ("deployment", "resource", "path", "when", "reason", "until", "state", "concerned", "hidden_resources", "hidden_differences", "since", "last", "hidden")
    DEPLOYMENT_FIELD_NUMBER: _ClassVar[int]
    RESOURCE_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    WHEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    CONCERNED_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_RESOURCES_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_DIFFERENCES_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_FIELD_NUMBER: _ClassVar[int]
    deployment: _common_pb2.DeploymentRef
    resource: str
    path: str
    when: str
    reason: str
    until: _timestamp_pb2.Timestamp
    state: str
    concerned: int
    hidden_resources: int
    hidden_differences: int
    since: _timestamp_pb2.Timestamp
    last: _timestamp_pb2.Timestamp
    hidden: _containers.RepeatedCompositeFieldContainer[HiddenDifference]
    def __init__(self, deployment: _Optional[_Union[_common_pb2.DeploymentRef, _Mapping]] = ..., resource: _Optional[str] = ..., path: _Optional[str] = ..., when: _Optional[str] = ..., reason: _Optional[str] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., state: _Optional[str] = ..., concerned: _Optional[int] = ..., hidden_resources: _Optional[int] = ..., hidden_differences: _Optional[int] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., last: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., hidden: _Optional[_Iterable[_Union[HiddenDifference, _Mapping]]] = ...) -> None: ...

class IgnoresResponse(_message.Message):
    __slots__ = ("rules",)
    RULES_FIELD_NUMBER: _ClassVar[int]
    rules: _containers.RepeatedCompositeFieldContainer[IgnoreRule]
    def __init__(self, rules: _Optional[_Iterable[_Union[IgnoreRule, _Mapping]]] = ...) -> None: ...
