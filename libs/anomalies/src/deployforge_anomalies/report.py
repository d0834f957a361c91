"""How good a model is on records that it has not seen, beside two simpler ways of telling classes apart.

* severity alone: the severity, whether a rule of exposure, of lost data or of tags applied, or the resource is gone;
* robust z alone: how far out the numbers are, in ten steps.
Both name the class that is most frequent, in the training records, among those that look the same.
"""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from deployforge_anomalies.features import CLASSES, UNKNOWN, Features
from deployforge_anomalies.model import Model, label_of
from deployforge_anomalies.records import LabelledRecord

_BINS: Final = 10
_STEPS: Final = (0.5, 1.0, 2.0, 3.5, 5.0, 8.0, 12.0, 20.0, 50.0)


@dataclass(frozen=True)
class Quality:
    """Of one class."""

    precision: float
    """Of those that were called so, the share that is so; 0 where none was called so."""
    recall: float


@dataclass(frozen=True)
class Results:
    """Of one way to tell classes apart."""

    name: str
    accuracy: float
    f1: float
    """The mean over classes, each counting the same."""
    classes: dict[str, Quality]


@dataclass(frozen=True)
class Bin:
    """Predictions whose probability was about the same."""

    count: int
    said: float
    """The mean probability of the likeliest class."""
    was: float
    """The share in which that class was right."""


@dataclass(frozen=True)
class Report:
    """All that was measured."""

    trained: int
    tested: int
    scenarios_tested: int
    counts: dict[str, int]
    """Test records by class."""
    results: tuple[Results, ...]
    """The model's first."""
    calibration: tuple[Bin, ...]
    error: float
    """Expected calibration error of the likeliest class: the mean gap between said and was, weighted by count."""
    confusions: tuple[tuple[str, str, int], ...]
    """(is, called, how often), the most frequent mistakes first."""


def evaluate(model: Model, trained: Sequence[LabelledRecord], tested: Sequence[LabelledRecord]) -> Report:
    """Measure on records that were not trained with; there must be some."""
    probabilities = model.probabilities([record.features for record in tested])
    truth = [record.label for record in tested]
    called = [label_of(row) for row in probabilities]
    bins = _calibration(probabilities, truth)
    wrong = Counter((right, said) for right, said in zip(truth, called, strict=True) if right != said)
    return Report(
        len(trained),
        len(tested),
        len({record.scenario for record in tested}),
        {name: truth.count(name) for name in CLASSES},
        (
            results("model", truth, called),
            results("severity alone", truth, _looked_up(_severity, trained, tested)),
            results("robust z alone", truth, _looked_up(_outlying, trained, tested)),
        ),
        bins,
        sum(one.count * abs(one.said - one.was) for one in bins) / len(truth),
        tuple((*pair, count) for pair, count in sorted(wrong.items(), key=lambda item: (-item[1], item[0]))[:8]),
    )


def results(name: str, truth: Sequence[str], called: Sequence[str]) -> Results:
    """Accuracy, and precision and recall by class."""
    right = Counter(is_ for is_, said in zip(truth, called, strict=True) if is_ == said)
    said, there = Counter(called), Counter(truth)
    classes = {
        one: Quality(right[one] / said[one] if said[one] else 0.0, right[one] / there[one] if there[one] else 0.0)
        for one in CLASSES
    }
    means = [2 * q.precision * q.recall / (q.precision + q.recall) if q.precision and q.recall else 0.0
             for q in classes.values()]  # fmt: skip
    return Results(name, sum(right.values()) / len(truth), sum(means) / len(means), classes)


def _looked_up(
    look: Callable[[Features], Hashable], trained: Sequence[LabelledRecord], tested: Sequence[LabelledRecord]
) -> list[str]:
    seen: dict[Hashable, Counter[str]] = {}
    for record in trained:
        seen.setdefault(look(record.features), Counter())[record.label] += 1
    table = {looks: min(counts, key=lambda one: (-counts[one], one)) for looks, counts in seen.items()}
    return [table.get(look(record.features), UNKNOWN) for record in tested]


def _severity(features: Features) -> Hashable:
    return features.severity, features.exposing, features.losing, features.tagging > 0, features.missing


def _outlying(features: Features) -> Hashable:
    return sum(features.outlying > step for step in _STEPS)


def _calibration(probabilities: Any, truth: Sequence[str]) -> tuple[Bin, ...]:
    bins: dict[int, list[tuple[float, bool]]] = {}
    for row, right in zip(probabilities, truth, strict=True):
        likeliest = max(range(len(CLASSES)), key=lambda at: row[at])
        said = float(row[likeliest])
        bins.setdefault(min(int(said * _BINS), _BINS - 1), []).append((said, CLASSES[likeliest] == right))
    return tuple(
        Bin(len(found), sum(said for said, _ in found) / len(found), sum(hit for _, hit in found) / len(found))
        for _, found in sorted(bins.items())
    )
