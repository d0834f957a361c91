"""Wrapping keys in a file of mode 0600: the embedded default, for systems without an HSM."""

import base64
import fcntl
import json
import os
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote, urlsplit

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from deployforge_chassis.keys.port import (
    KeyUnavailable,
    UnknownVersion,
    VersionRefused,
    WrongKey,
    stamped,
    unstamped,
    version_of,
)

_NONCE_BYTES = 12
_KEY_BYTES = 32

Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class _Ring:
    """What the file held when it was last read."""

    stamp: Stamp
    minimum: int
    keys: Mapping[int, AESGCM]


class KeyFile:
    """AES-256 keys by version in a JSON file, `{"current": 1, "minimum": 1, "keys": {"1": base64}}`.

    The file is read again whenever it has changed, so all processes that use it see a new version at once.
    """

    scheme: ClassVar[str] = "file"

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._ring = self._read()

    @classmethod
    def from_uri(cls, uri: str) -> "KeyFile":
        """`file:///absolute/path`."""
        return cls(_path(uri))

    @classmethod
    def prepare(cls, uri: str) -> None:
        """See KeyProvider."""
        cls.create(_path(uri))

    @staticmethod
    def create(path: Path) -> None:
        """Make a key file with one new key; an existing one is kept."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            json.dump({"current": 1, "minimum": 1, "keys": {"1": _new_key()}}, file)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """See KeyProvider. Layout: version (4 bytes), nonce (12), ciphertext and tag."""
        ring = self._fresh()
        version, nonce = max(ring.keys), os.urandom(_NONCE_BYTES)
        return stamped(version, nonce + ring.keys[version].encrypt(nonce, data_key, aad))

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """See KeyProvider."""
        version, sealed = version_of(wrapped), unstamped(wrapped)
        ring = self._fresh()
        if (key := ring.keys.get(version)) is None:
            raise UnknownVersion("the key file", version)
        if version < ring.minimum:
            raise VersionRefused(version, ring.minimum)
        try:
            return key.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError):
            raise WrongKey from None

    def versions(self) -> tuple[int, ...]:
        """See KeyProvider."""
        return tuple(sorted(self._fresh().keys))

    def minimum_version(self) -> int:
        """See KeyProvider."""
        return self._fresh().minimum

    def rotate(self) -> int:
        """See KeyProvider."""
        with self._changing() as content:
            version = max(int(v) for v in content["keys"]) + 1
            content["keys"][str(version)], content["current"] = _new_key(), version
        return version

    def raise_minimum(self, version: int) -> None:
        """See KeyProvider."""
        with self._changing() as content:
            if str(version) not in content["keys"]:
                raise UnknownVersion("the key file", version)
            content["minimum"] = max(version, content.get("minimum", 1))

    def _fresh(self) -> _Ring:
        try:
            stamp = _stamp(os.stat(self._path))
        except OSError as error:
            raise self._unreadable(error) from error
        if stamp != self._ring.stamp:
            with self._lock:
                self._ring = self._read()
        return self._ring

    def _read(self) -> _Ring:
        try:
            with self._path.open() as file:
                stat = os.fstat(file.fileno())
                if stat.st_mode & 0o077:
                    raise KeyUnavailable(f"{self._path} may be read by others; its mode must be 0600")
                content = json.load(file)
            keys = {int(version): AESGCM(base64.b64decode(key)) for version, key in content["keys"].items()}
            if not keys:
                raise KeyUnavailable(f"the key file {self._path} holds no key")
            return _Ring(_stamp(stat), int(content.get("minimum", 1)), keys)
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unreadable(error) from error

    def _unreadable(self, error: Exception) -> KeyUnavailable:
        # The kind of error alone: its text might quote what the file holds.
        return KeyUnavailable(f"cannot use the key file {self._path}: {type(error).__name__}")

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Any]]:
        """What the file holds, to be changed; replaced as a whole when the block ends, so no reader sees half."""
        try:
            with self._path.with_suffix(".lock").open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                content: dict[str, Any] = json.loads(self._path.read_text())
                yield content
                fresh = self._path.with_suffix(".new")
                with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
                    json.dump(content, file)
                    file.flush()
                    os.fsync(file.fileno())
                fresh.replace(self._path)
                _sync_directory(self._path.parent)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from error


def _path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path.startswith("/"):
        raise ValueError("a key file is named like file:///absolute/path")
    return Path(unquote(parts.path))


def _stamp(stat: os.stat_result) -> Stamp:
    return stat.st_mtime_ns, stat.st_ino, stat.st_size


def _new_key() -> str:
    return base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode()


def _sync_directory(path: Path) -> None:
    # A rename survives a power cut only when its directory is on disk; a lost key would be lost data.
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
