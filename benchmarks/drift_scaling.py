"""One, two and four workers of a quarter of a processor each, in one consumer group, on a topic that is there already."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from deployforge_chassis.facts import Effects
from drift_fleet import PARTITIONS, Fleet
from drift_service import OURS, Bench, Taken, asked_for, started
from kafka_system import System

_CPU: Final = Path("/sys/fs/cgroup/cpu")
_PERIOD_MICROSECONDS: Final = 100_000
_QUOTA_MICROSECONDS: Final = 25_000
_PATIENCE_SECONDS: Final = 90.0
_STRAIGHT: Final = 'stroke="#999" stroke-dasharray="4 4"'
_CURVE: Final = 'stroke="#0b62a4" stroke-width="2"'


def available() -> bool:
    """Whether processor time can be limited here (cgroup version 1, as root)."""
    return os.access(_CPU / "cpu.cfs_quota_us", os.W_OK)


def conduct(fleet: Fleet, *, workers: int, ready: Any, go: Any) -> None:
    """Let all of them begin at once."""
    try:
        for _ in range(workers):
            if not ready.acquire(timeout=_PATIENCE_SECONDS):
                raise TimeoutError("not all workers got their partitions")
    finally:
        go.set()


def forget(fleet: Fleet, *, where: System) -> None:
    """Nobody has looked at anything: the next group judges the topic from its beginning."""
    app = Bench(fleet, where, OURS).app
    app.commit(Effects(writes=tuple(app.stores.looks.forget_but([]))))


def worker(
    fleet: Fleet, *, where: System, topic: str, group: str, ready: Any, go: Any, workers: int, seconds: float
) -> dict[str, float]:  # fmt: skip
    """One of them: checks a second of its own partitions, and how many scans came out of order."""
    bench = Bench(fleet, where, OURS)
    asked_for(bench)
    taken = Taken(bench, remember=False)
    order, shards = _Order(taken), fleet.shards // workers
    with _quarter():
        part = started(bench, taken, topic, group)
        deadline = time.monotonic() + _PATIENCE_SECONDS
        # Everything has been judged once since the group was complete: books are open, first verdicts are given.
        while not order.been_round(shards):
            if len(part._began) != PARTITIONS // workers:
                order.begin_anew()
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(part._began)} partitions of {PARTITIONS // workers}, {shards} shards not judged")
            time.sleep(0.05)
        ready.release()
        go.wait()
        began, before = time.perf_counter(), taken.checks
        time.sleep(seconds)
        rate = (taken.checks - before) / (time.perf_counter() - began)
    return {"rate": rate, "out_of_order": order.wrong}


class _Order:
    """Whether scans of a shard are judged in the order in which they were asked for."""

    def __init__(self, taken: Taken) -> None:
        self.wrong, self._last, self._judging = 0, dict[str, int](), taken.batches._judging
        self._first: dict[str, int] = {}
        self._judge, self._judging.judge = self._judging.judge, self._look  # type: ignore[method-assign]

    def begin_anew(self) -> None:
        """Other shards may be this worker's from now on."""
        self._first = {}

    def been_round(self, shards: int) -> bool:
        """Whether so many shards were judged for the second time."""
        first = self._first
        return sum(self._last[shard] > sequence for shard, sequence in list(first.items())) >= shards

    def _look(self, batch: Any, *arguments: Any, **more: Any) -> Any:
        tally = self._judge(batch, *arguments, **more)
        if not tally.stale:
            # What comes again after a rebalance is stale; it is not judged again.
            self.wrong += batch.sequence < self._last.get(batch.shard, 0)
            self._last[batch.shard] = batch.sequence
            self._first.setdefault(batch.shard, batch.sequence)
        return tally


@contextmanager
def _quarter() -> Iterator[None]:
    """This process gets a quarter of a processor."""
    group = _CPU / f"deployforge-bench-{os.getpid()}"
    group.mkdir()
    try:
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
        (group / "cpu.cfs_quota_us").write_text(str(_QUOTA_MICROSECONDS))
        (group / "cgroup.procs").write_text(str(os.getpid()))
        yield
    finally:
        (_CPU / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


def plot(path: Path, rates: Sequence[tuple[int, float]]) -> None:
    """The curve, beside the straight line it should be, as SVG."""
    width, height, margin = 520, 320, 50
    most_workers, most = max(n for n, _ in rates), max(rate for _, rate in rates)
    straight = [(n, rates[0][1] * n) for n, _ in rates]
    top = max(most, straight[-1][1])

    def at(point: tuple[int, float]) -> str:
        x = margin + (width - 2 * margin) * point[0] / most_workers
        return f"{x:.0f},{height - margin - (height - 2 * margin) * point[1] / top:.0f}"

    def line(points: Sequence[tuple[int, float]], style: str) -> str:
        return f'<polyline fill="none" {style} points="{" ".join(map(at, [(0, 0.0), *points]))}"/>'

    labels = "".join(
        f'<circle cx="{at((n, rate)).split(",")[0]}" cy="{at((n, rate)).split(",")[1]}" r="4" fill="#0b62a4"/>'
        f'<text x="{at((n, rate)).split(",")[0]}" y="{height - margin + 18}" text-anchor="middle">{n}</text>'
        f'<text x="{at((n, rate)).split(",")[0]}" y="{int(at((n, rate)).split(",")[1]) - 10}" text-anchor="middle">'
        f"{rate * 60 / 1e6:.2f} M</text>"
        for n, rate in rates
    )
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">'
        f"{line(straight, _STRAIGHT)}{line(rates, _CURVE)}{labels}"
        f'<text x="{width // 2}" y="{height - 8}" text-anchor="middle">workers of a quarter of a processor</text>'
        f'<text x="{margin}" y="20">checks a minute, every body read</text></svg>\n',
        encoding="utf-8",
    )
