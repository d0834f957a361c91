"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge.orchestrator.v1 import plans_pb2_grpc
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

from deployforge_orchestrator.adapters.clouds import McalClouds
from deployforge_orchestrator.adapters.manifests import ControlPlaneManifests
from deployforge_orchestrator.adapters.metrics import timed
from deployforge_orchestrator.adapters.plans import SHREDDED_FIRST, StoredPlans
from deployforge_orchestrator.adapters.records import records
from deployforge_orchestrator.adapters.states import StateManagerStates
from deployforge_orchestrator.application.drafting import Drafting
from deployforge_orchestrator.application.effects import Errands
from deployforge_orchestrator.application.orchestrator import Orchestrator
from deployforge_orchestrator.application.undeclared import Undeclared
from deployforge_orchestrator.config import Settings
from deployforge_orchestrator.entrypoints.grpc_api import RULES, STATUS_OF, ExecutionsApi, PlansApi
from deployforge_orchestrator.entrypoints.stream import heard


def main() -> None:
    """Run the orchestrator until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels
    bodies, clouds = Bodies(database, sealer), McalClouds(channels["mcal"])
    plans = StoredPlans(database, bodies)

    app = Orchestrator(database, sealer, plans, SystemClock(), width=settings.width)
    states = StateManagerStates(channels["state-manager"])
    drafting = Drafting(ControlPlaneManifests(channels["control-plane"]), states, clouds)
    undeclared = Undeclared(states, clouds)
    errands = Errands(app, drafting, clouds)
    workers = EffectWorkers(
        app.queue, timed(errands.handlers()), threads=settings.effect_threads, kept_seconds=settings.effects_kept_seconds
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
        lambda s: plans_pb2_grpc.add_PlansServicer_to_server(PlansApi(app), s),
        lambda s: plans_pb2_grpc.add_ExecutionsServicer_to_server(ExecutionsApi(app, undeclared), s),
        *owed.registrations(app, records, wire, bodies.get, inbox),
    ]
    server = serve(settings, registrations, {**RULES, **owed.RULES}, {**STATUS_OF, **owed.STATUS_OF})
    run([metrics, relay, inbox, workers, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
