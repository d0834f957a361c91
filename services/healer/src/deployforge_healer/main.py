"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge.common.v1 import feed_pb2_grpc
from deployforge.healer.v1 import healing_pb2_grpc
from deployforge_chassis import telemetry, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.bodies import Bodies, BodiesServicer
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.feed import EventFeedServicer, PublishedFeed, RemoteFeed
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire

from deployforge_healer.adapters.control_plane import ControlPlaneProposals
from deployforge_healer.adapters.ledger import PostgresLedger
from deployforge_healer.adapters.records import records
from deployforge_healer.application.effects import Errands
from deployforge_healer.application.healer import Healer
from deployforge_healer.config import Settings
from deployforge_healer.entrypoints.grpc_api import RULES, STATUS_OF, HealingApi
from deployforge_healer.entrypoints.stream import heard


def main() -> None:
    """Run the healer until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    database = Database(settings.database_url)
    sealer = Sealer(database, KeyFile(settings.key_file), service=settings.service)
    codec = AvroCodec(RegistryClient(settings.registry_url))
    codec.register(settings.service)
    bus, wire = KafkaBus(settings), Wire(codec, topics.load(), settings.service)
    channels = {peer: channel(settings, peer) for peer in SERVICES if peer != settings.service}

    ledger, bodies = PostgresLedger(database), Bodies(database, sealer)
    app = Healer(database, sealer, ledger, SystemClock(), check_seconds=settings.check_seconds)
    proposals = ControlPlaneProposals(channels["control-plane"])
    errands = Errands(app, proposals, bodies)
    workers = EffectWorkers(app.queue, errands.handlers(), threads=settings.effect_threads)
    relay = Relay(app, records, bus, wire)
    inbox = Inbox(app, bus, wire, RemoteFeed(channels), heard(app))

    feed = PublishedFeed(app, records, wire)
    registrations = [
        lambda s: healing_pb2_grpc.add_HealingServicer_to_server(HealingApi(app), s),
        lambda s: feed_pb2_grpc.add_EventFeedServicer_to_server(EventFeedServicer(feed), s),
        lambda s: feed_pb2_grpc.add_BodiesServicer_to_server(BodiesServicer(bodies.get), s),
    ]
    server = serve(settings, registrations, RULES, STATUS_OF)
    run([metrics, relay, inbox, workers, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
