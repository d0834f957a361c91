"""The unified resource model: one file per type, each with its vocabulary and what every provider supports of it."""

from collections.abc import Mapping
from typing import Final

from deployforge_mcal.domain.types.cache import CACHE
from deployforge_mcal.domain.types.compute import COMPUTE
from deployforge_mcal.domain.types.database import DATABASE
from deployforge_mcal.domain.types.dns_record import DNS_RECORD
from deployforge_mcal.domain.types.function import FUNCTION
from deployforge_mcal.domain.types.load_balancer import LOAD_BALANCER
from deployforge_mcal.domain.types.log_group import LOG_GROUP
from deployforge_mcal.domain.types.network import NETWORK
from deployforge_mcal.domain.types.object_store import OBJECT_STORE
from deployforge_mcal.domain.types.queue import QUEUE
from deployforge_mcal.domain.types.role import ROLE
from deployforge_mcal.domain.types.secret import SECRET
from deployforge_mcal.domain.types.security_group import SECURITY_GROUP
from deployforge_mcal.domain.types.subnet import SUBNET
from deployforge_mcal.domain.types.table import TABLE
from deployforge_mcal.domain.types.topic import TOPIC
from deployforge_mcal.domain.types.vocabulary import UnifiedType

TYPES: Final[Mapping[str, UnifiedType]] = {
    type.name: type
    for type in (
        NETWORK, SUBNET, SECURITY_GROUP, OBJECT_STORE, QUEUE, TOPIC, TABLE, DATABASE, CACHE, COMPUTE, FUNCTION,
        LOAD_BALANCER, DNS_RECORD, SECRET, ROLE, LOG_GROUP,
    )
}  # fmt: skip
"""Type name → type, in the order in which people read them."""
