"""The model that is loaded late, and the one that cannot be."""

import subprocess
import sys
from pathlib import Path

import pytest
from deployforge_anomalies.features import NAMES, Features
from deployforge_anomalies.model import Model
from deployforge_drift_detector.adapters.classifier import LazyClassifier

GONE = Features.of({**dict.fromkeys(NAMES, 0.0), "missing": 1, "severity": 1})


def test_the_model_is_loaded_when_it_is_first_needed() -> None:
    told: list[str] = []
    classifier = LazyClassifier("", told.append)
    assert classifier.digest == ""
    [one] = classifier.predict([GONE]) or []
    assert told == [one.label] == ["deletion"]
    assert classifier.digest.startswith("sha256:")


@pytest.mark.parametrize("text", [None, "tree\nnonsense"])
def test_a_model_that_cannot_be_used_is_tried_once(text: str | None, tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    if text is not None:
        path.write_text(text)
    classifier = LazyClassifier(str(path), lambda label: None)
    assert classifier.predict([GONE]) is None
    path.write_text("")
    assert classifier.predict([GONE]) is None
    assert classifier.digest == ""


def test_a_service_that_starts_imports_nothing_of_the_model() -> None:
    code = "import sys, deployforge_drift_detector.main; sys.exit(bool({'lightgbm', 'scipy', 'river'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_that_fails_while_it_predicts_leaves_drift_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(self: Model, drifts: object) -> None:
        raise RuntimeError("a tree fell")

    monkeypatch.setattr(Model, "predict", fails)
    assert LazyClassifier("", lambda label: None).predict([GONE]) is None
