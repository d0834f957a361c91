"""How well the streaming statistics of baselines tell outliers and new levels, beside river's detectors.

Outliers: the labelled UCI Statlog (Shuttle) stream that river ships: 49,097 rows of nine numbers, 7 % of them anomalies.
Every detector sees a row once, gives it a score and then learns from it, labels unseen. Ours is a Series per number, a
row's score being the largest robust z. Beside it, in the same run: river's half-space trees, and the plain z of a running
mean and deviation. ROC AUC is the chance that an anomaly scores above a normal row; average precision is the area under
precision over recall; an alarm is a score above the detector's own threshold (robust and plain z: 3.5).

New levels: 20 or 200 normal values, then 40 whose level is higher by some deviations. Found is the share of streams in
which the shift was noticed within those, delay the median number of values until then, false the alarms per thousand
values before the shift. Beside ours, river's ADWIN (delta 0.002).
"""

import argparse
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import numpy
from deployforge_drift_detector.domain.robust import OUTLIER, Series
from river import anomaly, compose, datasets, drift, preprocessing, stats

AT: Final = datetime(2026, 1, 1, tzinfo=UTC)
Row = dict[str, float]
Scorer = Callable[[Row], float]
"""Gives the row's score, and has learned from it then."""
STREAMS: Final = 200
WITHIN: Final = 40


def ours() -> Scorer:
    known: dict[str, Series] = {}

    def score(row: Row) -> float:
        found = max(known.get(name, Series()).outlying(value) for name, value in row.items())
        for name, value in row.items():
            known[name] = known.get(name, Series()).then(value, AT)
        return found

    return score


def plain_z() -> Scorer:
    means = {}
    spreads = {}

    def score(row: Row) -> float:
        found = 0.0
        for name, value in row.items():
            mean, spread = means.setdefault(name, stats.Mean()), spreads.setdefault(name, stats.Var())
            deviation = spread.get() ** 0.5
            found = max(found, abs(value - mean.get()) / deviation if deviation else 0.0)
            mean.update(value)
            spread.update(value)
        return found

    return score


def half_space_trees() -> Scorer:
    model = compose.Pipeline(preprocessing.MinMaxScaler(), anomaly.HalfSpaceTrees(seed=1))

    def score(row: Row) -> float:
        found = model.score_one(row)
        model.learn_one(row)
        return found

    return score


DETECTORS: Final[dict[str, tuple[Callable[[], Scorer], float]]] = {
    "robust z (ours)": (ours, OUTLIER),
    "plain z": (plain_z, OUTLIER),
    "half-space trees (river)": (half_space_trees, 0.95),
}


def quality(scores: Any, truth: Any, threshold: float) -> dict[str, float]:
    """ROC AUC by ranks, ties counting half; average precision; precision and recall of alarms."""
    order = numpy.argsort(-scores, kind="stable")
    hits = numpy.cumsum(truth[order])
    precision = hits / numpy.arange(1, len(truth) + 1)
    _, places, counts = numpy.unique(scores, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(counts) - (counts - 1) / 2)[places]
    good, bad = truth.sum(), len(truth) - truth.sum()
    alarms = scores > threshold
    right = (alarms & (truth == 1)).sum()
    return {
        "roc_auc": round(float((ranks[truth == 1].sum() - good * (good + 1) / 2) / (good * bad)), 4),
        "average_precision": round(float((precision * truth[order]).sum() / good), 4),
        "alarm_precision": round(float(right / max(1, alarms.sum())), 4),
        "alarm_recall": round(float(right / good), 4),
    }


def outliers(rows: int) -> dict[str, Any]:
    seen = list(islice(datasets.Shuttle(), rows))
    truth = numpy.array([label for _, label in seen])
    found = {}
    for name, (make, threshold) in DETECTORS.items():
        score, began = make(), time.perf_counter()
        scores = numpy.array([score(row) for row, _ in seen])
        seconds = time.perf_counter() - began
        found[name] = {**quality(scores, truth, threshold), "rows_per_second": round(len(seen) / seconds)}
        print(f"{name:26} {found[name]}", flush=True)
    return found


def _our_alarms(values: Iterator[float]) -> Iterator[bool]:
    series = Series()
    for n, value in enumerate(values):
        at = datetime.fromtimestamp(n, UTC)
        series = series.then(value, at)
        yield series.shifted_at == at


def _adwin_alarms(values: Iterator[float]) -> Iterator[bool]:
    detector = drift.ADWIN()
    for value in values:
        detector.update(value)
        yield bool(detector.drift_detected)


def shifts(step: float, before: int) -> dict[str, Any]:
    found = {}
    for name, alarms in (("median of eight (ours)", _our_alarms), ("ADWIN (river)", _adwin_alarms)):
        delays, false = [], 0
        for seed in range(STREAMS):
            chance = random.Random(seed)
            values = [chance.gauss(100 + (5 * step if n >= before else 0), 5) for n in range(before + WITHIN)]
            when = [n for n, alarm in enumerate(alarms(iter(values))) if alarm]
            false += sum(n < before for n in when)
            delays += [n - before + 1 for n in when if n >= before][:1]
        found[name] = {
            "found": len(delays) / STREAMS,
            "delay": statistics.median(delays) if delays else None,
            "false_per_thousand": round(1000 * false / (STREAMS * before), 2),
        }
        print(f"a step of {step:g} deviations after {before:3}: {name:24} {found[name]}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=49_097)
    given = parser.parse_args()
    figures = {"outliers": outliers(given.rows)}
    for before in (20, 200):
        figures[f"shifts_after_{before}"] = {f"{step:g}": shifts(step, before) for step in (1, 2, 4)}
    print(json.dumps({**figures, "load": round(os.getloadavg()[0], 1)}))


if __name__ == "__main__":
    main()
