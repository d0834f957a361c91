"""Includes of a manifest: put in where the files are, and every problem told where its author finds it."""

from pathlib import Path
from typing import Any

import pytest
from deployforge_documents.problems import InvalidDocument, Problem
from deployforge_documents.reading import read
from deployforge_templates.includes import expand

HEAD = """\
apiVersion: deployforge.io/v1
kind: Deployment
metadata: {name: shop, namespace: front}
spec:
  providers:
    aws: {type: aws, region: eu-west-1, account: "000000000000", credentialRef: local}
"""
TEMPLATE = """\
Parameters:
  Env: {Type: String, Default: dev}
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {QueueName: !Sub "${Env}-jobs"}
Outputs:
  Url: {Value: !Ref Jobs}
"""


def expanded(directory: Path, spec: str, working: Path | None = None) -> Any:
    (directory / "m.yaml").write_text(HEAD + spec)
    text = expand((HEAD + spec).encode(), directory / "m.yaml", working or directory).text
    return read(text).plain()["spec"]


def problems(directory: Path, spec: str) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocument) as refused:
        expanded(directory, spec)
    return refused.value.problems


@pytest.fixture
def at(tmp_path: Path) -> Path:
    (tmp_path / "jobs.yaml").write_text(TEMPLATE)
    return tmp_path


def test_a_manifest_without_includes_stays_as_it_is(at: Path) -> None:
    text = (HEAD + "  resources: [{name: a, type: Queue}] # no includes\n").encode()
    assert expand(text, at / "m.yaml", at).text == text


def test_what_an_include_declares_becomes_part_of_the_manifest(at: Path) -> None:
    spec = """\
  resources:
    - {name: own, type: Topic, provider: aws, properties: {displayName: "${jobs.id}"}}
  includes:
    - {format: cloudformation, path: jobs.yaml, parameters: {Env: "${own.name}"}}
    - {format: cloudformation, path: jobs.yaml, provider: aws, prefix: second-}
  outputs: {mine: "${own.arn}"}
"""
    found = expanded(at, spec)
    assert "includes" not in found
    assert [(one["name"], one["type"]) for one in found["resources"]] == [
        ("own", "Topic"), ("jobs", "aws/AWS::SQS::Queue"), ("second-jobs", "aws/AWS::SQS::Queue"),
    ]  # fmt: skip
    assert found["resources"][1]["properties"] == {"QueueName": "${own.name}-jobs"}
    assert found["resources"][2]["properties"] == {"QueueName": "dev-jobs"}
    assert found["outputs"] == {"mine": "${own.arn}", "Url": "${jobs.id}", "second-Url": "${second-jobs.id}"}


def test_a_problem_of_what_was_sent_is_told_in_the_template(at: Path) -> None:
    text = (HEAD + "  includes: [{format: cloudformation, path: jobs.yaml}]\n").encode()
    made = expand(text, at / "m.yaml", at)
    resource = read(made.text).value["spec"].value["resources"].value[0]
    name = resource.value["properties"].value["QueueName"]
    assert made.place(name.line, name.column) == (str(at / "jobs.yaml"), 6, 29)
    key = resource.value["properties"].keys["QueueName"]
    assert made.place(*key) == (str(at / "jobs.yaml"), 6, 18)
    assert made.place(resource.line, resource.column) == (str(at / "jobs.yaml"), 4, 3)
    metadata = read(made.text).value["metadata"].value["name"]
    assert made.place(metadata.line, metadata.column) == (str(at / "m.yaml"), 3, 18)


BAD = {
    "no such file": ("{format: cloudformation, path: none.yaml}", 45, "cannot read"),
    "above": ("{format: cloudformation, path: ../x.yaml}", 45, '"../x.yaml" is outside of what the manifest may include'),
    "absolute": ("{format: cloudformation, path: /etc/passwd}", 45, '"/etc/passwd" is outside'),
    "a link out": ("{format: cloudformation, path: link.yaml}", 45, '"link.yaml" is outside'),
    "no path": ("{format: cloudformation}", 14, 'missing field "path"'),
    "unknown format": ("{format: cloudfromation, path: jobs.yaml}", 23, 'unknown format "cloudfromation"'),
    "unknown field": ("{format: cloudformation, path: jobs.yaml, zone: [a]}", 56, 'unknown field "zone"'),
    "a wrong type": ("{format: cloudformation, path: jobs.yaml, zones: a}", 63, "zones is not a list"),
    "another provider": ("{format: cloudformation, path: jobs.yaml, provider: azure}", 66, '"azure" is no provider of type aws'),
    "a wrong parameter": ("{format: cloudformation, path: jobs.yaml, parameters: {Evn: a}}", 74, 'the template has no parameter "Evn"'),
    "the same twice": (
        "{format: cloudformation, path: jobs.yaml}, {format: cloudformation, path: jobs.yaml}", 57, 'jobs.yaml makes a resource "jobs"',
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_an_include_that_cannot_be_put_in_is_refused_where_it_stands(case: str, at: Path) -> None:
    (at / "link.yaml").symlink_to("/etc/hostname")
    entries, column, message = BAD[case]
    found = problems(at, f"  includes: [{entries}]\n")[0]
    assert message in found.message
    assert (found.file, found.line, found.column) == (str(at / "m.yaml"), 7, column)


def test_a_template_beside_the_manifest_is_reached_from_a_directory_above_both(at: Path) -> None:
    (at / "sub").mkdir()
    found = expanded(at / "sub", "  includes: [{format: cloudformation, path: ../jobs.yaml}]\n", working=at)
    assert [one["name"] for one in found["resources"]] == ["jobs"]


def test_a_refused_construct_names_the_file_it_stands_in(at: Path) -> None:
    (at / "jobs.yaml").write_text("Resources:\n  A: {Type: Custom::A}\n")
    found = problems(at, "  includes: [{format: cloudformation, path: jobs.yaml}]\n")
    assert [(one.file, one.line, one.column) for one in found] == [(str(at / "jobs.yaml"), 2, 13)]


def test_what_cannot_be_read_is_left_to_the_control_plane(at: Path) -> None:
    for text in (b"includes: [", b"includes: 5", b"spec: {includes: {}}", b"[includes]"):
        assert expand(text, at / "m.yaml", at).text == text
