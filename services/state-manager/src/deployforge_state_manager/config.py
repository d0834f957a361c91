"""What the state manager is told by its environment."""

from deployforge_chassis.config import ServiceSettings


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "state-manager"
    """This process's service name."""
