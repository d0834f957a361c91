"""`make test`: lint, unit and contract tests, journeys, a chaos run; one plain summary line at the end."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from deployforge_local import hsm, opentofu

#: Two cores, two workers.
_PYTEST = (sys.executable, "-m", "pytest", "-q", "-n", "2")
#: Contract tests of a suite take from a hundredth of a second to a minute: a worker that is done takes over from the other.
_STEALING = ("--dist", "worksteal")
#: The emulators of clouds are held to contracts like adapters; what is said to them is kept for the conformance stage.
_CONTRACTS = ("tests/emulators",)
_EXCHANGES = Path(".deployforge-tools/exchanges").absolute()
_COUNTS = re.compile(r"(\d+) (passed|failed|error|errors|skipped)")


def main() -> None:
    """Run every stage, also after a failed one; exits with 1 when anything failed."""
    if not hsm.install(print):
        sys.exit(1)
    try:
        opentofu.install(print)
    except (opentofu.GoMissing, opentofu.BuildFailed) as error:
        sys.exit(str(error))
    shutil.rmtree(_EXCHANGES, ignore_errors=True)
    os.environ["DEPLOYFORGE_EXCHANGES"] = str(_EXCHANGES)
    counts = {"passed": 0, "failed": 0}
    stages: tuple[tuple[str, Callable[[], tuple[int, int]]], ...] = (
        ("lint", _lint),
        ("unit tests", lambda: _pytest([*_PYTEST, "--ignore-glob=*/tests/contract/*", "--ignore=tests/emulators"])),
        (
            "contract tests",
            lambda: _pytest([*_PYTEST, *_STEALING, *_CONTRACTS, *sorted(map(str, Path().glob("*/*/tests/contract")))]),
        ),
        ("conformance", _conformance),
        ("journeys", lambda: _pytest([sys.executable, "-m", "deployforge_local.journeys"])),
        # The same plan every time, so that what failed once can be looked into; `make chaos` draws a new one.
        ("chaos", lambda: _pytest([sys.executable, "-m", "tests.chaos", "--seed", os.environ.get("SEED") or "1"])),
    )
    for name, stage in stages:
        print(f"== {name}", flush=True)
        began = time.monotonic()
        passed, failed = stage()
        counts["passed"] += passed
        counts["failed"] += failed
        print(f"== {name}: {passed} passed, {failed} failed in {time.monotonic() - began:.0f} s\n", flush=True)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    sys.exit(1 if counts["failed"] or not counts["passed"] else 0)


def _lint() -> tuple[int, int]:
    done = subprocess.run(["make", "--no-print-directory", "lint"], check=False)
    return (1, 0) if done.returncode == 0 else (0, 1)


def _conformance() -> tuple[int, int]:
    """What the emulated clouds and the adapters said to each other, against the contracts of the real ones."""
    passed = failed = 0
    for cloud in ("arm", "gcp"):
        command = [sys.executable, "-m", f"tests.emulators.{cloud}.conformance", str(_EXCHANGES / cloud)]
        code = subprocess.run(command, check=False).returncode
        passed += code == 0
        # Where no contract is at hand nothing was proved, and the stage has said so.
        failed += code not in (0, 3)
    return passed, failed


def _pytest(command: list[str]) -> tuple[int, int]:
    """Run a command whose output ends as pytest's does; (passed, failed)."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = ""
        for line in process.stdout:
            sys.stdout.write(line)
            sys.stdout.flush()
            if _COUNTS.search(line) and " in " in line:
                last = line
    found = {"passed": 0, "failed": 0, "error": 0, "errors": 0, "skipped": 0}
    found.update({word: int(number) for number, word in _COUNTS.findall(last)})
    # A skipped test is one that did not run; a run that broke off, or counted nothing, has failed.
    failed = found["failed"] + found["error"] + found["errors"] + found["skipped"]
    if not failed and (process.returncode or not found["passed"]):
        failed = 1
    return found["passed"], failed


if __name__ == "__main__":
    main()
