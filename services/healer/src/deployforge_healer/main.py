"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge.healer.v1 import healing_pb2_grpc
from deployforge_chassis import foundation, owed, telemetry
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.brake import Limits
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.feed import RemoteFeed
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.inbox import Inbox
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run
from deployforge_chassis.shredding import Shredding

from deployforge_healer.adapters.control_plane import ControlPlaneProposals
from deployforge_healer.adapters.ledger import SHREDDED_FIRST, PostgresLedger
from deployforge_healer.adapters.records import records
from deployforge_healer.adapters.state_manager import StateManagerHistories
from deployforge_healer.application.effects import Errands
from deployforge_healer.application.healer import Healer
from deployforge_healer.config import Settings
from deployforge_healer.entrypoints.grpc_api import RULES, STATUS_OF, HealingApi
from deployforge_healer.entrypoints.stream import heard


def main() -> None:
    """Run the healer until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels

    ledger, bodies = PostgresLedger(database), Bodies(database, sealer)
    app = Healer(database, sealer, ledger, SystemClock(), check_seconds=settings.check_seconds)
    proposals = ControlPlaneProposals(channels["control-plane"])
    errands = Errands(app, proposals, StateManagerHistories(channels["state-manager"]), bodies)
    workers = EffectWorkers(
        app.queue, errands.handlers(), threads=settings.effect_threads, kept_seconds=settings.effects_kept_seconds
    )
    relay = Relay(app, records, bus, wire)
    inbox = Inbox(
        app,
        bus,
        wire,
        RemoteFeed(channels),
        heard(app, Shredding(database, sealer, SHREDDED_FIRST)),
        limits=Limits.of(settings),
    )

    registrations = [
        lambda s: healing_pb2_grpc.add_HealingServicer_to_server(HealingApi(app), s),
        *owed.registrations(app, records, wire, bodies.get, inbox),
    ]
    server = serve(settings, registrations, {**RULES, **owed.RULES}, {**STATUS_OF, **owed.STATUS_OF})
    run([metrics, relay, inbox, workers, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
