"""What every service stands on: its sealed database, the bus with the schemas of its facts, and its peers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import grpc

from deployforge_chassis import topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.bus import Bus
from deployforge_chassis.config import ServiceSettings
from deployforge_chassis.database import Database
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.keys import open_provider
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire


@dataclass(frozen=True)
class Foundation:
    """The common adapters of one process."""

    database: Database
    sealer: Sealer
    codec: AvroCodec
    bus: Bus
    wire: Wire
    channels: Mapping[str, grpc.Channel]
    """One to each other service, by its name."""


def lay(settings: ServiceSettings, open_channel: Callable[[ServiceSettings, str], grpc.Channel] = channel) -> Foundation:
    """Open the database, register the schemas of the service's facts, and prepare what connects when it is used.

    Raises KeyUnavailable, a database error, or RegistryUnavailable; the supervisor then tries again.
    """
    database = Database(settings.database_url, owner_url=settings.database_owner_url)
    database.migrate(Sealer.SCHEMA)
    sealer = Sealer(database, open_provider(settings.keys_uri), service=settings.service)
    codec = AvroCodec(RegistryClient(settings.registry_url))
    codec.register(settings.service)
    wire = Wire(codec, topics.load(), settings.service)
    channels = {peer: open_channel(settings, peer) for peer in SERVICES if peer != settings.service}
    return Foundation(database, sealer, codec, KafkaBus(settings), wire, channels)
