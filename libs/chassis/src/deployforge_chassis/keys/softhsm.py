"""SoftHSM: an HSM in software, with its tokens in a directory of their own. For development and tests."""

import os
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import quote

_MODULES: Final = tuple(
    Path(directory) / "libsofthsm2.so"
    for directory in (
        "/usr/lib/softhsm",
        "/usr/lib/x86_64-linux-gnu/softhsm",
        "/usr/lib/aarch64-linux-gnu/softhsm",
        "/usr/lib64/softhsm",
        "/usr/lib64",
        "/usr/local/lib/softhsm",
        "/opt/homebrew/lib/softhsm",
    )
)
_TOOL: Final = "softhsm2-util"
_CONFIGURATION: Final = "SOFTHSM2_CONF"


class SoftHsmMissing(Exception):
    """SoftHSM is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "SoftHSM is not installed: its command softhsm2-util or its library libsofthsm2.so is not to be found; "
            "install the package softhsm2 (Debian, Ubuntu: apt-get install softhsm2) or softhsm (Fedora, Homebrew)"
        )


class SoftHsm:
    """The token of one system, called `token`, below `directory`."""

    def __init__(self, directory: Path, token: str = "deployforge") -> None:  # noqa: S107 - its name
        self._directory = directory
        self._token = token
        self._pin = directory / "pin"
        self._configuration = directory / "softhsm2.conf"

    @staticmethod
    def module() -> Path | None:
        """The library, or None when SoftHSM is not installed."""
        found = [path for path in _MODULES if path.exists()]
        return found[0] if found and shutil.which(_TOOL) else None

    @property
    def environment(self) -> Mapping[str, str]:
        """What a process that uses the token must find in its environment."""
        return {_CONFIGURATION: str(self._configuration)}

    def uri(self, label: str) -> str:
        """Names the wrapping key `label` of this token. Raises SoftHsmMissing."""
        query = f"module-path={quote(str(self._found()))}&pin-source=file:{quote(str(self._pin))}"
        return f"pkcs11:token={quote(self._token)};object={quote(label)}?{query}"

    def ensure(self) -> None:
        """Make configuration, PIN and token, once. Raises SoftHsmMissing."""
        self._found()
        tokens = self._directory / "tokens"
        tokens.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._configuration.write_text(
            f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\nslots.removable = false\n"
        )
        if any(tokens.iterdir()):
            return
        pin, officer = secrets.token_hex(16), secrets.token_hex(16)
        with os.fdopen(os.open(self._pin, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(pin)
        # Its own environment variable would be inherited; the PINs are seen by this user's processes for a moment.
        subprocess.run(
            [_TOOL, "--init-token", "--free", "--label", self._token, "--pin", pin, "--so-pin", officer],
            env={**os.environ, **self.environment},
            check=True,
            capture_output=True,
        )

    def _found(self) -> Path:
        if (module := self.module()) is None:
            raise SoftHsmMissing
        return module
