"""A change is taken into the manifest, and nothing else of it moves."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge_cli import drift
from deployforge_cli.adopting import Adopted, CannotAdopt, adopt, changes_of
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

MANIFEST = """\
apiVersion: deployforge.io/v1
kind: Deployment
metadata: {name: webshop, namespace: storefront}
spec:
  providers: {aws: {type: aws}}
  resources:
    - name: orders
      type: Queue
      provider: aws
      properties:
        visibilityTimeout: 30s  # as long as a worker needs
        tags:
          env: prod
          # who pays
          team.name: shop
        ingress:
          - {port: 443}
          - {port: 80}   # for redirects

    # speaks to everybody
    - {name: alarms, type: Topic, provider: aws, properties: {fifo: false, deadLetter: "${orders.arn}"}}
    - name: bare
      type: Queue
      provider: aws
"""


def declared(text: str, name: str) -> Any:
    return next(one for one in yaml.safe_load(text)["spec"]["resources"] if one["name"] == name)


@pytest.mark.parametrize(
    ("resource", "path", "value", "line"),
    [
        ("orders", "visibilityTimeout", 300, "        visibilityTimeout: 300  # as long as a worker needs"),
        ("orders", "tags.env", "test", '          env: "test"'),
        ("orders", "tags.team.name", "ops", '          team.name: "ops"'),
        ("orders", "ingress", [{"port": 22}], '          [{"port": 22}]   # for redirects'),
        ("orders", "delay", 5, "        delay: 5"),
        ("orders", "tags.cost", "1", '          cost: "1"'),
        ("alarms", "fifo", True, '{fifo: true, deadLetter: "${orders.arn}"}'),
        ("alarms", "tags.env", "x", '"${orders.arn}", tags: {"env": "x"}}'),
        ("bare", "delay", 5, '      properties: {"delay": 5}'),
        ("bare", "native.Delay", 5, '      native: {"Delay": 5}'),
    ],
)
def test_the_value_changes_where_it_stands(resource: str, path: str, value: Any, line: str) -> None:
    text = adopt(MANIFEST, resource, [Adopted(path, value)])
    assert line in text
    others = [one for one in ("orders", "alarms", "bare") if one != resource]
    assert [declared(text, one) for one in others] == [declared(MANIFEST, one) for one in others]
    assert [one for one in ("# as long as", "# who pays", "# for redirects", "# speaks to") if one not in text] == []


@pytest.mark.parametrize(
    ("text", "resource", "path", "says"),
    [
        (MANIFEST, "stranger", "delay", "declares no resource stranger"),
        (MANIFEST, "alarms", "deadLetter", "change what it refers to"),
        (MANIFEST, "orders", "visibilityTimeout.seconds", "change it by hand"),
        ("a: [", "orders", "delay", "no YAML"),
    ],
)
def test_what_cannot_be_taken_in_says_what_to_do(text: str, resource: str, path: str, says: str) -> None:
    with pytest.raises(CannotAdopt, match=says):
        adopt(text, resource, [Adopted(path, 1)])


def test_what_is_gone_is_taken_out_by_hand() -> None:
    with pytest.raises(CannotAdopt, match=r"tags\.env is gone"):
        changes_of([SimpleNamespace(path="tags.env", actual_json="")])


VALUES = st.recursive(
    st.booleans() | st.integers(-(2**70), 2**70) | st.text(max_size=12).filter(lambda text: "${" not in text),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
)


def test_what_did_not_fit_into_the_record_is_copied_by_hand() -> None:
    with pytest.raises(CannotAdopt, match="too long"):
        changes_of([SimpleNamespace(path="startup", actual_json='{"$tooLong":{"bytes":70000,"digest":"sha256:ab"}}')])


@given(st.lists(st.tuples(st.sampled_from(["delay", "tags.env", "tags.new", "ingress", "x.y.z"]), VALUES), max_size=4))
def test_whatever_it_is_it_reads_back_or_is_refused(changes: list[tuple[str, Any]]) -> None:
    try:
        text = adopt(MANIFEST, "orders", [Adopted(path, value) for path, value in changes])
    except CannotAdopt:
        return
    for path, value in dict(changes).items():
        found = declared(text, "orders")["properties"]
        for part in path.split("."):
            found = found[part]
        assert found == value


class Client:
    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def drift(self, drift_id: str) -> pb.DriftRecord:
        attributes = [pb.AttributeDrift(path="visibilityTimeout", expected_json="30", actual_json=json.dumps(300))]
        kind = "missing" if drift_id == "gone" else "changed"
        return pb.DriftRecord(urn="urn:df:storefront:webshop:orders", kind=kind, attributes=attributes)


def test_the_patch_is_shown_and_written_when_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Client())
    path = tmp_path / "deployforge.yaml"
    path.write_text(MANIFEST)
    shown = CliRunner().invoke(app, ["drift", "adopt", "d1", str(path)])
    assert shown.exit_code == Exit.DONE
    assert "-        visibilityTimeout: 30s  # as" in shown.output
    assert "+        visibilityTimeout: 300  # as" in shown.output
    assert path.read_text() == MANIFEST
    assert CliRunner().invoke(app, ["drift", "adopt", "d1", str(path), "--write"]).exit_code == Exit.DONE
    assert declared(path.read_text(), "orders")["properties"]["visibilityTimeout"] == 300
    for arguments in (["gone", str(path)], ["d1", str(tmp_path / "nowhere.yaml")]):
        assert CliRunner().invoke(app, ["drift", "adopt", *arguments]).exit_code == Exit.USAGE
