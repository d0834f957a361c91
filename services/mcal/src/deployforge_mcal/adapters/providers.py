"""The cloud adapters that are installed: entry points of the group `deployforge.providers`.

An entry point names a function that takes a mapping of options (`endpoint`) and returns a CloudProvider.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

import structlog

from deployforge_mcal.adapters.guarded import Patience, guarded
from deployforge_mcal.application.pacing import Pacing, TakesTurns
from deployforge_mcal.application.ports import CloudProvider

GROUP: Final = "deployforge.providers"

log = structlog.get_logger(__name__)


def installed(
    options: Mapping[str, Mapping[str, str]], patience: Patience | None = None, pacing: Pacing | None = None
) -> dict[str, CloudProvider]:
    """Provider type → adapter, at arm's length; `options` by entry point name. One that cannot be loaded is logged and
    left out, so that the others serve. Those that take turns take them from `pacing`."""
    found: dict[str, CloudProvider] = {}
    for point in entry_points(group=GROUP):
        try:
            adapter = point.load()(options.get(point.name, {}))
            if pacing is not None and isinstance(adapter, TakesTurns):
                adapter.paced(pacing)
        except Exception as error:
            # Options may hold secrets, and errors repeat what they were given.
            log.error("provider cannot be loaded", provider=point.name, entry=point.value, error=type(error).__name__)
            continue
        found[point.name] = guarded(point.name, adapter, patience or Patience())
    return found
