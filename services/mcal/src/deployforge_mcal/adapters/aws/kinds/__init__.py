"""The kinds by unified type; one module each."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.adapters.aws.kinds.base import Kind
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
        NetworkKind(), ObjectStoreKind(), QueueKind(), RoleKind(), SecretKind(), SecurityGroupKind(), SubnetKind(),
        TableKind(), TopicKind(),
    )
}  # fmt: skip

BY_NATIVE: Final[Mapping[str, Kind]] = {kind.native_type: kind for kind in KINDS.values()}
