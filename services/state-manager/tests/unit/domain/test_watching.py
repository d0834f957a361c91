import json

from deployforge_state_manager.domain.watching import watching

_DRIFT = json.dumps(
    {
        "every": 5,
        "ignore": [{"resource": "web*", "path": "tags.x"}, {"resource": "*", "path": "tags.y"}, {"path": "tags.z"}],
        "severity": [{"resource": "db", "path": "*", "level": "critical"}],
    }
)


def test_only_rules_that_name_the_resource_are_taken() -> None:
    found = watching(_DRIFT, "db")
    assert found.every_seconds == 5
    assert [rule["path"] for rule in json.loads(found.ignore_json)] == ["tags.y", "tags.z"]
    assert [rule["level"] for rule in json.loads(found.severity_json)] == ["critical"]


def test_without_a_drift_section_there_are_defaults() -> None:
    assert watching("", "db") == watching("{}", "db")
    assert watching("{}", "db").every_seconds == 60


def test_outputs_are_watched_that_refer_to_the_resource() -> None:
    uses = {"z": ["db"], "a": ["db", "web"], "b": ["web"]}
    assert watching("{}", "db", uses).outputs == ("a", "z")
