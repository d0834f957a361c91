"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from functools import partial

from deployforge.common.v1 import feed_pb2_grpc
from deployforge.mcal.v1 import clouds_pb2_grpc
from deployforge_chassis import telemetry, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.bodies import BodiesServicer
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
from deployforge_chassis.publisher import TelemetryPublisher
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire

from deployforge_mcal.adapters.index import PostgresIndex
from deployforge_mcal.adapters.metrics import measured
from deployforge_mcal.adapters.providers import installed
from deployforge_mcal.adapters.records import records
from deployforge_mcal.adapters.vault import PostgresVault
from deployforge_mcal.application.mcal import OPERATION, SCAN, Mcal
from deployforge_mcal.application.operations import Operations
from deployforge_mcal.application.scans import Readers, Scans
from deployforge_mcal.config import Settings
from deployforge_mcal.entrypoints.grpc_api import RULES, STATUS_OF, CloudsApi, CredentialsApi
from deployforge_mcal.entrypoints.stream import heard


def main() -> None:
    """Run mcal until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    database = Database(settings.database_url)
    sealer = Sealer(database, KeyFile(settings.key_file), service=settings.service)
    codec = AvroCodec(RegistryClient(settings.registry_url))
    codec.register(settings.service)
    bus, wire = KafkaBus(settings), Wire(codec, topics.load(), settings.service)
    channels = {peer: channel(settings, peer) for peer in SERVICES if peer != settings.service}
    vault = PostgresVault(database, sealer)
    vault.load(settings.mcal_credentials_file)
    providers = installed({"aws": {"endpoint": settings.aws_endpoint}})

    app = Mcal(database, sealer, providers, vault, PostgresIndex(database), SystemClock())
    ticks, readers = TelemetryPublisher(bus, wire), Readers(app)
    operations, scans = Operations(app, ticks), Scans(app, readers, ticks)
    operating = EffectWorkers(
        app.queue, {OPERATION: measured(OPERATION, operations.work)}, threads=settings.operation_threads
    )
    scanning = EffectWorkers(app.queue, {SCAN: measured(SCAN, scans.work)}, threads=settings.scan_threads)

    relay = Relay(app, records, bus, wire)
    inbox = Inbox(app, bus, wire, RemoteFeed(channels), heard(app))

    feed, bodies = EventFeedServicer(PublishedFeed(app, records, wire)), BodiesServicer(app.bodies.get)
    registrations = [
        partial(clouds_pb2_grpc.add_CloudsServicer_to_server, CloudsApi(app, readers)),
        partial(clouds_pb2_grpc.add_CredentialsServicer_to_server, CredentialsApi(app)),
        partial(feed_pb2_grpc.add_EventFeedServicer_to_server, feed),
        partial(feed_pb2_grpc.add_BodiesServicer_to_server, bodies),
    ]
    server = serve(settings, registrations, RULES, STATUS_OF)
    run([metrics, relay, inbox, operating, scanning, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
