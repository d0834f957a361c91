"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge_chassis import telemetry, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.database import Database
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.feed import PublishedFeed
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.identity import SERVICES
from deployforge_chassis.kafka_bus import KafkaBus
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.principal import PrincipalSigner
from deployforge_chassis.registry import RegistryClient
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.sealing import Sealer
from deployforge_chassis.wire import Wire

from deployforge_control_plane.adapters.bootstrap import read_bootstrap
from deployforge_control_plane.adapters.clouds import CloudTypeChecker
from deployforge_control_plane.adapters.metrics import PrometheusMeter
from deployforge_control_plane.adapters.orchestrator import OrchestratorReader
from deployforge_control_plane.adapters.records import records
from deployforge_control_plane.adapters.stores import open_stores
from deployforge_control_plane.adapters.tokens import TokenTable
from deployforge_control_plane.application.access import Access
from deployforge_control_plane.application.checking import Checking
from deployforge_control_plane.application.control_plane import ControlPlane
from deployforge_control_plane.application.effects import Errands
from deployforge_control_plane.application.watching import Watching
from deployforge_control_plane.config import Settings
from deployforge_control_plane.entrypoints.grpc_api import STATUS_OF
from deployforge_control_plane.entrypoints.methods import MUTATING, RULES
from deployforge_control_plane.entrypoints.serving import registrations
from deployforge_control_plane.entrypoints.stream import inbox


def main() -> None:
    """Run the control-plane until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    database = Database(settings.database_url)
    database.migrate(Sealer.SCHEMA)
    sealer = Sealer(database, KeyFile(settings.key_file), service=settings.service)
    stores = open_stores(database, sealer)
    signer = PrincipalSigner.from_dir(settings.tls_dir)
    peers = [peer for peer in SERVICES if peer != settings.service]
    channels = {peer: channel(settings, peer, signer=signer, once=MUTATING) for peer in peers}
    bus = KafkaBus(settings)
    codec = AvroCodec(RegistryClient(settings.registry_url))
    wire = Wire(codec, topics.load(), settings.service)

    app = ControlPlane(database, sealer, stores, records, SystemClock())
    meter = PrometheusMeter()
    access = Access(app, TokenTable(database), meter)
    access.bootstrap(read_bootstrap(settings.bootstrap_tokens_file))
    watching = Watching(stores.timeline, stores.requests)
    app.on_save(watching.wake)
    checking = Checking(CloudTypeChecker(channels["mcal"]), meter)
    orchestrator = OrchestratorReader(channels["orchestrator"])
    errands = Errands(app, plans=orchestrator, verified=orchestrator)
    workers = EffectWorkers(app.queue, errands.handlers(), threads=settings.effect_threads)

    codec.register(settings.service)
    relay = Relay(app, records, bus, wire)
    hearing = inbox(app, bus, wire, channels)

    feed = PublishedFeed(app, records, wire)
    server = serve(settings, registrations(app, checking, access, watching, feed, channels), RULES, STATUS_OF)
    run([metrics, relay, hearing, workers, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
