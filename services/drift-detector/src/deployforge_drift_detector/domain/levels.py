"""How bad a drift is, and of which kind."""

from enum import StrEnum


class Severity(StrEnum):
    """From harmless to dangerous."""

    INFORMATIONAL = "INFORMATIONAL"
    DEGRADED = "DEGRADED"
    CRITICAL = "CRITICAL"

    @property
    def rank(self) -> int:
        """Comparable; higher is worse."""
        return list(Severity).index(self)

    def raised(self) -> "Severity":
        """One level worse, as far as there is one."""
        return list(Severity)[min(self.rank + 1, len(Severity) - 1)]


class Kind(StrEnum):
    """What happened to the resource."""

    CHANGED = "CHANGED"
    MISSING = "MISSING"
