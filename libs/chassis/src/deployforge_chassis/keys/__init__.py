"""Keys that wrap data keys, in a file, an HSM or a cloud's key service: one port, found by the scheme of a URI."""

from deployforge_chassis.keys.file import KeyFile
from deployforge_chassis.keys.opening import GROUP, NoSuchProvider, open_provider, prepare
from deployforge_chassis.keys.port import (
    KeyProvider,
    KeyUnavailable,
    UnknownVersion,
    VersionRefused,
    WrongKey,
    version_of,
)

__all__ = [
    "GROUP",
    "KeyFile",
    "KeyProvider",
    "KeyUnavailable",
    "NoSuchProvider",
    "UnknownVersion",
    "VersionRefused",
    "WrongKey",
    "open_provider",
    "prepare",
    "version_of",
]
