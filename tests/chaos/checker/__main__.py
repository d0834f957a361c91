"""`python -m tests.chaos.checker DIRECTORY`: a table of violations with their evidence; exit code 1 when there are any."""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.chaos.checker import INVARIANTS, History, Violation, violations
from tests.chaos.history import KINDS, BadHistory

_SHOWN_OF_EACH = 20


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 all invariants hold, 1 some do not, 2 there is no history, or it cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.checker", description=__doc__)
    parser.add_argument("directory", type=Path, help="the directory that a chaos run has written")
    directory = parser.parse_args(arguments).directory
    console = Console(width=None if sys.stdout.isatty() else 200)
    began = time.monotonic()
    try:
        history = History.load(directory)
    except BadHistory as bad:
        console.print(f"not a history: {bad}", markup=False, soft_wrap=True)
        return 2
    if not any(history.of(kind) for kind in KINDS):
        console.print(f"{directory} holds no history", markup=False, soft_wrap=True)
        return 2
    found = violations(history)
    console.print(_holds(found))
    if found:
        console.print(_evidence(found))
    counts = ", ".join(f"{len(history.of(kind))} {kind.__name__}" for kind in KINDS if history.of(kind))
    console.print(f"{counts}; checked in {time.monotonic() - began:.1f} s", soft_wrap=True)
    console.print(f"{len(found)} violations")
    return 1 if found else 0


def _holds(found: list[Violation]) -> Table:
    counts = Counter(v.invariant for v in found)
    table = Table("invariant", "violations", title=None)
    for name in INVARIANTS:
        table.add_row(name, str(counts[name]) if counts[name] else "none")
    return table


def _evidence(found: list[Violation]) -> Table:
    table = Table("invariant", "where", "what", show_lines=True)
    shown: Counter[str] = Counter()
    for violation in found:
        shown[violation.invariant] += 1
        if shown[violation.invariant] <= _SHOWN_OF_EACH:
            table.add_row(violation.invariant, Text(violation.where), Text(violation.what))
    for name, count in shown.items():
        if count > _SHOWN_OF_EACH:
            table.add_row(name, "…", f"and {count - _SHOWN_OF_EACH} more")
    return table


if __name__ == "__main__":
    sys.exit(main())
