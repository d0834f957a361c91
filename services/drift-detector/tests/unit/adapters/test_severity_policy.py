"""The operator's severity policy: read, refused with places, and given to the resources that it concerns."""

from pathlib import Path

import pytest
from deployforge_drift_detector.adapters.severity_policy import NO_POLICY, BadSeverityPolicy, load
from deployforge_drift_detector.domain.levels import Severity
from deployforge_drift_detector.domain.rules import PolicyRule

GOOD = """
# What the platform team insists on.
rules:
  - {name: tags-of-production, namespace: "prod-*", path: tags.owner, level: degraded}
  - {name: no-open-doors, type: SecurityGroup, path: ingress, level: critical, floor: true}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "severity.yaml"


def test_a_policy_is_given_to_what_it_concerns(file: Path) -> None:
    file.write_text(GOOD)
    policy = load(file)
    [rule] = policy.concerning("prod-eu", "shop", "SecurityGroup", "web")[1:]
    assert rule == PolicyRule("no-open-doors", "ingress", Severity.CRITICAL, floor=True, type="SecurityGroup")
    assert [one.name for one in policy.concerning("prod-eu", "shop", "Queue", "web")] == ["tags-of-production"]
    assert policy.concerning("staging", "shop", "Queue", "web") == ()
    assert policy.concerning("prod-eu", "a", "Queue", "b") is policy.concerning("prod-us", "c", "Queue", "d"), "shared"


def test_there_may_be_none() -> None:
    assert load(None) is NO_POLICY
    assert NO_POLICY.concerning("a", "b", "Queue", "c") == ()


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("[]", "1:1: no list of rules", "rules: ["),
        ("rules: 3", "1:1: no list of rules", "rules: ["),
        ("rulez: []\nrules: []", '1:1: unknown field "rulez"', "rules"),
        ("rules:\n  - x", "2:5: rules[0]: is no mapping", "one of name"),
        ("rules:\n  - {name: a, level: critical}", '2:5: rules[0]: missing field "path"', "one of name"),
        ("rules:\n  - {name: a, path: x, level: criticl}", '2:31: rules[0].level: unknown level "criticl"', "critical"),
        ("rules:\n  - {name: a, path: x, level: critical, flor: true}", '2:41: rules[0]: unknown field "flor"', "floor"),
        ("rules:\n  - {name: a, path: x, level: critical, floor: 1}", "2:48: rules[0].floor: is neither", "true or false"),
        ("rules:\n  - {name: 3, path: x, level: critical}", "2:12: rules[0].name: is no text", "text"),
        (
            "rules:\n  - {name: a, path: x, level: critical}\n  - {name: a, path: y, level: critical}",
            '3:12: rules[1].name: "a" is the name of another rule, on line 2', "a name of its own",
        ),
        ("rules:\n  - {name: a", "", ""),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(file: Path, text: str, said: str, expected: str) -> None:
    file.write_text(text)
    with pytest.raises(BadSeverityPolicy) as refused:
        load(file)
    problem = refused.value.problems[0]
    assert str(problem).startswith(f"{file}:") and said in str(problem)
    assert expected in problem.expected


def test_a_file_that_is_not_there_is_told(file: Path) -> None:
    with pytest.raises(BadSeverityPolicy, match="cannot be read: No such file"):
        load(file)


def test_every_mistake_is_told_at_once(file: Path) -> None:
    file.write_text("rules:\n  - {name: a, path: x, level: bad}\n  - {path: 3}\n")
    with pytest.raises(BadSeverityPolicy) as refused:
        load(file)
    assert len(refused.value.problems) == 4
    told = str(refused.value).splitlines()
    assert len(told) == 5
    assert told[1].endswith('rules[0].level: unknown level "bad"; expected one of informational, degraded, critical')
