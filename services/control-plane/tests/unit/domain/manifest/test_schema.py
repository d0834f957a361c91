"""One schema: what is published, what validates and what fills in defaults cannot differ."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from deployforge_control_plane.domain.manifest.schema import MANIFEST
from deployforge_control_plane.domain.manifest.schema_text import schema_text
from deployforge_control_plane.domain.manifest.validation import ANNOTATIONS, KEYWORDS, problems
from deployforge_documents.reading import read

REPOSITORY = Path(__file__).parents[6]


def schemas(schema: Any) -> Iterator[dict[str, Any]]:
    yield schema
    for key in ("additionalProperties", "propertyNames", "items"):
        if isinstance(schema.get(key), dict):
            yield from schemas(schema[key])
    for key in ("oneOf", "anyOf"):
        for inner in schema.get(key, ()):
            yield from schemas(inner)
    for inner in schema.get("properties", {}).values():
        yield from schemas(inner)


def test_the_published_file_is_current() -> None:
    published = (REPOSITORY / "docs" / "manifest.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "run: python services/control-plane/write_schema.py"


def test_it_is_a_json_schema_and_the_validator_knows_every_keyword() -> None:
    jsonschema.Draft202012Validator.check_schema(MANIFEST)
    for schema in schemas(MANIFEST):
        assert schema.keys() <= KEYWORDS | ANNOTATIONS


VALID: dict[str, Any] = {
    "apiVersion": "deployforge.io/v1",
    "kind": "Deployment",
    "metadata": {"name": "shop", "namespace": "front"},
    "spec": {
        "providers": {"aws": {"type": "aws", "region": "r", "account": "123456789012", "credentialRef": "c"}},
        "resources": [{"name": "a", "type": "Queue", "properties": {"anything": [1]}, "import": {"id": "x"}}],
        "policies": [{"ref": "org/required-tags", "params": {"tags": ["env"]}}],
        "drift": {"every": "5s"},
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """VALID with one value replaced, or removed where it is `...`."""
    data = json.loads(json.dumps(VALID))
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner = data
    for part in way:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return data


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("kind", "Deployment"), ("kind", "X"), ("kind", 1), ("metadata.name", "A"), ("metadata.name", ...),
        ("metadata.x", 1), ("spec.resources", []), ("spec.resources", {}), ("spec.resources.0.type", "Nope"),
        ("spec.resources.0.type", "aws/AWS::SQS::Queue"), ("spec.resources.0.import", None),
        ("spec.resources.0.import", {}), ("spec.resources.0.criticality", "huge"), ("spec.providers.aws.type", "x"),
        ("spec.providers.aws.type", "gcp"), ("spec.providers.aws.account", "1"), ("spec.providers.9", {}),
        ("spec.drift.every", 5), ("spec.drift.every", 0), ("spec.drift.every", "5 s"), ("spec.drift.every", 1.5),
        ("spec.policies.0.params.tags", []), ("spec.policies.0.params", {}), ("spec.policies.0.ref", "org/x"),
        ("spec.healing", {"ladder": ["retry", "retry"]}), ("spec.healing", {"limits": {"maxPercent": 101}}),
        ("spec.approval", {"required": True}), ("spec.approval", {"reapproveOnChange": False}),
        ("spec.parameters", {"a": {"type": "number", "value": 1}}), ("spec.outputs", {"a": 1}),
        ("spec.parameters", {"a": {"type": "number", "value": "1"}}), ("metadata.labels", {"a": "b"}),
    ],
)  # fmt: skip
def test_verdicts_agree_with_a_standard_validator(path: str, value: Any) -> None:
    data = changed(path, value)
    ours = list(problems(read(json.dumps(data).encode()), MANIFEST))
    theirs = list(jsonschema.Draft202012Validator(MANIFEST).iter_errors(data))
    assert bool(ours) == bool(theirs), (ours, theirs)
