"""`make test-journeys`: a system of its own, the journeys through it, and nothing left behind.

What a service must be tested with a real broker for, `services/*/tests/integration`, runs against the same system, on
topics and groups of its own.
"""

import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

from deployforge_local import opentofu
from deployforge_local.settings import LocalSettings

#: Ports that a system needs in a row, with three replicas of everything.
_PORTS = 90


def main() -> None:
    """Run pytest on the journeys against a fresh system; exits as pytest does."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """See `main`; `arguments` go to pytest."""
    # Below the temporary directory, enterable by PostgreSQL's own user; never the directory of `make up`.
    home = Path(tempfile.mkdtemp(prefix="df-journeys-"))
    home.chmod(0o755)
    environment = {**os.environ, "DEPLOYFORGE_HOME": str(home), "DEPLOYFORGE_PORT_BASE": str(free_port_base())}
    environment.pop("DEPLOYFORGE_CONTEXT", None)
    # For the journey that plants secrets; the name is what manifests call `secret://env/journey`.
    environment["DEPLOYFORGE_SECRET_JOURNEY"] = f"canary-{secrets.token_hex(16)}"
    local = [sys.executable, "-m", "deployforge_local"]
    passed = False
    # For the journeys across clouds; the system looks for it when it starts.
    opentofu.install(print)
    try:
        if code := subprocess.run([*local, "up"], env=environment, check=False).returncode:
            return code
        suites = ["tests/integration", *sorted(map(str, Path().glob("services/*/tests/integration")))]
        tests = [sys.executable, "-m", "pytest", "-q", "--timeout=300", *suites, *arguments]
        code = subprocess.run(tests, env=environment, check=False).returncode
        passed = code == 0
        return code
    finally:
        subprocess.run([*local, "down"], env=environment, check=False)
        if passed:
            shutil.rmtree(home, ignore_errors=True)
        else:
            sys.stderr.write(f"logs are kept in {home / 'logs'}\n")


def free_port_base() -> int:
    """A port base other than the default whose ports are all free now; another place to begin for each process, as two that
    look at once would both find the same.
    """
    bases = range(21400, 31000, 100)
    begin = os.getpid() % len(bases)
    for base in list(bases[begin:]) + list(bases[:begin]):
        if base != LocalSettings().port_base and all(_is_free(base + offset) for offset in range(_PORTS)):
            return base
    raise RuntimeError("no free range of ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


if __name__ == "__main__":
    main()
