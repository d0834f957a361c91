"""The cloud adapters that are installed: entry points of the group `deployforge.providers`.

An entry point names a function that takes a mapping of options (`endpoint`) and returns a CloudProvider.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from deployforge_mcal.application.ports import CloudProvider

GROUP: Final = "deployforge.providers"


def installed(options: Mapping[str, Mapping[str, str]]) -> dict[str, CloudProvider]:
    """Provider type → adapter; `options` by entry point name."""
    found: dict[str, CloudProvider] = {}
    for point in entry_points(group=GROUP):
        found[point.name] = point.load()(options.get(point.name, {}))
    return found
