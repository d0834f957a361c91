"""`python -m tests.chaos`: one run, judged. The seed is printed; SEED or --seed plans the same run again.

Exit codes: 0 every invariant holds, 1 some do not, or the run broke off.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import time
from pathlib import Path

from tests.chaos.checker.__main__ import main as judge
from tests.chaos.plan import plan
from tests.chaos.run import REPLICAS, Chaos, fresh_home, mix


def main() -> None:
    """Plan, run, judge; the last line is a count as pytest prints it."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=int(os.environ.get("SEED") or random.SystemRandom().randrange(10**6)))
    parser.add_argument("--commands", type=int, default=2000)
    parser.add_argument("--faults", type=int, default=12)
    parser.add_argument("--keep", action="store_true", help="keep the history also when everything holds")
    options = parser.parse_args()
    # As ctrl-C does: what was started is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.monotonic()
    planned = plan(options.seed, options.commands, options.faults, REPLICAS)
    print(f"SEED={options.seed}: {options.commands} commands ({mix(planned)}), {options.faults} faults", flush=True)
    home = fresh_home()
    code = 1
    try:
        code = judge([str(Chaos(planned, home).run())])
    finally:
        _leave(home, kept=bool(code) or options.keep)
        passed, failed = (0, 1) if code else (1, 0)
        print(f"SEED={options.seed}: {passed} passed, {failed} failed in {time.monotonic() - began:.0f} s", flush=True)
    sys.exit(code)


def _leave(home: Path, *, kept: bool) -> None:
    if not kept:
        shutil.rmtree(home, ignore_errors=True)
        return
    print(f"history: {home / 'history'}; judge it again: python -m tests.chaos.checker {home / 'history'}", flush=True)
    print(f"logs: {home / 'logs'}", flush=True)


if __name__ == "__main__":
    main()
