"""What the control-plane is told by its environment."""

from pathlib import Path

from deployforge_chassis.config import ServiceSettings


class Settings(ServiceSettings):
    """Frozen; every variable has the prefix DEPLOYFORGE_."""

    service: str = "control-plane"
    """This process's service name."""

    bootstrap_tokens_file: Path | None = None
    """JSON list of `{subject, roles, namespaces, token_hash}`: tokens that exist from the first start on.
    `token_hash` is the SHA-256 of the whole token in hexadecimal. None: no such tokens."""

    effect_threads: int = 3
    """Threads that judge remedies, run compliance policies and let approvals expire."""
