"""Templates at the terminal: a manifest from one, and manifests that include them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from deployforge.common.v1 import common_pb2
from deployforge.control_plane.v1 import deployments_pb2 as cp
from deployforge_cli import deployments
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from deployforge_client import InvalidManifest
from deployforge_control_plane.domain.manifest import schema
from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_control_plane.domain.manifest.problems import InvalidManifest as Refused
from deployforge_templates.formats import FORMATS
from deployforge_templates.includes import FIELDS, expand
from typer.testing import CliRunner

EXAMPLES = Path(__file__).parents[3] / "examples"
_runner = CliRunner()


def test_a_template_is_written_as_a_manifest_that_is_valid(tmp_path: Path) -> None:
    made = tmp_path / "orders.yaml"
    template = str(EXAMPLES / "cloudformation/orders.yaml")
    arguments = ["import", "--format", "cloudformation", template, "--out", str(made), "-p", "Env=production"]
    done = _runner.invoke(app, [*arguments, "--provider", "region=us-east-1"])
    assert done.exit_code == Exit.DONE, done.output
    assert "note: parameter Env decided what is made and is put in with its value, production" in done.output
    manifest = parse(made.read_bytes(), str(made))
    assert (manifest.namespace, manifest.name) == ("sandbox", "orders")
    assert manifest.resources == ("announcements", "dead-orders", "may-announce", "orders", "worker", "worker-logs")
    by_name = {resource["name"]: resource for resource in manifest.canonical["resources"]}
    assert by_name["dead-orders"]["lifecycle"]["retainOnDelete"]
    assert by_name["orders"]["properties"]["RedrivePolicy"]["deadLetterTargetArn"] == "${dead-orders.Arn}"
    assert by_name["announcements"]["properties"]["DisplayName"] == "orders of production in us-east-1"
    assert manifest.canonical["providers"]["aws"]["location"] == "us-east-1"
    assert _runner.invoke(app, arguments).exit_code == Exit.USAGE  # It never overwrites what is there.


@pytest.mark.parametrize(
    ("format", "path", "resources"),
    [
        ("arm", "arm/web.json", 7),
        ("terraform", "terraform/site", 2),
        ("deployment-manager", "deployment-manager/web.yaml", 5),
    ],
)
def test_every_format_has_an_example_that_becomes_a_valid_manifest(format: str, path: str, resources: int) -> None:
    done = _runner.invoke(
        app, ["import", "--format", format, str(EXAMPLES / path), "-p", "root=/srv"][: 4 if format != "terraform" else 6]
    )
    assert len(parse(done.stdout.encode()).resources) == resources, done.output


def test_without_a_file_it_is_printed() -> None:
    done = _runner.invoke(app, ["import", "--format", "cloudformation", str(EXAMPLES / "cloudformation/orders.yaml")])
    assert parse(done.stdout.encode()).name == "orders"


def test_what_is_refused_is_told_like_a_problem_of_a_manifest(tmp_path: Path) -> None:
    template = tmp_path / "t.yaml"
    template.write_text("Resources:\n  A: {Type: Custom::A}\n")
    done = _runner.invoke(app, ["import", "--format", "cloudformation", str(template)])
    assert done.exit_code == Exit.USAGE
    assert f"{template}:2:13: Custom::A is part of CloudFormation itself" in done.output
    assert _runner.invoke(app, ["import", "--format", "cloudfromation", str(template)]).exit_code == Exit.USAGE
    assert _runner.invoke(app, ["import", "--format", "cloudformation", "none.yaml"]).exit_code == Exit.USAGE
    done = _runner.invoke(app, ["import", "--format", "cloudformation", str(template), "-p", "Env"])
    assert "is not NAME=VALUE" in done.output


def test_the_example_with_an_include_is_valid() -> None:
    path = EXAMPLES / "included.yaml"
    manifest = parse(expand(path.read_bytes(), path, EXAMPLES).text, str(path))
    assert len(manifest.resources) == 7
    assert set(manifest.canonical["outputs"]) == {"OrdersUrl", "invoicesUrl"}
    with pytest.raises(Refused, match="includes are not put in"):
        parse(path.read_bytes(), str(path))


def test_the_schema_knows_the_formats_and_the_fields_of_an_include() -> None:
    include = schema.MANIFEST["properties"]["spec"]["properties"]["includes"]["items"]
    assert set(include["properties"]) == set(FIELDS)
    assert set(include["properties"]["format"]["enum"]) == set(FORMATS)


class _Client:
    """A control plane that finds something wrong in the last line of what it is sent."""

    sent: bytes

    def _problem(self, manifest: bytes) -> common_pb2.Problem:
        self.sent = manifest
        lines = manifest.decode().splitlines()
        line = next(number for number, text in enumerate(lines, 1) if "VisibilityTimeout" in text)
        return common_pb2.Problem(message="is odd", file="m.yaml", line=line, column=len(lines[line - 1]) - 2)

    def validate(self, manifest: bytes, file: str) -> cp.ValidateResponse:
        return cp.ValidateResponse(problems=[self._problem(manifest)])

    def submit(self, manifest: bytes, **_: Any) -> cp.SubmitResponse:
        raise InvalidManifest([self._problem(manifest)])


@pytest.mark.parametrize("command", ["validate", "plan", "apply"])
def test_a_problem_of_what_is_included_is_told_where_it_stands(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client = _Client()

    @contextmanager
    def connected(context: str | None) -> Iterator[_Client]:
        yield client

    monkeypatch.setattr(deployments, "connected", connected)
    done = _runner.invoke(app, [command, str(EXAMPLES / "included.yaml")])
    assert done.exit_code == Exit.USAGE
    assert b"includes" not in client.sent
    assert f"{EXAMPLES}/cloudformation/orders.yaml:34:43: is odd" in done.output.replace("\n", "")
