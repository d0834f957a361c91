"""LogGroup: a log bucket of Cloud Logging. A deleted one keeps its name for seven days."""

from collections.abc import Mapping
from typing import ClassVar, Final

from deployforge_mcal.adapters.bodies import Field, Native
from deployforge_mcal.adapters.gcp.kinds.base import Kind, Source
from deployforge_mcal.domain.types.log_group import LOG_GROUP

_DAY: Final = 86_400


class LogGroupKind(Kind):
    """Where logs are kept."""

    model = LOG_GROUP
    google = "google_logging_project_bucket_config"
    longest = 100
    listed = True
    fields: ClassVar[Mapping[str, Field]] = {
        "retention": Field("retentionDays", lambda s: s // _DAY if isinstance(s, int) else s, lambda d: int(d) * _DAY),
        "encryptionKey": Field("cmekSettings.kmsKeyName"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}

    def read(self, source: Source, id: str) -> Native | None:
        """See Kind."""
        found = super().read(source, id)
        gone = found is not None and found[""].get("lifecycleState") == "DELETE_REQUESTED"
        return None if gone else found
