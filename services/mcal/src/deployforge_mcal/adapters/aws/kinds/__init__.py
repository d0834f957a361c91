"""The kinds by unified type; one module each."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.adapters.aws.kinds.base import Kind
from deployforge_mcal.adapters.aws.kinds.cache import CacheKind
from deployforge_mcal.adapters.aws.kinds.compute import ComputeKind
from deployforge_mcal.adapters.aws.kinds.database import DatabaseKind
from deployforge_mcal.adapters.aws.kinds.dns_record import DnsRecordKind
from deployforge_mcal.adapters.aws.kinds.function import FunctionKind
from deployforge_mcal.adapters.aws.kinds.load_balancer import LoadBalancerKind
from deployforge_mcal.adapters.aws.kinds.log_group import LogGroupKind
from deployforge_mcal.adapters.aws.kinds.network import NetworkKind
from deployforge_mcal.adapters.aws.kinds.object_store import ObjectStoreKind
from deployforge_mcal.adapters.aws.kinds.queue import QueueKind
from deployforge_mcal.adapters.aws.kinds.role import RoleKind
from deployforge_mcal.adapters.aws.kinds.secret import SecretKind
from deployforge_mcal.adapters.aws.kinds.security_group import SecurityGroupKind
from deployforge_mcal.adapters.aws.kinds.subnet import SubnetKind
from deployforge_mcal.adapters.aws.kinds.table import TableKind
from deployforge_mcal.adapters.aws.kinds.topic import TopicKind

KINDS: Final[Mapping[str, Kind]] = {
    kind.model.name: kind
    for kind in (
        CacheKind(), ComputeKind(), DatabaseKind(), DnsRecordKind(), FunctionKind(), LoadBalancerKind(), LogGroupKind(),
        NetworkKind(), ObjectStoreKind(), QueueKind(), RoleKind(), SecretKind(), SecurityGroupKind(), SubnetKind(),
        TableKind(), TopicKind(),
    )
}  # fmt: skip

BY_NATIVE: Final[Mapping[str, Kind]] = {kind.native_type: kind for kind in KINDS.values()}
