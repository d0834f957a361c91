"""What can be declared, and what a plan says of the cloud's own names."""

import json
from typing import Any

import pytest
from deployforge.common.v1 import common_pb2
from deployforge.mcal.v1 import clouds_pb2
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_cli import vocabulary
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from deployforge_cli.output import console
from deployforge_cli.plans import show_plan
from typer.testing import CliRunner

_runner = CliRunner()
KNOWN = clouds_pb2.ListTypesResponse(
    types=[
        clouds_pb2.TypeInfo(
            type="Queue", description="A queue of messages.", attributes=["id", "address"],
            support={"aws": "full", "azure": "partial", "terraform": "none"},
            native_types={"aws": "AWS::SQS::Queue", "azure": "Microsoft.ServiceBus/namespaces/queues"},
            properties=[
                clouds_pb2.PropertyInfo(
                    name="visibilityTimeout", json_type="duration", providers=["aws", "azure"], description="How long.",
                    native={"aws": "VisibilityTimeout", "azure": "lockDuration"},
                ),
                clouds_pb2.PropertyInfo(name="delay", json_type="duration", providers=["aws"], native={"aws": "DelaySeconds"}),
                clouds_pb2.PropertyInfo(
                    name="encrypted", json_type="boolean", providers=["aws", "azure"], notes={"azure": "always true"},
                ),
                clouds_pb2.PropertyInfo(name="tags", json_type="object", native={"aws": "Tags"}),
            ],
        ),
    ],
    native_types=["aws/AWS::SQS::Queue"],
)  # fmt: skip


def plan_on(native_type: str, type: str = "Queue") -> plans_pb2.Plan:
    paths = ("visibilityTimeout", "tags.env", "native.RedriveAllowPolicy.redrivePermission", "encrypted")
    return plans_pb2.Plan(
        changes=[
            plans_pb2.ResourceChange(
                urn="urn:df:s:w:orders", name="orders", type=type, native_type=native_type, unit_id="u",
                action=plans_pb2.CHANGE_ACTION_CREATE,
                attributes=[common_pb2.AttributeChange(path=path, after_json="30") for path in paths],
            )
        ]
    )  # fmt: skip


def test_every_attribute_is_told_with_the_property_that_holds_it() -> None:
    assert vocabulary.mapping(plan_on("AWS::SQS::Queue"), KNOWN) == {
        "urn:df:s:w:orders": {
            "visibilityTimeout": "VisibilityTimeout",
            "tags.env": "Tags",
            "native.RedriveAllowPolicy.redrivePermission": "RedriveAllowPolicy.redrivePermission",
        }
    }


def test_another_provider_has_other_names() -> None:
    told = vocabulary.mapping(plan_on("Microsoft.ServiceBus/namespaces/queues"), KNOWN)
    assert told["urn:df:s:w:orders"]["visibilityTimeout"] == "lockDuration"


def test_a_native_type_needs_no_explanation() -> None:
    assert vocabulary.mapping(plan_on("AWS::SQS::Queue", type="aws/AWS::SQS::Queue"), KNOWN) == {}


def test_a_plan_shows_the_native_type_and_properties_where_that_is_asked_for() -> None:
    plan = plan_on("AWS::SQS::Queue")
    with console.capture() as said:
        show_plan(plan, vocabulary.mapping(plan, KNOWN))
    assert "→ AWS::SQS::Queue" in said.get()
    assert "visibilityTimeout = 30  → VisibilityTimeout" in said.get()
    with console.capture() as said:
        show_plan(plan)
    assert "VisibilityTimeout" not in said.get()


def test_for_programs_the_native_property_stands_beside_the_path() -> None:
    [change] = vocabulary.explained(plan_on("AWS::SQS::Queue"), KNOWN)["changes"]
    assert [a.get("native") for a in change["attributes"]] == [
        "VisibilityTimeout", "Tags", "RedriveAllowPolicy.redrivePermission", None,
    ]  # fmt: skip


class _Client:
    def __enter__(self) -> "_Client":
        return self

    def __exit__(self, *_: object) -> None: ...

    def types(self) -> clouds_pb2.ListTypesResponse:
        return KNOWN


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Any:
    def ask(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(vocabulary, "connected", lambda context: _Client())
        monkeypatch.setattr(console, "_width", 200)
        with console.capture() as said:
            done = _runner.invoke(app, ["types", *arguments])
        return done.exit_code, done.output + said.get()

    return ask


def test_all_types_are_shown_with_the_support_of_every_provider(run: Any) -> None:
    code, said = run()
    assert code == Exit.DONE
    [row] = [line.split() for line in said.splitlines() if line.startswith("Queue")]
    assert row[:4] == ["Queue", "full", "partial", "none"]


def test_one_type_is_shown_with_what_each_provider_lacks(run: Any) -> None:
    _, said = run("Queue")
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    assert "azure (always true)" in lines["encrypted"]
    assert "Microsoft.ServiceBus/namespaces/queues  delay, tags" in lines["azure"]
    assert lines["terraform"].rstrip().endswith("everything")


def test_a_type_that_is_not_there_is_a_usage_error_that_names_those_that_are(run: Any) -> None:
    code, said = run("Quue")
    assert (code, "Queue" in said) == (Exit.USAGE, True)
    code, said = run("Queue", "-o", "json")
    assert json.loads(said)[0]["native_types"]["aws"] == "AWS::SQS::Queue"
