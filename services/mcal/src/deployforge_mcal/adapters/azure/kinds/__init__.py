"""The unified types on Azure, one per file."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.azure.kinds.cache import CacheKind
from deployforge_mcal.adapters.azure.kinds.compute import ComputeKind
from deployforge_mcal.adapters.azure.kinds.database import DatabaseKind
from deployforge_mcal.adapters.azure.kinds.dns_record import DnsRecordKind
from deployforge_mcal.adapters.azure.kinds.function import FunctionKind
from deployforge_mcal.adapters.azure.kinds.load_balancer import LoadBalancerKind
from deployforge_mcal.adapters.azure.kinds.log_group import LogGroupKind
from deployforge_mcal.adapters.azure.kinds.network import NetworkKind
from deployforge_mcal.adapters.azure.kinds.object_store import ObjectStoreKind
from deployforge_mcal.adapters.azure.kinds.queue import QueueKind
from deployforge_mcal.adapters.azure.kinds.role import RoleKind
from deployforge_mcal.adapters.azure.kinds.secret import SecretKind
from deployforge_mcal.adapters.azure.kinds.security_group import SecurityGroupKind
from deployforge_mcal.adapters.azure.kinds.subnet import SubnetKind
from deployforge_mcal.adapters.azure.kinds.table import TableKind
from deployforge_mcal.adapters.azure.kinds.topic import TopicKind

KINDS: Final[Mapping[str, Kind]] = {
    kind.model.name: kind
    for kind in (
        NetworkKind(), SubnetKind(), SecurityGroupKind(), ObjectStoreKind(), QueueKind(), TopicKind(), TableKind(),
        SecretKind(), RoleKind(), LogGroupKind(), DatabaseKind(), CacheKind(), DnsRecordKind(), ComputeKind(),
        FunctionKind(), LoadBalancerKind(),
    )
}  # fmt: skip
