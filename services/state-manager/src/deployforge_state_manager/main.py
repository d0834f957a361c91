"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge.state_manager.v1 import state_pb2_grpc
from deployforge_chassis import foundation, owed, telemetry
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
from deployforge_state_manager.adapters.projection import PostgresProjection
from deployforge_state_manager.adapters.records import records
from deployforge_state_manager.adapters.staging import PostgresStaging
from deployforge_state_manager.adapters.versions import PostgresStateReader
from deployforge_state_manager.application.shredding import Shredder
from deployforge_state_manager.application.state_manager import StateManager
from deployforge_state_manager.config import Settings
from deployforge_state_manager.entrypoints.grpc_api import RULES, STATUS_OF, InventoryApi, StateApi
from deployforge_state_manager.entrypoints.stream import heard


def main() -> None:
    """Run the state manager until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels

    projection = PostgresProjection(database, sealer)
    app = StateManager(database, sealer, PostgresStaging(database, sealer), projection)
    projection.fill(app)
    shredder = Shredder(app, projection.urns, SystemClock())
    reader = CheckedStateReader(PostgresStateReader(database, sealer), app, shredder)
    inventory = PostgresInventoryReader(database)
    bodies = Bodies(database, sealer)
    relay = Relay(app, records, bus, wire)
    inbox = Inbox(app, bus, wire, RemoteFeed(channels), heard(app, shredder), limits=Limits.of(settings))

    registrations = [
        lambda s: state_pb2_grpc.add_StateServicer_to_server(StateApi(reader), s),
        lambda s: state_pb2_grpc.add_InventoryServicer_to_server(InventoryApi(inventory), s),
        *owed.registrations(app, records, wire, bodies.get, inbox),
    ]
    server = serve(settings, registrations, {**RULES, **owed.RULES}, {**STATUS_OF, **owed.STATUS_OF})
    run([metrics, relay, inbox, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
