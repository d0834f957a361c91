"""Where this system's wrapping keys are: in a SoftHSM token when it is installed, in key files otherwise.

A home keeps what it began with: keys in a token are not in a file, and the other way round.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from typing import Final, Literal

from deployforge_chassis.identity import SERVICES
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.keys.softhsm import SoftHsm, SoftHsmMissing

from deployforge_local.settings import LocalSettings

Provider = Literal["pkcs11", "file"]
_PACKAGE: Final = "softhsm2"


class OtherProvider(Exception):
    """This home's keys are in a SoftHSM token, and SoftHSM is not installed."""

    def __init__(self, settings: LocalSettings) -> None:
        super().__init__(
            f"the keys of {settings.root} are in a SoftHSM token: {SoftHsmMissing()}; "
            "or take a new DEPLOYFORGE_HOME, which begins with key files"
        )


def provider(settings: LocalSettings) -> Provider:
    """What this home uses, or will use from its first start on. Raises OtherProvider."""
    installed = SoftHsm.module() is not None
    if not settings.key_provider_file.exists():
        # A home from before there was a choice has key files.
        begun = any((settings.key_dir / f"{service}.key").exists() for service in SERVICES)
        return "pkcs11" if installed and not begun else "file"
    if settings.key_provider_file.read_text().strip() == "file":
        return "file"
    if not installed:
        raise OtherProvider(settings)
    return "pkcs11"


def prepare(settings: LocalSettings) -> None:
    """Make the first version of every service's wrapping key; existing ones are kept. Raises OtherProvider."""
    chosen = provider(settings)
    if chosen == "pkcs11":
        hsm = _hsm(settings)
        hsm.ensure()
        # In a process of its own: the token's library reads its environment once.
        subprocess.run(
            [sys.executable, "-m", "deployforge_chassis.keys", *(hsm.uri(service) for service in SERVICES)],
            env={**os.environ, **hsm.environment},
            check=True,
        )
    else:
        for service in SERVICES:
            KeyFile.create(settings.key_dir / f"{service}.key")
    settings.key_provider_file.write_text(chosen)


def environment(settings: LocalSettings, service: str) -> dict[str, str]:
    """What a service must find in its environment to reach its wrapping key."""
    if provider(settings) == "file":
        return {"DEPLOYFORGE_KEY_FILE": str(settings.key_dir / f"{service}.key")}
    hsm = _hsm(settings)
    return {"DEPLOYFORGE_KEYS": hsm.uri(service), **hsm.environment}


def install(say: Callable[[str], None]) -> bool:
    """Install SoftHSM if it is missing and we may; False, having said what to do, when it is not there afterwards."""
    if SoftHsm.module() is not None:
        return True
    if os.geteuid() == 0 and shutil.which("apt-get"):
        say(f"installing {_PACKAGE}")
        get = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update"], ["install", "--no-install-recommends", _PACKAGE]):
            subprocess.run([*get, *arguments], env=quiet, check=False, stdout=subprocess.DEVNULL)
    if SoftHsm.module() is None:
        say(str(SoftHsmMissing()))
        return False
    return True


def _hsm(settings: LocalSettings) -> SoftHsm:
    return SoftHsm(settings.key_dir / "hsm")
