"""Every version of every fact against every other: whatever one writes, the others read."""

from itertools import product
from typing import Any

import fastavro
import pytest
from deployforge_chassis import schemas, topics
from deployforge_chassis.avro import AvroCodec
from deployforge_chassis.compatibility import transitive_faults
from deployforge_chassis.registry import MemoryRegistry
from deployforge_chassis.schemas import Schemas, SchemaVersion

ALL = schemas.load()
PAIRS = [pair for versions in ALL.by_fact.values() for pair in product(versions, versions)]


def name(value: Any) -> str | None:
    return f"{value.fact}.{value.version}" if isinstance(value, SchemaVersion) else None


def alone(version: SchemaVersion) -> Schemas:
    return Schemas({version.fact: (version,)})


def common(one: Any, other: Any) -> Any:
    """`one` without the fields, at whatever depth, that `other` does not have."""
    if isinstance(one, dict) and isinstance(other, dict):
        return {key: common(value, other[key]) for key, value in one.items() if key in other}
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        return [common(*pair) for pair in zip(one, other, strict=True)]
    return one


@pytest.mark.parametrize(("writer", "reader"), PAIRS, ids=name)
def test_an_example_written_by_one_version_is_read_by_the_other(writer: SchemaVersion, reader: SchemaVersion) -> None:
    registry = MemoryRegistry()
    example = writer.example()
    fact, value = AvroCodec(registry, alone(reader)).decode(AvroCodec(registry, alone(writer)).encode(writer.fact, example))
    wanted = {field["name"] for field in fastavro.parse_schema(dict(reader.schema))["fields"]}
    assert (fact, value.keys()) == (reader.fact, wanted)
    assert common(value, example) == common(example, value)


@pytest.mark.parametrize("fact", ALL.by_fact)
def test_the_versions_of_a_fact_are_compatible_both_ways(fact: str) -> None:
    assert transitive_faults(ALL.versions(fact)) == []


@pytest.mark.parametrize("topic", topics.load().values(), ids=lambda topic: topic.name)
def test_a_topic_holds_only_facts_of_its_owner(topic: topics.Topic) -> None:
    assert topic.records
    assert {ALL.latest(fact).service for fact in topic.records} == {topic.owner}


def test_every_fact_is_in_exactly_one_topic() -> None:
    placed = [fact for topic in topics.load().values() for fact in topic.records]
    assert sorted(placed) == sorted(ALL.by_fact)
