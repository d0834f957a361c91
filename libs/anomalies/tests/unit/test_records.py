"""Records as files hold them, and how they are divided."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from deployforge_anomalies.features import NAMES, Features
from deployforge_anomalies.records import BadRecords, LabelledRecord, digest, read, split, write
from hypothesis import given
from hypothesis import strategies as st

NOUGHT = Features.of(dict.fromkeys(NAMES, 0.0))
LINE = json.loads(LabelledRecord("s", "deletion", NOUGHT).text())


@given(st.lists(st.floats(-1e9, 1e9), min_size=len(NAMES), max_size=len(NAMES)), st.text(min_size=1))
def test_a_record_is_read_as_it_was_written(values: list[float], scenario: str) -> None:
    record = LabelledRecord(scenario, "unknown", Features(*values))
    told = json.loads(record.text())
    again = LabelledRecord(told["scenario"], told["label"], Features.of(told["features"]))
    assert again.features.vector() == record.features.vector()
    assert digest([again]) == digest([record])


def test_files_of_records(tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    records = [LabelledRecord("s", "deletion", NOUGHT), LabelledRecord("t", "unknown", NOUGHT)]
    write(records, path)
    path.write_text(path.read_text() + "\n\n")
    assert read(path) == records


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("{", "Expecting"),
        ("[" * 100_000, "recursion"),
        ("[]", "a record is an object"),
        (json.dumps({**LINE, "scenario": ""}), '"scenario"'),
        (json.dumps({**LINE, "label": "rain"}), "'rain' is no class"),
        (json.dumps({**LINE, "features": {**LINE["features"], "rain": 1}}), "missing or unknown: rain"),
        (json.dumps({**LINE, "features": {"missing": 1}}), "missing or unknown: absent"),
        (json.dumps({**LINE, "features": {**LINE["features"], "missing": "yes"}}), "missing is no number"),
        (json.dumps({**LINE, "features": {**LINE["features"], "gap": float("nan")}}), "gap is no number"),
    ],
)
def test_what_is_no_record_is_refused_with_its_line(line: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "r.jsonl"
    path.write_text(f"{json.dumps(LINE)}\n{line}\n")
    with pytest.raises(BadRecords, match=r"r\.jsonl:2:") as refused:
        read(path)
    assert why in str(refused.value)


@given(st.lists(st.integers(0, 60), max_size=200), st.floats(0, 1))
def test_a_scenario_is_never_on_both_sides_and_others_do_not_move_it(scenarios: list[int], share: float) -> None:
    records = [LabelledRecord(f"s{n}", "unknown", replace(NOUGHT, hour=at)) for at, n in enumerate(scenarios)]
    kept, tested = split(records, share)
    assert len(kept) + len(tested) == len(records)
    assert not {one.scenario for one in kept} & {one.scenario for one in tested}
    assert split(records[:10], share) == (
        [one for one in records[:10] if one in kept],
        [one for one in records[:10] if one in tested],
    )
