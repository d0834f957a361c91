"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis import foundation, owed, telemetry, tls
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.brake import Limits
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.feed import RemoteFeed
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run

from deployforge_state_manager.adapters.checked import CheckedStateReader
from deployforge_state_manager.adapters.inventory import PostgresInventoryReader
from deployforge_state_manager.adapters.past import PostgresPastInventoryReader
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.rebuilding import Rebuild
from deployforge_state_manager.adapters.rebuilds import PostgresRebuilds, Rebuilder
from deployforge_state_manager.adapters.records import records
from deployforge_state_manager.adapters.sightings import PostgresSightings
from deployforge_state_manager.adapters.signing import Signer
from deployforge_state_manager.adapters.staging import PostgresStaging
from deployforge_state_manager.adapters.versions import PostgresStateReader
from deployforge_state_manager.application.changes import Changes
from deployforge_state_manager.application.moving import Moving
from deployforge_state_manager.application.shredding import Shredder
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.config import Settings
from deployforge_state_manager.entrypoints import inventory_api
from deployforge_state_manager.entrypoints.grpc_api import RULES, STATUS_OF, StateApi
from deployforge_state_manager.entrypoints.inventory_api import InventoryApi
from deployforge_state_manager.entrypoints.moving_api import Streams
from deployforge_state_manager.entrypoints.stream import heard


def main() -> None:
    """Run the state manager until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels

    staging, sightings = PostgresStaging(database, sealer), PostgresSightings(database)
    app = StateManager(database, sealer, staging, sightings, PostgresProjection(database, sealer))
    rebuild, rebuilds = Rebuild(database, sealer), PostgresRebuilds(database)
    rebuild.fill(app)
    rows = PostgresStateReader(database, sealer)
    shredder = Shredder(app, rows.urns, SystemClock())
    reader = CheckedStateReader(rows, app, shredder)
    inventory = PostgresInventoryReader(database)
    past = PostgresPastInventoryReader(database)
    bodies = Bodies(database, sealer)
    own = tls.load(settings.tls_dir, settings.service)
    streams = Streams(Changes(app), Moving(app, reader, Signer(own.chain, own.key, own.ca)))
    relay = Relay(app, records, bus, wire)
    inbox = Inbox(app, bus, wire, RemoteFeed(channels), heard(app, shredder), limits=Limits.of(settings))

    registrations = [
        lambda s: state_pb2_grpc.add_StateServicer_to_server(StateApi(reader, rebuilds, streams), s),
        lambda s: state_pb2_grpc.add_InventoryServicer_to_server(InventoryApi(inventory, past), s),
        *owed.registrations(app, records, wire, bodies.get, inbox),
    ]
    rules = {**RULES, **inventory_api.RULES, **owed.RULES}
    server = serve(settings, registrations, rules, {**STATUS_OF, **inventory_api.STATUS_OF, **owed.STATUS_OF})
    run([metrics, relay, inbox, Rebuilder(app, rebuild, rebuilds), server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
