"""All tables of this service."""

from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer

from deployforge_drift_detector.adapters.anomalies import AnomalyTable
from deployforge_drift_detector.adapters.baselines import BaselineTable
from deployforge_drift_detector.adapters.deeds import DeedTable
from deployforge_drift_detector.adapters.drifts import DriftTable
from deployforge_drift_detector.adapters.executions import ExecutionTable
from deployforge_drift_detector.adapters.hidings import HidingTable
from deployforge_drift_detector.adapters.looks import LookTable
from deployforge_drift_detector.adapters.schedule import ScheduleTable
from deployforge_drift_detector.application.ports import Stores


def open_stores(database: Database, sealer: Sealer) -> Stores:
    """The tables, made if they are not there."""
    return Stores(
        DriftTable(database, sealer), LookTable(database), HidingTable(database), ExecutionTable(database),
        ScheduleTable(database), BaselineTable(database, sealer), DeedTable(database, sealer),
        AnomalyTable(database, sealer),
    )  # fmt: skip
