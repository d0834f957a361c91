"""What the healer is told by its environment."""

from deployforge_chassis.config import ServiceSettings
from pydantic import Field


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "healer"
    """This process's service name."""

    effect_threads: int = Field(default=4, ge=1)
    """Threads that decide and propose."""

    check_seconds: float = Field(default=60.0, gt=0)
    """Seconds after a remedy in which the drift must be seen to be gone; then the next rung is tried."""
