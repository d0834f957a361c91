"""Keys that wrap data keys. `KeyProvider` is the port; `KeyFile` keeps its keys in a file of mode 0600."""

import base64
import json
import os
import secrets
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class KeyProvider(Protocol):
    """Wraps and unwraps data keys with keys that never leave it."""

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """The data key, sealed under the newest key and bound to `aad`. Raises KeyUnavailable."""
        ...

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """The data key again. Raises KeyUnavailable, or WrongKey when it was changed or bound to something else."""
        ...


class KeyUnavailable(Exception):
    """The key provider cannot be reached or has no such key; nothing was written."""


class WrongKey(Exception):
    """What was to be unwrapped is not what was wrapped."""


class KeyFile:
    """AES-256 keys by version in a JSON file, `{"current": 1, "keys": {"1": base64}}`."""

    def __init__(self, path: Path) -> None:
        try:
            if path.stat().st_mode & 0o077:
                raise KeyUnavailable(f"{path} may be read by others; its mode must be 0600")
            content = json.loads(path.read_text())
            self._keys = {int(v): AESGCM(base64.b64decode(k)) for v, k in content["keys"].items()}
            self._current = int(content["current"])
        except (OSError, ValueError, KeyError) as error:
            raise KeyUnavailable(f"cannot read the key file {path}: {type(error).__name__}") from error

    @staticmethod
    def create(path: Path) -> None:
        """Make a key file with one new key; an existing one is kept."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return
        with os.fdopen(descriptor, "w") as file:
            json.dump({"current": 1, "keys": {"1": key}}, file)

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """See KeyProvider. Layout: version (4 bytes), nonce (12), ciphertext and tag."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._keys[self._current].encrypt(nonce, data_key, aad)
        return self._current.to_bytes(4, "big") + nonce + sealed

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """See KeyProvider."""
        version = int.from_bytes(wrapped[:4], "big")
        key = self._keys.get(version)
        if key is None:
            raise KeyUnavailable(f"the key file has no key of version {version}")
        try:
            return key.decrypt(wrapped[4 : 4 + _NONCE_BYTES], wrapped[4 + _NONCE_BYTES :], aad)
        except InvalidTag:
            raise WrongKey("a data key was changed, or belongs elsewhere") from None
