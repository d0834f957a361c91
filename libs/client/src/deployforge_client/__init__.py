"""The typed Python client of a DeployForge control plane: one object, one method per call."""

from deployforge_client.client import DeployForge
from deployforge_client.contexts import Context, load_contexts
from deployforge_client.errors import (
    DeployForgeError,
    InvalidManifest,
    NotFound,
    NotSignedIn,
    PermissionDenied,
    Refused,
    Unreachable,
)

__all__ = [
    "Context",
    "DeployForge",
    "DeployForgeError",
    "InvalidManifest",
    "NotFound",
    "NotSignedIn",
    "PermissionDenied",
    "Refused",
    "Unreachable",
    "load_contexts",
]
