"""What is written is read again, and what is no record is named by file and line."""

from pathlib import Path

import pytest

from tests.chaos.history import BadHistory, Fault, Published, StoredEvent, Writer, read

EVENT = StoredEvent(
    "orchestrator", 7, "s", 1, "Execution.Opened", topic="orchestrator.executions", data={"urns": ["a", "b"]}
)


def test_records_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [Published("mcal", "mcal.operations", 3, id, epoch=2) for id in (5, 6)]
    with Writer(tmp_path) as writer:
        writer.add(EVENT)
        writer.add_all(rows)
    assert list(read(tmp_path, StoredEvent)) == [EVENT]
    assert list(read(tmp_path, Published)) == rows


def test_a_second_writer_goes_on_where_the_first_ended(tmp_path: Path) -> None:
    for id in (1, 2):
        with Writer(tmp_path) as writer:
            writer.add(Published("mcal", "mcal.operations", 0, id, 1))
    assert [row.id for row in read(tmp_path, Published)] == [1, 2]


def test_a_kind_that_nobody_wrote_has_no_records(tmp_path: Path) -> None:
    assert list(read(tmp_path, Fault)) == []


@pytest.mark.parametrize("line", ["{", '{"service": "mcal"}', '{"color": 1}'])
def test_a_line_that_is_no_record_is_named(tmp_path: Path, line: str) -> None:
    with Writer(tmp_path) as writer:
        writer.add(EVENT)
    with (tmp_path / "StoredEvent.jsonl").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(BadHistory, match=r"StoredEvent\.jsonl:2: "):
        list(read(tmp_path, StoredEvent))
