"""LogGroup: Microsoft.OperationalInsights/workspaces."""

from collections.abc import Mapping
from typing import ClassVar, Final

from deployforge_mcal.adapters.azure.kinds.base import Kind
from deployforge_mcal.adapters.bodies import Field
from deployforge_mcal.domain.types.log_group import LOG_GROUP

_DAY: Final = 86_400


class LogGroupKind(Kind):
    """Where logs are kept."""

    model = LOG_GROUP
    native_type = "Microsoft.OperationalInsights/workspaces"
    in_graph = True
    fields: ClassVar[Mapping[str, Field]] = {
        "retention": Field(
            "properties.retentionInDays", lambda v: v // _DAY if isinstance(v, int) else v, lambda v: int(v) * _DAY
        ),
        "tags": Field("tags"),
    }
    respelt: ClassVar[Mapping[str, str]] = {"name": "name"}
