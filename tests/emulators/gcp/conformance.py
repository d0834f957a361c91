"""Recorded exchanges against Google's discovery document: `python -m tests.emulators.gcp.conformance DIRECTORY`.

The contracts are Google's and are no part of this repository: DEPLOYFORGE_CONTRACTS names a directory with `gcp/config.v1.json`,
which is https://config.googleapis.com/$discovery/rest?version=v1, and `gcp/deploymentmanager.v2.json`, which is
https://deploymentmanager.googleapis.com/$discovery/rest?version=v2. Without them nothing is judged, and that is said.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Final

from tests.emulators.gcp.discovery import Discovery

VARIABLE: Final = "DEPLOYFORGE_CONTRACTS"
NOT_CHECKED: Final = 3
#: Host of a service → its contract.
CONTRACTS: Final = {
    "config.googleapis.com": "config.v1.json",
    "deploymentmanager.googleapis.com": "deploymentmanager.v2.json",
}


class Unavailable(Exception):
    """The check cannot be made, and what would have to be done."""


def contracts() -> dict[str, Path] | None:
    """Google's contracts by host, if somebody said where they are. Raises Unavailable when one is not there."""
    said = os.environ.get(VARIABLE)
    if not said:
        return None
    found = {host: Path(said).expanduser() / "gcp" / name for host, name in CONTRACTS.items()}
    for file in found.values():
        if not file.is_file():
            raise Unavailable(f"{VARIABLE}={said}, but there is no {file}")
    return found


def main() -> int:
    """0: no violations; 1: violations, or nothing was recorded; 3, loudly: there is no contract to hold them against."""
    directory = Path(sys.argv[1])
    lines = [line for file in sorted(directory.rglob("*.jsonl")) for line in file.read_text().splitlines()]
    if not lines:
        print(f"Google Cloud conformance: nothing was recorded in {directory}")
        return 1
    found = contracts()
    if found is None:
        print(
            f"!! Google Cloud conformance: {len(lines)} exchanges were NOT held against Google's contract.\n"
            f"!! Set {VARIABLE} to a directory with gcp/config.v1.json and gcp/deploymentmanager.v2.json "
            "(https://<service>.googleapis.com/$discovery/rest?version=<version>), and run it again."
        )
        return NOT_CHECKED
    judges = {host: Discovery(file) for host, file in found.items()}
    methods, violations = Counter[str](), 0
    for line in lines:
        exchange = json.loads(line)
        host = next(host for host in judges if f"/{host}/" in exchange["liveRequest"]["url"])
        method, wrong = judges[host].judge(exchange)
        methods[method] += 1
        for what in wrong:
            violations += 1
            if violations <= 40:
                print(f"violation: {exchange['liveRequest']['method']} {exchange['liveRequest']['url']}: {what}")
    print(
        f"Google Cloud conformance: {len(lines)} exchanges of Infrastructure Manager and Deployment Manager held against Google's "
        f"discovery documents ({len(methods)} methods), the other services have no contract there; violations: {violations}"
    )
    return 1 if violations else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Unavailable as missing:
        print(f"Google Cloud conformance could not be checked: {missing}")
        sys.exit(1)
