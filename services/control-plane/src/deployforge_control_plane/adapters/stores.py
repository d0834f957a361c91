"""Everything that is kept beside the events, in one database."""

from deployforge_chassis.database import Database
from deployforge_chassis.sealing import Sealer

from deployforge_control_plane.adapters.audit import AuditTable
from deployforge_control_plane.adapters.deployed import DeployedTable, WhereaboutsTable
from deployforge_control_plane.adapters.requests import RequestTable
from deployforge_control_plane.adapters.timeline import TimelineTable
from deployforge_control_plane.application.control_plane import Stores


def open_stores(database: Database, sealer: Sealer) -> Stores:
    """The tables, made where they are missing."""
    return Stores(
        RequestTable(database),
        TimelineTable(database, sealer),
        DeployedTable(database),
        WhereaboutsTable(database),
        AuditTable(database),
    )
