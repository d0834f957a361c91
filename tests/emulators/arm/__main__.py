"""`python -m tests.emulators.arm --port 7405 --state DIR`: the emulator as a process."""

import argparse
import json
import logging
import sys
from pathlib import Path

import uvicorn

from tests.emulators.arm.app import application
from tests.emulators.arm.manager import Manager
from tests.emulators.recording import Recorder
from tests.emulators.store import Store


def main() -> None:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="tests.emulators.arm", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="port on 127.0.0.1")
    parser.add_argument("--state", type=Path, required=True, help="directory of what it keeps")
    parser.add_argument(
        "--seconds", type=float, default=0.2, help="how long a resource, and a long-running operation, takes"
    )
    parser.add_argument("--graph-lag", type=float, default=0.0, help="seconds until Resource Graph shows a change")
    parser.add_argument("--record", type=Path, help="file that every exchange is appended to")
    parser.add_argument(
        "--principals", type=Path, help="JSON list of {clientId, clientSecret, assignments: [{scope, role}]}"
    )
    options = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    manager = Manager(Store(options.state / "arm.sqlite"), seconds=options.seconds, lag=options.graph_lag)
    for one in json.loads(options.principals.read_text()) if options.principals else ():
        manager.access.register(one["clientId"], one["clientSecret"], one["assignments"])
    manager.commit()
    uvicorn.run(application(manager, Recorder(options.record)), host="127.0.0.1", port=options.port, log_level="warning")


main()
