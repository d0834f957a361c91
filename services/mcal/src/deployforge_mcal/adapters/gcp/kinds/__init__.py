"""The unified types on Google Cloud, one per file."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.adapters.gcp.kinds.base import Kind
from deployforge_mcal.adapters.gcp.kinds.cache import CacheKind
from deployforge_mcal.adapters.gcp.kinds.compute import ComputeKind
from deployforge_mcal.adapters.gcp.kinds.database import DatabaseKind
from deployforge_mcal.adapters.gcp.kinds.dns_record import DnsRecordKind
from deployforge_mcal.adapters.gcp.kinds.function import FunctionKind
from deployforge_mcal.adapters.gcp.kinds.load_balancer import LoadBalancerKind
from deployforge_mcal.adapters.gcp.kinds.log_group import LogGroupKind
from deployforge_mcal.adapters.gcp.kinds.network import NetworkKind
from deployforge_mcal.adapters.gcp.kinds.object_store import ObjectStoreKind
from deployforge_mcal.adapters.gcp.kinds.queue import QueueKind
from deployforge_mcal.adapters.gcp.kinds.role import RoleKind
from deployforge_mcal.adapters.gcp.kinds.secret import SecretKind
from deployforge_mcal.adapters.gcp.kinds.security_group import SecurityGroupKind
from deployforge_mcal.adapters.gcp.kinds.subnet import SubnetKind
from deployforge_mcal.adapters.gcp.kinds.table import TableKind
from deployforge_mcal.adapters.gcp.kinds.topic import TopicKind

KINDS: Final[Mapping[str, Kind]] = {
    kind.model.name: kind
    for kind in (
        NetworkKind(), SubnetKind(), SecurityGroupKind(), ObjectStoreKind(), QueueKind(), TopicKind(), TableKind(),
        SecretKind(), RoleKind(), LogGroupKind(), DatabaseKind(), CacheKind(), ComputeKind(), FunctionKind(),
        LoadBalancerKind(), DnsRecordKind(),
    )
}  # fmt: skip
