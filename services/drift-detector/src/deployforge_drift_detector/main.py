"""Composition root: config → telemetry → adapters → application → relay → stream → gRPC."""

from deployforge_chassis import foundation, owed, telemetry
from deployforge_chassis.backpressure import pressure_of
from deployforge_chassis.bodies import Bodies
from deployforge_chassis.brake import Limits
from deployforge_chassis.clock import SystemClock
from deployforge_chassis.grpc_server import serve
from deployforge_chassis.part import Part
from deployforge_chassis.relay import Relay
from deployforge_chassis.runner import run

from deployforge_drift_detector.adapters.classifier import LazyClassifier
from deployforge_drift_detector.adapters.desired import DesiredReader
from deployforge_drift_detector.adapters.desired_map import DesiredMap
from deployforge_drift_detector.adapters.learner import Learner
from deployforge_drift_detector.adapters.metrics import Meter
from deployforge_drift_detector.adapters.parked import ParkedBatches
from deployforge_drift_detector.adapters.records import records
from deployforge_drift_detector.adapters.scheduler import Scheduler
from deployforge_drift_detector.adapters.severity_policy import load
from deployforge_drift_detector.adapters.stores import open_stores
from deployforge_drift_detector.application.drift_detector import DriftDetector
from deployforge_drift_detector.application.intake import Intake
from deployforge_drift_detector.application.judging import Judging
from deployforge_drift_detector.application.learning import Learning
from deployforge_drift_detector.application.scheduling import Scheduling
from deployforge_drift_detector.config import Settings
from deployforge_drift_detector.entrypoints.batches import Batches
from deployforge_drift_detector.entrypoints.events_api import taken_in
from deployforge_drift_detector.entrypoints.grpc_api import COMMANDS, RULES, STATUS_OF, registrations
from deployforge_drift_detector.entrypoints.processor import Processor
from deployforge_drift_detector.entrypoints.stream import inbox
from deployforge_drift_detector.entrypoints.watchdog import Watchdog


def main() -> None:
    """Run the drift-detector until it is told to stop."""
    settings = Settings()
    metrics = telemetry.configure(settings)

    clock = SystemClock()
    base = foundation.lay(settings)
    database, sealer, bus, wire, channels = base.database, base.sealer, base.bus, base.wire, base.channels

    states = DesiredMap()
    app = DriftDetector(database, sealer, open_stores(database, sealer), states, clock)
    again = settings.second_read_seconds
    scheduling = Scheduling(
        app, at_least_seconds=settings.scan_at_least_seconds, second_read_seconds=again,
        by_type=settings.scan_type_seconds,
    )  # fmt: skip
    relay = Relay(app, records, bus, wire)

    desired = DesiredReader(bus, wire, states, app.removed, app.forget_removed, policy=load(settings.severity_policy))
    meter = Meter()
    batches = Batches(base.codec, Judging(app, second_read_seconds=again), ParkedBatches(database), meter, clock)
    cap = settings.rss_cap_mib * 2**20
    watchdog = Watchdog(clock, stall_seconds=settings.stall_seconds, rss_cap_bytes=cap)
    processor = Processor(settings, batches, meter, watchdog)
    scheduler = Scheduler(database, scheduling.tick)
    learner = Learner(database, Learning(app, LazyClassifier(settings.anomaly_model, meter.told)).tick)

    events = taken_in(settings.events_address, settings.events_tokens, Intake(app))

    bodies = Bodies(database, sealer)
    hearing = inbox(app, bus, wire, channels, Limits.of(settings))
    served = [*registrations(app), *owed.registrations(app, records, wire, bodies.get, hearing)]
    server = serve(
        settings, served, {**RULES, **owed.RULES}, {**STATUS_OF, **owed.STATUS_OF},
        pressure=pressure_of(settings, database), commands=COMMANDS,
    )  # fmt: skip
    parts: list[Part] = [metrics, relay, desired, hearing, processor, scheduler, learner, *events, server]
    run(parts, server, drain_seconds=settings.drain_seconds)


if __name__ == "__main__":
    main()
