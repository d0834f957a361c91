"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from functools import partial

from deployforge.mcal.v1 import clouds_pb2_grpc, topology_pb2_grpc
from deployforge_chassis import foundation, owed, telemetry
from deployforge_chassis.brake import Limits
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.feed import RemoteFeed
from deployforge_chassis.grpc_server import Registration, serve
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.publisher import TelemetryPublisher
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.shredding import Shredding

from deployforge_mcal.adapters import secrets as sources
from deployforge_mcal.adapters.claims import PostgresClaims
from deployforge_mcal.adapters.guarded import Patience
from deployforge_mcal.adapters.index import PostgresIndex
from deployforge_mcal.adapters.letterbox import PostgresLetterbox
from deployforge_mcal.adapters.marking import PostgresMarking
from deployforge_mcal.adapters.metrics import measured, paced
from deployforge_mcal.adapters.providers import installed
from deployforge_mcal.adapters.records import records
from deployforge_mcal.adapters.vault import PostgresVault
from deployforge_mcal.adapters.wired import PostgresWiring
from deployforge_mcal.application.addressing import Addressing
from deployforge_mcal.application.credentials import Credentials
from deployforge_mcal.application.listing import Listing
from deployforge_mcal.application.mcal import OPERATION, SCAN, Mcal
from deployforge_mcal.application.operations import Operations
from deployforge_mcal.application.pacing import Pacing
from deployforge_mcal.application.ports import ReadsWiring
from deployforge_mcal.application.scans import Readers, Scans
from deployforge_mcal.application.secrets import Secrets
from deployforge_mcal.application.topology import Topology
from deployforge_mcal.config import Settings
from deployforge_mcal.domain.pace import Bounds
from deployforge_mcal.domain.topology.addressing import Rules
from deployforge_mcal.domain.topology.declared import native_ranges
from deployforge_mcal.entrypoints import credentials_api, grpc_api, topology_api
from deployforge_mcal.entrypoints.stream import heard


def main() -> None:
    """Run mcal until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels
    vault = PostgresVault(database, sealer)
    vault.load(settings.mcal_credentials_file)
    patience = Patience(reading=settings.provider_read_seconds, changing=settings.provider_change_seconds)
    bounds = Bounds(first=settings.api_calls_first, most=settings.api_calls_at_most, reserve=settings.api_reserve)
    providers = installed(
        {"aws": {"endpoint": settings.aws_endpoint}, **settings.provider_options}, patience, Pacing(bounds, paced)
    )

    secrets = Secrets(
        sources.installed(
            {
                "aws": {"endpoint": settings.aws_endpoint},
                "env": {"prefix": settings.mcal_secrets_prefix},
                "file": {"directory": str(settings.mcal_secrets_dir or "")},
            }
        ),
        PostgresMarking(database, sealer),
        vault.get,
    )

    rules = Rules(settings.network_pools, settings.network_reserved, settings.network_shared)
    readers_of = {type: read for p in providers.values() if isinstance(p, ReadsWiring) for type, read in p.wiring().items()}
    claims = PostgresClaims(database, planned_days=settings.network_planned_days)
    addressing = Addressing(claims, rules, native_ranges(readers_of))
    topology = Topology(PostgresWiring(database, sealer), readers_of)
    app = Mcal(database, sealer, providers, vault, PostgresIndex(database), SystemClock(), secrets, addressing, topology)
    ticks, readers, scanners = TelemetryPublisher(bus, wire), Readers(app), Readers(app, scanning=True)
    credentials = Credentials(app, PostgresLetterbox(database, sealer, settings.tls_dir))
    listing = Listing(app, scanners, ticks, settings.listing_seconds)
    operations, scans = Operations(app, ticks), Scans(app, scanners, ticks, listing.of)
    operating = EffectWorkers(
        app.queue,
        {OPERATION: measured(OPERATION, operations.work)},
        threads=settings.operation_threads,
        kept_seconds=settings.effects_kept_seconds,
    )
    scanning = EffectWorkers(
        app.queue,
        {SCAN: measured(SCAN, scans.work)},
        threads=settings.scan_threads,
        kept_seconds=settings.effects_kept_seconds,
    )

    relay = Relay(app, records, bus, wire)
    inbox = Inbox(app, bus, wire, RemoteFeed(channels), heard(app, Shredding(database, sealer)), limits=Limits.of(settings))

    registrations: list[Registration] = [
        partial(clouds_pb2_grpc.add_CloudsServicer_to_server, grpc_api.CloudsApi(app, readers)),
        partial(clouds_pb2_grpc.add_CredentialsServicer_to_server, credentials_api.CredentialsApi(credentials)),
        partial(topology_pb2_grpc.add_TopologyServicer_to_server, topology_api.TopologyApi(addressing, topology)),
        *owed.registrations(app, records, wire, app.bodies.get, inbox),
    ]
    apis = (grpc_api, credentials_api, topology_api, owed)
    allowed = {method: who for api in apis for method, who in api.RULES.items()}
    statuses = {refusal: status for api in apis for refusal, status in api.STATUS_OF.items()}
    server = serve(settings, registrations, allowed, statuses)
    run([metrics, relay, inbox, operating, scanning, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
