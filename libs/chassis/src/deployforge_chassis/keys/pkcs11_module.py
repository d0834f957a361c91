"""The PKCS#11 library of a process: one session per token behind one lock, opened anew after any failure.

Sessions that several threads use at once crash the process with some libraries, and a library that was initialised
before a fork is of no use after it (PKCS#11 3.0, section 5.4): so it is loaded at its first use, and again in a child.
"""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pkcs11

from deployforge_chassis.keys.pkcs11_uri import TokenKey
from deployforge_chassis.keys.port import KeyUnavailable, UnknownVersion

R = TypeVar("R")

_modules: dict[Path, "Module"] = {}
_modules_lock = threading.Lock()


class Module:
    """One loaded library."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._library: Any = None
        self._process = 0
        self._sessions: dict[str, pkcs11.Session] = {}
        self.epoch = 0
        """Raised whenever sessions are lost, and with them all handles of objects."""

    @staticmethod
    def at(path: Path) -> "Module":
        """The one of this process for the library at `path`."""
        with _modules_lock:
            return _modules.setdefault(path, Module(path))

    def use(self, key: TokenKey, what: Callable[[pkcs11.Session], R]) -> R:
        """Do something in a session with the key's token, alone. Raises KeyUnavailable when it cannot be reached.

        What failed is tried once more in a new session: the old one may have died with a token that is back now, and
        may see an empty token instead of none.
        """
        with self._lock:
            try:
                return what(self._session(key))
            except UnknownVersion:
                raise
            except (pkcs11.PKCS11Error, OSError, KeyUnavailable):
                self._reset()
            try:
                return what(self._session(key))
            except (pkcs11.PKCS11Error, OSError) as error:
                self._reset()
                raise KeyUnavailable(f"the token {key.token} cannot be used: {_words(error)}") from error

    def _session(self, key: TokenKey) -> pkcs11.Session:
        if self._process != os.getpid():
            self._reset()
        if key.token not in self._sessions:
            if self._library is None:
                self._library = pkcs11.lib(str(self._path))
                self._library.reinitialize()
                self._process = os.getpid()
            token = self._library.get_token(token_label=key.token)
            self._sessions[key.token] = token.open(rw=True, user_pin=_pin(key.pin_file))
        return self._sessions[key.token]

    def _reset(self) -> None:
        self._sessions.clear()
        self._library = None
        self.epoch += 1


def _pin(path: Path) -> str:
    if path.stat().st_mode & 0o077:
        raise KeyUnavailable(f"{path} may be read by others; its mode must be 0600")
    return path.read_text().strip()


def _words(error: Exception) -> str:
    return f"{type(error).__name__} {error}".strip()
