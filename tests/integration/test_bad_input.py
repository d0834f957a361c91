"""Whatever is wrong with a manifest is refused before anything is written: where, what, and what to do."""

from pathlib import Path

import pytest
from deployforge_client import DeployForge

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE

_HEAD = """\
apiVersion: deployforge.io/v1
kind: Deployment
metadata: {{name: {name}, namespace: journeys}}
spec:
  providers: {{aws: {{type: aws, region: eu-west-1, account: "000000000000", credentialRef: aws-local}}}}
  resources:
"""

#: what is wrong: (text below the head, what the message must say)
BAD = {
    "not YAML": ("    - {name: a, type: Queue", ["expected"]),
    "unknown field": ("    - {name: a, type: Queue, provider: aws, propertys: {}}", ["propertys", "properties"]),
    "wrong type": ("    - {name: a, type: Queue, provider: aws, properties: 5}", ["properties"]),
    "duplicate name": (
        "    - {name: a, type: Queue, provider: aws}\n    - {name: a, type: Queue, provider: aws}",
        ["a"],
    ),
    "unknown reference": (
        "    - {name: jobs, type: Queue, provider: aws, properties: {deadLetter: '${job.arn}'}}",
        ["job", "jobs"],
    ),
    "cycle": (
        "    - {name: a, type: Queue, provider: aws, dependsOn: [b]}\n"
        "    - {name: b, type: Queue, provider: aws, dependsOn: [a]}",
        ["a", "b", "cycle"],
    ),
    "alias bomb": ("    - &x {name: a, type: Queue, provider: aws, properties: {a: *x}}", ["&x", "not allowed"]),
    "unknown type": ("    - {name: a, type: Queu, provider: aws}", ["Queu", "Queue"]),
    "unknown provider": ("    - {name: a, type: Queue, provider: awz}", ["awz", "aws"]),
    "name with ../": ("    - {name: ../a, type: Queue, provider: aws}", ["../a"]),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_manifest_is_refused_where_it_is_wrong(
    what: str, cli: Cli, alice: DeployForge, name: str, tmp_path: Path
) -> None:
    body, said = BAD[what]
    path = tmp_path / "bad.yaml"
    path.write_text(_HEAD.format(name=name) + body + "\n")

    done = cli("apply", str(path))

    assert done.returncode == 2, done.stdout + done.stderr
    assert f"{path}:" in done.stderr
    place = done.stderr.split(f"{path}:", 1)[1].split(":")
    assert int(place[0]) >= 6
    assert int(place[1]) >= 1
    for word in said:
        assert word in done.stderr
    assert not [r for r in alice.list().requests if r.deployment.name == name]


def test_twenty_megabytes_are_refused_at_once(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "big.yaml"
    path.write_bytes(b"# " + b"x" * (20 * 1024 * 1024))

    done = cli("apply", str(path))

    assert done.returncode == 2
    assert "8,388,608" in done.stderr


def test_a_property_that_the_schema_does_not_know_fails_the_plan(cli: Cli, name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(
        _HEAD.format(name=name) + "    - {name: a, type: 'aws/AWS::SQS::Queue', properties: {DelaySecond: 1}}\n"
    )

    done = cli("apply", str(path))

    assert done.returncode == 2, done.stdout + done.stderr
    assert "DelaySeconds" in done.stderr
    assert f"{path}:" in done.stderr


def test_a_name_is_checked_before_it_is_used(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(_HEAD.format(name="../etc") + "    - {name: a, type: Queue, provider: aws}\n")

    done = cli("validate", str(path))

    assert done.returncode == 2
    assert f"{path}:3:" in done.stderr
    assert NAMESPACE in path.read_text()
