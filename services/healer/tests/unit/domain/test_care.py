from uuid import UUID

from deployforge_healer.domain.care import Care


def _events(care: Care) -> list[str]:
    return [type(event).__name__ for event in care.collect_events()]


def test_only_a_newer_version_brings_a_policy() -> None:
    care = Care(UUID(int=1))
    care.learn("a", "da", 2, 1, 5)
    care.learn("b", "db", 2, 1, 5)
    care.learn("b", "db", 1, 1, 5)
    assert (care.healing_json, care.resources) == ("a", 5)
    assert _events(care) == ["Taken", "Learned"]


def test_a_pause_is_made_once_and_lifted_once() -> None:
    care = Care(UUID(int=1))
    care.resume("bob")
    care.pause("bob", "maintenance")
    care.pause("eve", "again")
    assert care.paused
    care.resume("bob")
    care.resume("bob")
    assert not care.paused
    assert _events(care) == ["Taken", "Paused", "Resumed"]
