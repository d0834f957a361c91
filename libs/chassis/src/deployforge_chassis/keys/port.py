"""The port: what a provider of wrapping keys must do. `keys_contract` is the suite that every provider passes.

A wrapping key has versions, numbered from 1. The newest one wraps; all from the minimum version on unwrap. What was
wrapped begins with the version that wrapped it (4 bytes, big endian); the rest is the provider's own.
"""

from typing import ClassVar, Protocol

_VERSION_BYTES = 4


class KeyProvider(Protocol):
    """Wraps and unwraps data keys with keys that never leave it. Threads may share it.

    Every method raises KeyUnavailable while the provider is away, and works again when it is back, without a restart.
    """

    scheme: ClassVar[str]
    """The name of its entry point, with which its URIs begin."""

    @classmethod
    def from_uri(cls, uri: str) -> "KeyProvider":
        """The provider that a URI of its scheme names. Raises ValueError saying what a URI must look like."""
        ...

    @classmethod
    def prepare(cls, uri: str) -> None:
        """Make version 1 of the key that a URI names, unless there is a version already. Not for two at once."""
        ...

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """The data key, sealed under the newest version and bound to `aad`."""
        ...

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The data key again.

        Raises WrongKey when it was changed or bound to something else, UnknownVersion, or VersionRefused.
        """
        ...

    def versions(self) -> tuple[int, ...]:
        """All versions that exist, ascending; the last one wraps."""
        ...

    def minimum_version(self) -> int:
        """The lowest version that still unwraps."""
        ...

    def rotate(self) -> int:
        """Make a new version, which wraps from now on; its number. Callers see to it that only one does this."""
        ...

    def raise_minimum(self, version: int) -> None:
        """Unwrap nothing any more that a version below `version` wrapped. Never lowers the minimum.

        Raises UnknownVersion when there is no such version.
        """
        ...


class KeyUnavailable(Exception):
    """The key provider cannot be reached or has no such key; nothing was written. It may pass by itself."""


class UnknownVersion(KeyUnavailable):
    """The provider has no key of that version (yet, or any more)."""

    def __init__(self, where: str, version: int) -> None:
        super().__init__(f"{where} has no key of version {version}")
        self.version = version


class WrongKey(Exception):
    """What was to be unwrapped is not what was wrapped."""

    def __init__(self) -> None:
        super().__init__("a wrapped data key was changed, or belongs elsewhere")


class VersionRefused(Exception):
    """What was to be unwrapped is of a version that is not accepted any more: an old data key was put back."""

    def __init__(self, version: int, minimum: int) -> None:
        super().__init__(f"a data key wrapped by version {version} is refused; the minimum is {minimum}")
        self.version = version
        self.minimum = minimum


def version_of(wrapped: bytes) -> int:
    """The version that wrapped a data key. Raises WrongKey when it is too short to say."""
    if len(wrapped) < _VERSION_BYTES:
        raise WrongKey
    return int.from_bytes(wrapped[:_VERSION_BYTES], "big")


def stamped(version: int, sealed: bytes) -> bytes:
    """What a provider hands out: the version, then what it sealed."""
    return version.to_bytes(_VERSION_BYTES, "big") + sealed


def unstamped(wrapped: bytes) -> bytes:
    """What a provider sealed, without the version."""
    return wrapped[_VERSION_BYTES:]
