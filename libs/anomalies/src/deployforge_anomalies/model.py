"""The model: LightGBM's text format, its digest, what it predicts and what weighed.

LightGBM is imported when a model is loaded or trained, which takes a second and 35 MiB: nobody who only needs the names
of features pays for it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from deployforge_anomalies.features import CLASSES, NAMES, UNKNOWN, Features

STARTING: Final = "models/starting.txt"
"""The model that ships, in this package; its card lies beside it."""
SURE: Final = 0.4
"""What the likeliest class must have, or the drift is called unknown."""
_TOP: Final = 4


class ModelUnusable(Exception):
    """A model that cannot be read, or that was trained on other features or classes than these."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"the anomaly model {where} cannot be used: {why}")
        self.where, self.why = where, why


@dataclass(frozen=True)
class Contribution:
    """What one feature did to the margin of the class that was named."""

    feature: str
    value: float
    weight: float
    """In log-odds; above 0 it spoke for the class."""


@dataclass(frozen=True)
class Prediction:
    """What kind of change a drift is."""

    label: str
    probability: float
    """Of the label; of `unknown` for want of a sure one, that of the likeliest class."""
    probabilities: tuple[float, ...]
    """In the order of CLASSES."""
    contributions: tuple[Contribution, ...]
    """The heaviest, heaviest first, of the likeliest class."""


class Model:
    """Used by one thread at a time."""

    def __init__(self, text: str, where: str) -> None:
        lightgbm = library(where)
        self.digest = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
        try:
            self._booster: Any = lightgbm.Booster(model_str=text)
            names, classes = tuple(self._booster.feature_name()), self._booster.num_model_per_iteration()
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise ModelUnusable(where, f"it is no LightGBM model: {error}"[:200]) from error
        if names != NAMES or classes != len(CLASSES):
            raise ModelUnusable(where, "it was trained on other features or classes; train it again with this release")

    def predict(self, drifts: Sequence[Features]) -> list[Prediction]:
        """The class of each drift, with its probability and the top contributions."""
        if not drifts:
            return []
        rows = self._rows(drifts)
        shares = self._booster.predict(rows, pred_contrib=True, num_threads=1).reshape(
            len(drifts), len(CLASSES), len(NAMES) + 1
        )
        return [_prediction(*one) for one in zip(rows, self._booster.predict(rows, num_threads=1), shares, strict=True)]

    def probabilities(self, drifts: Sequence[Features]) -> Any:
        """An array, drifts by classes."""
        return self._booster.predict(self._rows(drifts), num_threads=1)

    @staticmethod
    def _rows(drifts: Sequence[Features]) -> Any:
        import numpy

        return numpy.array([drift.vector() for drift in drifts])


def library(where: str) -> Any:
    """LightGBM, imported. Raises ModelUnusable where a system library is missing that it needs."""
    try:
        import lightgbm
    except OSError as error:
        why = f"LightGBM cannot be loaded ({error}); it needs the system's OpenMP runtime, Debian's package libgomp1"
        raise ModelUnusable(where, why) from error
    return lightgbm


def _prediction(row: Any, probabilities: Any, shares: Any) -> Prediction:
    likeliest = _likeliest(probabilities)
    weights = shares[likeliest]
    heaviest = sorted(range(len(NAMES)), key=lambda at: (-abs(weights[at]), at))[:_TOP]
    return Prediction(
        label_of(probabilities),
        round(float(probabilities[likeliest]), 6),
        tuple(round(float(p), 6) for p in probabilities),
        tuple(Contribution(NAMES[at], float(row[at]), round(float(weights[at]), 4)) for at in heaviest),
    )


def _likeliest(probabilities: Any) -> int:
    return max(range(len(CLASSES)), key=lambda at: float(probabilities[at]))


def label_of(probabilities: Any) -> str:
    """The likeliest class, or `unknown` where none is likely enough."""
    likeliest = _likeliest(probabilities)
    return CLASSES[likeliest] if probabilities[likeliest] >= SURE else UNKNOWN


def shipped() -> Model:
    """The starting model of this package."""
    return Model(files("deployforge_anomalies").joinpath(STARTING).read_text(encoding="utf-8"), "that ships")


def load(path: Path) -> Model:
    """A model of a file. Raises ModelUnusable."""
    try:
        return Model(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ModelUnusable(str(path), str(error)) from error
