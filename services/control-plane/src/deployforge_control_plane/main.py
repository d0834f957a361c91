"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from functools import partial

from deployforge_chassis import foundation, owed, telemetry
from deployforge_chassis.backpressure import pressure_of
from deployforge_chassis.brake import Limits
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.effects import EffectWorkers
from deployforge_chassis.grpc_client import channel
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.principal import PrincipalSigner
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run

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
from deployforge_control_plane.entrypoints.methods import MUTATING, PATIENT, RULES
from deployforge_control_plane.entrypoints.serving import registrations
from deployforge_control_plane.entrypoints.stream import inbox


def main() -> None:
    """Run the control-plane until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    signer = PrincipalSigner.from_dir(settings.tls_dir)
    base = foundation.lay(settings, partial(channel, signer=signer, once=MUTATING))
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels
    stores = open_stores(database, sealer)

    app = ControlPlane(database, sealer, stores, records, SystemClock())
    meter = PrometheusMeter()
    access = Access(app, TokenTable(database), meter)
    access.bootstrap(read_bootstrap(settings.bootstrap_tokens_file))
    watching = Watching(stores.timeline, stores.requests)
    app.on_save(watching.wake)
    checking = Checking(CloudTypeChecker(channels["mcal"]), meter)
    orchestrator = OrchestratorReader(channels["orchestrator"])
    errands = Errands(app, plans=orchestrator, verified=orchestrator)
    workers = EffectWorkers(
        app.queue, errands.handlers(), threads=settings.effect_threads, kept_seconds=settings.effects_kept_seconds
    )

    relay = Relay(app, records, bus, wire)
    hearing = inbox(app, bus, wire, channels, Limits.of(settings))

    own = registrations(app, checking, access, watching, channels, owed.parking(wire, hearing))
    owing = owed.registrations(app, records, wire, app.bodies.get)
    server = serve(
        settings, [*own, *owing], {**owed.RULES, **RULES}, {**STATUS_OF, **owed.STATUS_OF},
        pressure=pressure_of(settings, database, app.queue), commands=PATIENT,
    )  # fmt: skip
    run([metrics, relay, hearing, workers, server], server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
