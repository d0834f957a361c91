from pathlib import Path

import pytest
from deployforge_chassis import topics
from deployforge_chassis.topics import BadTopics, UnknownTopic

GOOD = """
topics:
  mcal.operations: {owner: mcal, key: id, partitions: 8, kind: fact, records: [A], consumers: [healer]}
  state-manager.desired: {owner: state-manager, key: urn, partitions: 4, kind: upsert, compacted: true}
"""


def read(tmp_path: Path, text: str) -> topics.Topics:
    path = tmp_path / "topics.yaml"
    path.write_text(text)
    return topics.load(path)


def test_a_topic_is_found_by_both_its_names(tmp_path: Path) -> None:
    known = read(tmp_path, GOOD)
    assert known["mcal.operations"] is known["deployforge.mcal.operations.v1"]
    assert known["mcal.operations"].full_name == "deployforge.mcal.operations.v1"
    assert topics.short_name("deployforge.mcal.operations.v1") == "mcal.operations"
    assert topics.full_name("deployforge.mcal.operations.v1") == "deployforge.mcal.operations.v1"


def test_keys_are_placed_as_kafka_places_them(tmp_path: Path) -> None:
    known = read(tmp_path, GOOD)
    assert known.partition("mcal.operations", "foobar") == known["mcal.operations"].partition_of(b"foobar") == 6
    assert known.partitions("state-manager.desired") == 4


def test_owners_know_their_topics(tmp_path: Path) -> None:
    assert [topic.name for topic in read(tmp_path, GOOD).owned_by("mcal")] == ["mcal.operations"]


def test_an_unknown_topic_is_refused_by_name(tmp_path: Path) -> None:
    known = read(tmp_path, GOOD)
    with pytest.raises(UnknownTopic, match=r"names no topic 'mcal\.nothing'"):
        known["mcal.nothing"]
    assert known.get("mcal.nothing") is None
    assert "mcal.nothing" not in known


@pytest.mark.parametrize(
    "bad",
    [
        "[]",
        "topics: []",
        "topics: {mcal.x: {owner: mcal, key: k, partitions: 0, kind: fact}}",
        "topics: {mcal.x: {owner: healer, key: k, partitions: 1, kind: fact}}",
        "topics: {mcal.x: {owner: mcal, key: k, partitions: 1, kind: gossip}}",
        "topics: {mcal.x: {owner: mcal, key: k, partitions: 1, kind: fact, consumers: [nobody]}}",
        "topics: {mcal.x: {owner: mcal, key: k, partitions: 1, kind: fact, partition: 2}}",
        "topics: {mcal.x: {owner: mcal, key: k, partitions: 1, kind: upsert}}",
        "topics: {mcal.x: {owner: mcal, partitions: 1, kind: fact}}",
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(BadTopics):
        read(tmp_path, bad)


def test_our_own_topics_load() -> None:
    assert topics.load()
