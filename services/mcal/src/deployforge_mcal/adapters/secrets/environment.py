"""Secrets in this process's environment, `secret://env/<name>`; only those under a prefix are given out."""

import os
import re
from collections.abc import Mapping
from typing import Final

from deployforge_mcal.application.secrets import SecretAccess, SecretUnavailable

PREFIX: Final = "DEPLOYFORGE_SECRET_"


class EnvironmentSource:
    """See SecretSource. `shop/db-password` is `<prefix>SHOP_DB_PASSWORD`; no other variable can be named."""

    def __init__(self, prefix: str = PREFIX, environment: Mapping[str, str] = os.environ) -> None:
        self._prefix, self._environment = prefix, environment

    def resolve(self, name: str, access: SecretAccess) -> str:
        """See SecretSource."""
        variable = self._prefix + re.sub(r"[^A-Z0-9]", "_", name.upper())
        value = self._environment.get(variable)
        if value is None:
            raise SecretUnavailable(f"secret://env/{name}", f"the environment of mcal has no {variable}")
        return value


def from_options(options: Mapping[str, str]) -> EnvironmentSource:
    """The entry point: `prefix`."""
    return EnvironmentSource(options.get("prefix") or PREFIX)
