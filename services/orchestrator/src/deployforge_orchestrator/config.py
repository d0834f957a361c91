"""What the orchestrator is told by its environment."""

from deployforge_chassis.config import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "orchestrator"
    """This process's service name."""

    width: int = Field(default=8, ge=1)
    """Units of one execution that are worked on at the same time."""

    effect_threads: int = Field(default=6, ge=1)
    """Threads that draft plans and read back what executions did."""
