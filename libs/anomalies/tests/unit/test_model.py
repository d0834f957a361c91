"""The model that ships, models that cannot be used, and what is measured."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from deployforge_anomalies.card import tables
from deployforge_anomalies.features import CLASSES, NAMES, UNKNOWN, Features
from deployforge_anomalies.model import Model, ModelUnusable, label_of, load, shipped
from deployforge_anomalies.records import LabelledRecord
from deployforge_anomalies.report import evaluate, results
from deployforge_anomalies.training import TooFewRecords, train

SHIPPED = "sha256:d4196e876e900249f17a0e8a60ab7d06e2182312e0f707d5ca3bffb45d98ec77"
NOUGHT = Features.of(dict.fromkeys(NAMES, 0.0))
GONE = replace(NOUGHT, missing=1, severity=1, gap=-1, fresh=-1, held=-1, back=-1, hour=11)
EXPOSED = replace(GONE, missing=0, attributes=1, severity=2, exposing=1)


@pytest.fixture(scope="module")
def model() -> Model:
    return shipped()


def test_the_model_that_ships_is_the_one_of_the_card(model: Model) -> None:
    assert model.digest == SHIPPED
    card = Path(sys.modules["deployforge_anomalies"].__file__ or "").with_name("models") / "starting.md"
    assert SHIPPED in card.read_text()


def test_a_prediction_says_what_and_why(model: Model) -> None:
    gone, exposed = model.predict([GONE, EXPOSED])
    assert (gone.label, exposed.label) == ("deletion", "security exposure")
    assert gone.probability > 0.8
    assert sum(gone.probabilities) == pytest.approx(1, abs=1e-5)
    assert gone.contributions[0].feature == "missing" and gone.contributions[0].weight > 0
    assert "exposing" in [one.feature for one in exposed.contributions]
    assert model.predict([EXPOSED]) == [exposed]
    assert model.predict([]) == []


def test_what_is_not_sure_is_unknown() -> None:
    assert label_of([0.39, 0.3, 0.31, 0, 0, 0, 0, 0]) == UNKNOWN
    assert label_of([0.41, 0.29, 0.3, 0, 0, 0, 0, 0]) == CLASSES[0]


def test_a_model_that_cannot_be_used_says_why(tmp_path: Path) -> None:
    path = tmp_path / "m.txt"
    with pytest.raises(ModelUnusable, match=r"m\.txt"):
        load(path)
    path.write_text("no tree at all")
    with pytest.raises(ModelUnusable, match="no LightGBM model"):
        load(path)
    text = train(_records())
    path.write_text(text.replace("feature_names=missing attributes", "feature_names=attributes missing"))
    with pytest.raises(ModelUnusable, match="other features"):
        load(path)


def _records() -> list[LabelledRecord]:
    """Each class has numbers of its own."""
    return [
        LabelledRecord(f"{label} {n}", label, replace(NOUGHT, **dict.fromkeys(NAMES[:20], float(at))))
        for at, label in enumerate(CLASSES)
        for n in range(40)
    ]


def test_training_repeats_itself_and_learns_what_can_be_told() -> None:
    records = _records()
    text = train(records)
    assert train(records) == text
    report = evaluate(Model(text, "here"), records, records)
    told, severity, outlying = report.results
    assert told.accuracy == 1.0 and report.confusions == ()
    assert (severity.accuracy, outlying.accuracy) == (1.0, 0.75)
    assert sum(one.count for one in report.calibration) == len(records)
    assert report.error == pytest.approx(1 - sum(one.count * one.said for one in report.calibration) / len(records))
    shown = tables(report)
    assert "| deletion | 40 | 1.000 | 1.000 |" in shown and "Expected calibration error" in shown


def test_too_few_records_are_refused() -> None:
    with pytest.raises(TooFewRecords, match="at least 200"):
        train(_records()[:150])
    with pytest.raises(TooFewRecords, match="none is labelled unknown"):
        train([one for one in _records() if one.label != "unknown"])


def test_precision_and_recall() -> None:
    measured = results("by hand", ["deletion", "deletion", "unknown"], ["deletion", "unknown", "unknown"])
    assert (measured.classes["deletion"].precision, measured.classes["deletion"].recall) == (1.0, 0.5)
    assert (measured.classes["unknown"].precision, measured.classes["unknown"].recall) == (0.5, 1.0)
    assert measured.accuracy == pytest.approx(2 / 3)


def test_who_only_needs_names_does_not_import_lightgbm() -> None:
    code = "import sys, deployforge_anomalies.features, deployforge_anomalies.model; sys.exit('lightgbm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
