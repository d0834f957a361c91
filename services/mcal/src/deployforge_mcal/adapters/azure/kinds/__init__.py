"""The unified types on Azure, one per file."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
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
        SecretKind(), RoleKind(), LogGroupKind(),
    )
}  # fmt: skip
