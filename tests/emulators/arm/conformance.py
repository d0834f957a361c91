"""Recorded exchanges against Microsoft's OpenAPI: `python -m tests.emulators.arm.conformance DIRECTORY`.

The contract is Microsoft's and is not part of this repository: DEPLOYFORGE_CONTRACTS names a directory with
`arm/resources/resource-manager/Microsoft.Resources/stable/2021-04-01/resources.json` and `arm/common-types`, as in
Microsoft's repository azure-rest-api-specs. Without it nothing is judged, and that is said.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from tests.emulators.arm.golden import replay
from tests.emulators.arm.running import emulator

VARIABLE: Final = "DEPLOYFORGE_CONTRACTS"
OAV: Final = "oav@4.0.3"
#: Where a test run leaves its recordings, when it is told to keep them.
EXCHANGES: Final = "DEPLOYFORGE_EXCHANGES"
NOT_CHECKED: Final = 3
_CHECK: Final = Path(__file__).with_name("check.js")
_INSTALL_SECONDS: Final = 300
_CHECK_SECONDS: Final = 300


class Unavailable(Exception):
    """The check cannot be made, and what would have to be done."""


def contracts() -> Path | None:
    """Where Microsoft's contract is, if somebody said so. Raises Unavailable when it is not there."""
    said = os.environ.get(VARIABLE)
    if not said:
        return None
    found = Path(said).expanduser() / "arm"
    if not (found / "resources").is_dir():
        raise Unavailable(f"{VARIABLE}={said}, but there is no {found / 'resources'}")
    return found


def install(tools: Path) -> Path:
    """The directory in which oav is installed, by npm if it is not there yet. Raises Unavailable."""
    home = tools / "oav"
    if (home / "node_modules" / "oav" / "package.json").is_file():
        return home
    npm = shutil.which("npm")
    if npm is None:
        raise Unavailable("npm is missing: install Node.js 18 or newer (Debian: apt-get install nodejs npm)")
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [npm, "install", "--no-fund", "--no-audit", "--prefix", str(home), OAV],
        capture_output=True, text=True, timeout=_INSTALL_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Unavailable(f"npm install {OAV} failed: {done.stderr.strip()[-500:]}")
    return home


def judged(files: list[Path], contract: Path, tools: Path) -> dict[str, Any]:
    """What the validator says of recordings. Raises Unavailable when it cannot run."""
    command = ["node", str(_CHECK), str(contract), *(str(f.absolute()) for f in files)]
    done = subprocess.run(command, cwd=install(tools), capture_output=True, text=True, timeout=_CHECK_SECONDS, check=False)
    if done.returncode:
        raise Unavailable(f"oav did not run: {done.stderr.strip()[-800:]}")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def main() -> int:
    """0: no violations; 1: violations, or nothing was recorded; 3, loudly: there is no contract to hold them against."""
    directory = Path(sys.argv[1])
    files = [f for f in sorted(directory.rglob("*.jsonl")) if f.stat().st_size]
    if not files:
        print(f"ARM conformance: nothing was recorded in {directory}")
        return 1
    contract = contracts()
    if contract is None:
        count = sum(len(f.read_text().splitlines()) for f in files)
        print(
            f"!! ARM conformance: {count} exchanges were NOT held against Microsoft's contract.\n"
            f"!! Set {VARIABLE} to a directory with arm/resources/resource-manager/Microsoft.Resources/stable/2021-04-01 "
            "and arm/common-types\n!! (from github.com/Azure/azure-rest-api-specs), and run it again."
        )
        return NOT_CHECKED
    found = judged(files, contract, Path(".deployforge-tools"))
    for one in found["violations"][:40]:
        print(f"violation: {one['method']} {one['url']} {one['status']}: {one['what']}")
    differences = _replayed(contract)
    for one in differences:
        print(f"golden recording: {one}")
    outside = ", ".join(f"{count} of {name}" for name, count in found["outside"].items()) or "none"
    print(
        f"ARM conformance: {found['exchanges']} exchanges, {found['checked']} held against Microsoft's contract "
        f"({len(found['operations'])} operations), {found['statuses']} operation statuses by shape, without a contract: {outside}; "
        f"violations: {len(found['violations'])}; golden recording replayed, {len(differences)} differences"
    )
    return 1 if found["violations"] or differences or not found["checked"] else 0


def _replayed(contract: Path) -> list[str]:
    with tempfile.TemporaryDirectory() as directory, emulator(Path(directory), well_formed=False) as arm:
        return [d for file in sorted((contract / "golden").glob("*.json")) for d in replay(arm, file)]


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unavailable as missing:
        print(f"ARM conformance could not be checked: {missing}")
        sys.exit(1)
