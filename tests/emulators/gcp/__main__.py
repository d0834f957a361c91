"""`python -m tests.emulators.gcp --port 7407 --state DIR`: the emulator as a process."""

import argparse
import json
import logging
import sys
from pathlib import Path

import uvicorn

from tests.emulators.gcp.app import application
from tests.emulators.gcp.manager import Manager
from tests.emulators.gcp.opentofu import OpenTofu
from tests.emulators.recording import Recorder
from tests.emulators.store import Store


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="tests.emulators.gcp", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory of what it keeps")
    parser.add_argument("--seconds", type=float, default=0.2, help="how long a change of a resource takes")
    parser.add_argument("--asset-lag", type=float, default=0.0, help="seconds until Asset Inventory shows a change")
    parser.add_argument("--record", type=Path, help="file that every exchange is appended to")
    parser.add_argument(
        "--world",
        type=Path,
        help="JSON {accounts: [{email, publicKey, roles, impersonate, token}], buckets: {name: project}}",
    )
    parser.add_argument("--tofu", type=Path, help="OpenTofu, to run blueprints with")
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    tofu = OpenTofu(options.tofu) if options.tofu else None
    manager = Manager(Store(options.state / "gcp.sqlite"), seconds=options.seconds, lag=options.asset_lag, tofu=tofu)
    world = json.loads(options.world.read_text()) if options.world else {"accounts": [], "buckets": {}}
    for account in world["accounts"]:
        manager.access.register(account)
    for name, project in world["buckets"].items():
        manager.objects.add_bucket(name, project)
    manager.commit()
    uvicorn.run(application(manager, Recorder(options.record)), host="127.0.0.1", port=options.port, log_level="warning")


main()
