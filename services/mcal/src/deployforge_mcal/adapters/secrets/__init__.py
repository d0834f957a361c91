"""Sources of secrets that ship, and the finding of those that are installed: entry points of `deployforge.secrets`.

An entry point's name is the first part of a reference, `secret://<name>/…`; it names a function that takes a mapping
of options and returns a SecretSource. `tests/contract/secret_source.py` is the suite that a source must pass.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import Final

from deployforge_mcal.application.secrets import SecretSource

GROUP: Final = "deployforge.secrets"


def installed(options: Mapping[str, Mapping[str, str]]) -> dict[str, SecretSource]:
    """Name → source; `options` by entry point name."""
    return {point.name: point.load()(options.get(point.name, {})) for point in entry_points(group=GROUP)}
