"""Training: the same records give the same bytes, with one thread and fixed seeds."""

from collections.abc import Sequence
from typing import Any, Final

from deployforge_anomalies.features import CLASSES, NAMES
from deployforge_anomalies.model import library
from deployforge_anomalies.records import LabelledRecord

ROUNDS: Final = 40
PARAMETERS: Final = {
    "objective": "multiclass", "num_class": len(CLASSES), "learning_rate": 0.15, "num_leaves": 8, "min_data_in_leaf": 20,
    "lambda_l2": 5.0, "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "max_bin": 127,
    "deterministic": True, "force_row_wise": True, "num_threads": 1, "seed": 20261128, "verbose": -1,
}  # fmt: skip
_LEAST: Final = 200


class TooFewRecords(ValueError):
    """Not enough to train with."""

    def __init__(self, count: int, absent: Sequence[str]) -> None:
        lacking = f"; none is labelled {', '.join(absent)}" if absent else ""
        super().__init__(f"{count} records to train with, at least {_LEAST} of every class together are needed{lacking}")


def train(records: Sequence[LabelledRecord]) -> str:
    """The model of these records, as text. Raises TooFewRecords."""
    absent = [name for name in CLASSES if all(record.label != name for record in records)]
    if len(records) < _LEAST or absent:
        raise TooFewRecords(len(records), absent)
    import numpy

    lightgbm = library("that is to be trained")

    rows = numpy.array([record.features.vector() for record in records])
    labels = numpy.array([CLASSES.index(record.label) for record in records])
    data: Any = lightgbm.Dataset(rows, labels, feature_name=list(NAMES), params=PARAMETERS)
    return str(lightgbm.train(PARAMETERS, data, num_boost_round=ROUNDS).model_to_string())
