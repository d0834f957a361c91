"""The anomaly model, loaded when the first drift is told: LightGBM takes a second to import and 35 MiB."""

from collections.abc import Callable, Sequence
from pathlib import Path

import structlog
from deployforge_anomalies.features import Features
from deployforge_anomalies.model import Model, ModelUnusable, Prediction, load, shipped

log = structlog.get_logger(__name__)


class LazyClassifier:
    """See telling.Classifier. A model that cannot be used is complained of once; every class is unknown then."""

    def __init__(self, path: str, told: Callable[[str], object]) -> None:
        self._path, self._told = path, told
        self._model: Model | None = None
        self._tried = False

    def predict(self, drifts: Sequence[Features]) -> Sequence[Prediction] | None:
        if not self._tried:
            self._load()
        if self._model is None:
            return None
        try:
            predictions = self._model.predict(drifts)
        except Exception as error:
            # A model, somebody's own perhaps, must not keep drift from being told of.
            log.error("the anomaly model failed", model=self.digest, exc_info=error)
            return None
        for one in predictions:
            self._told(one.label)
        return predictions

    @property
    def digest(self) -> str:
        return self._model.digest if self._model else ""

    def _load(self) -> None:
        self._tried = True
        try:
            self._model = load(Path(self._path)) if self._path else shipped()
            log.info("anomaly model loaded", model=self.digest)
        except ModelUnusable as unusable:
            log.error("no drift is classified", reason=str(unusable))
