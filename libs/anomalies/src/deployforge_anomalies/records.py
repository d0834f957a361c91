"""Labelled records: JSON lines, one drift each.

    {"scenario": "s-0042", "label": "scaling activity", "features": {"missing": 0, "attributes": 1, ...}}

`scenario` says what belongs together: records of one incident, or of one resource. None of it is ever on both sides of
a split. `features` has every name of features.NAMES and no other; `deployforge drift show ID -o json` prints them.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deployforge_anomalies.features import CLASSES, NAMES, Features


class BadRecords(ValueError):
    """Labelled records that cannot be used, with file and line."""

    def __init__(self, path: str, line: int, why: str) -> None:
        super().__init__(f"{path}:{line}: {why}")


@dataclass(frozen=True)
class LabelledRecord:
    """One drift whose class is known."""

    scenario: str
    label: str
    features: Features

    def text(self) -> str:
        """The line that `read` reads."""
        features = dict(zip(NAMES, self.features.vector(), strict=True))
        return json.dumps({"scenario": self.scenario, "label": self.label, "features": features})


def read(path: Path) -> list[LabelledRecord]:
    """All records of a file; empty lines are skipped. Raises BadRecords, OSError."""
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            try:
                records.append(_record(json.loads(line)))
            except (ValueError, RecursionError) as error:
                raise BadRecords(str(path), number, str(error) or "no record") from error
    return records


def write(records: Iterable[LabelledRecord], path: Path) -> None:
    """As `read` reads them."""
    path.write_text("".join(f"{record.text()}\n" for record in records), encoding="utf-8")


def split(records: Sequence[LabelledRecord], share: float) -> tuple[list[LabelledRecord], list[LabelledRecord]]:
    """(to train with, to test with), whole scenarios each; the digest of a scenario's name decides, so more records of
    others change nothing.
    """
    kept, tested = list[LabelledRecord](), list[LabelledRecord]()
    for record in records:
        digest = hashlib.sha256(record.scenario.encode()).digest()
        (tested if int.from_bytes(digest[:4], "big") < share * 2**32 else kept).append(record)
    return kept, tested


def digest(records: Iterable[LabelledRecord]) -> str:
    """`sha256:…` of the records as they are written."""
    found = hashlib.sha256()
    for line in _lines(records):
        found.update(line)
    return f"sha256:{found.hexdigest()}"


def _lines(records: Iterable[LabelledRecord]) -> Iterator[bytes]:
    return (f"{record.text()}\n".encode() for record in records)


def _record(value: Any) -> LabelledRecord:
    if not isinstance(value, dict) or not isinstance(value.get("features"), dict):
        raise ValueError('a record is an object with "scenario", "label" and "features"')
    scenario, label = value.get("scenario"), value.get("label")
    if not isinstance(scenario, str) or not scenario:
        raise ValueError('"scenario" says in a word what belongs together')
    if label not in CLASSES:
        raise ValueError(f"{label!r} is no class; there are {', '.join(CLASSES)}")
    return LabelledRecord(scenario, label, Features.of(value["features"]))
