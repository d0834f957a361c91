"""Training on the command line."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
from deployforge_anomalies.features import CLASSES, NAMES, Features
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from typer.testing import CliRunner

_runner = CliRunner()


def _written(path: Path, each: int) -> Path:
    lines = [
        json.dumps({"scenario": f"{label} {n}", "label": label, "features": asdict(Features.of({**dict.fromkeys(NAMES, 0), "hour": 2 * at}))})
        for at, label in enumerate(CLASSES)
        for n in range(each)
    ]  # fmt: skip
    path.write_text("\n".join(lines))
    return path


def test_a_model_of_ones_own_with_its_card(tmp_path: Path) -> None:
    records, out = _written(tmp_path / "r.jsonl", 60), tmp_path / "own.txt"
    done = _runner.invoke(app, ["drift", "train", str(records), "--out", str(out)])
    assert done.exit_code == Exit.DONE, done.output
    assert "Expected calibration error" in done.output and "sha256:" in done.output
    assert out.read_text().startswith("tree")
    assert "480 labelled records of `r.jsonl`" in out.with_suffix(".md").read_text()


@pytest.mark.parametrize(("each", "more", "why"), [(3, "", "at least 200"), (60, "\n{}", "r.jsonl:481:")])
def test_what_makes_no_model_is_refused(each: int, more: str, why: str, tmp_path: Path) -> None:
    records = _written(tmp_path / "r.jsonl", each)
    records.write_text(records.read_text() + more)
    done = _runner.invoke(app, ["drift", "train", str(records), "--out", str(tmp_path / "own.txt")])
    assert done.exit_code == Exit.USAGE
    assert why in done.output and "hint:" in done.output
    assert not (tmp_path / "own.txt").exists()
