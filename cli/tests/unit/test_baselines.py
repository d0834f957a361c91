"""What is usual, as people see it."""

import json

import pytest
from deployforge.common.v1 import common_pb2
from deployforge.drift_detector.v1 import drift_pb2 as pb
from deployforge.orchestrator.v1 import plans_pb2
from deployforge_cli import drift
from deployforge_cli.exits import Exit
from deployforge_cli.main import app
from google.protobuf.timestamp_pb2 import Timestamp
from typer.testing import CliRunner

_runner = CliRunner()
_RHYTHM = pb.Rhythm(changes=41, last_at=Timestamp(seconds=1_790_000_000), usual_gap_seconds=21_240)
_ORDERS = pb.ResourceBaseline(
    urn="urn:df:storefront:webshop:orders",
    type="Queue",
    rhythm=_RHYTHM,
    hours=[9 if hour == 34 else 0 for hour in range(168)],
    attributes=[pb.AttributeBaseline(path="visibilityTimeout", rhythm=_RHYTHM, numbers=12, median=45, spread=15)],
    actors=[pb.ActorBaseline(actor="ada", rhythm=_RHYTHM)],
    score=0.93,
    reasons=[pb.ScoreReason(name="value", part=0.85, words="visibilityTimeout is 3600, usually 45 ± 15")],
)


class Client:
    """A control plane that knows one resource, and that there are more."""

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def baselines(self, deployment: str, resource: str, *, cursor: str) -> pb.BaselineResponse:
        assert deployment == "storefront/webshop"
        return pb.BaselineResponse(baselines=[_ORDERS], next_cursor="" if resource else _ORDERS.urn)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ("orders", "Queue", "41", "5.9 h", "Tue 10:00 (9 of 9)", "0.93", "more: --cursor urn:df")),
        (["orders"], ("41 changes", "0.93 of 1", "0.85 visibilityTimeout is 3600", "45 ± 15", "12 values", "ada: 41")),
    ],
)
def test_what_is_usual_is_shown(arguments: list[str], words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Client())
    shown = _runner.invoke(app, ["drift", "baseline", "storefront/webshop", *arguments], env={"COLUMNS": "200"})
    assert shown.exit_code == Exit.DONE
    assert [word for word in words if word not in shown.output] == []


_DRIFT = pb.DriftRecord(
    urn=_ORDERS.urn,
    type="Queue",
    kind="changed",
    state="resolved",
    anomaly=pb.Anomaly(
        label="scaling activity",
        probability=0.91,
        likelihoods=[
            pb.Likelihood(label="scaling activity", probability=0.91),
            pb.Likelihood(label="deletion", probability=0.05),
        ],
        contributions=[pb.Contribution(feature="scaling", value=1, weight=2.4)],
        score=0.93,
        reasons=_ORDERS.reasons,
        actor="ada",
        model="sha256:ab",
    ),
)


def test_what_is_thought_of_a_drift_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    class Drifts(Client):
        def drift(self, drift_id: str) -> pb.DriftRecord:
            return _DRIFT

        def drifts(self, deployment: object, *, open_only: bool) -> pb.ListResponse:
            return pb.ListResponse(
                records=[_DRIFT, pb.DriftRecord(urn="urn:df:s:w:new", anomaly=pb.Anomaly(label="unknown"))]
            )

    monkeypatch.setattr(drift, "connected", lambda _: Drifts())
    shown = _runner.invoke(app, ["drift", "show", "id"], env={"COLUMNS": "200"}).output
    words = ("scaling activity (91%)", "by ada", "deletion 5%", "+2.40 scaling = 1", "unusual by 0.93", "usually 45 ± 15")
    assert [word for word in words if word not in shown] == []
    listed = _runner.invoke(app, ["drift", "list", "--all"], env={"COLUMNS": "200"}).output
    assert "scaling activity (91%)" in listed and "unknown" in listed and "unknown (" not in listed


def test_what_is_usual_for_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Client())
    told = json.loads(_runner.invoke(app, ["drift", "baseline", "storefront/webshop", "-o", "json"]).output)
    assert told["baselines"][0]["score"] == 0.93


class Noisy(Client):
    """A control plane that knows some noise."""

    def noise(self, deployment: str, *, days: int) -> pb.NoiseResponse:
        assert (deployment, days) == ("storefront/webshop", 30)
        attribute = pb.NoisyAttribute(
            type="Queue", path="tags.owner", episodes=7, resources=[f"orders-{n}" for n in range(6)], median_seconds=5400,
            still_open=1, resource_glob="orders-*",
        )  # fmt: skip
        group = pb.DriftGroup(what="tags.env", actor="ada", drift_ids=["a", "b"], resources=["x", "y"])
        return pb.NoiseResponse(attributes=[attribute], groups=[group], drifts=9)


def test_noise_comes_with_the_rule_that_would_silence_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drift, "connected", lambda _: Noisy())
    shown = _runner.invoke(app, ["drift", "noise", "storefront/webshop"], env={"COLUMNS": "200"})
    assert shown.exit_code == Exit.DONE
    rule = '- {resource: "orders-*", path: "tags.owner", reason: "drifted 7 times"}'
    for words in ("9 drifts in 30 days", "1.5 h", "and 2 more", rule, "tags.env", "ada", "x, y"):
        assert words in shown.output


_HIT = pb.Impact(
    urn="urn:df:s:w:job", path=["urn:df:s:w:orders", "urn:df:s:w:role", "urn:df:s:w:job"], via="iam",
    reason="job runs as role: role refers to role.address",
)  # fmt: skip


def test_what_suffers_is_shown_with_the_way_the_reason_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    class Suffering(Client):
        def impact(self, resource: str) -> pb.ImpactResponse:
            assert resource == "s/w/orders"
            return pb.ImpactResponse(impact=[_HIT], affected=1234, outputs=["w.url"])

        def drift(self, drift_id: str) -> pb.DriftRecord:
            return pb.DriftRecord(urn="urn:df:s:w:orders", impact=[_HIT], affected=1, outputs=["w.url"])

    monkeypatch.setattr(drift, "connected", lambda _: Suffering())
    words = ("affects job iam: job runs as role", "orders → role → job", "breaks the outputs w.url")
    for arguments in (["impact", "s/w/orders"], ["show", "id"]):
        shown = _runner.invoke(app, ["drift", *arguments], env={"COLUMNS": "200"}).output
        assert [word for word in words if word not in shown] == []
        assert ("and 1,233 more: 1,234 resources" in shown) == (arguments[0] == "impact")


def test_unused_and_expired_ignore_rules_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    of = common_pb2.DeploymentRef(namespace="storefront", name="webshop")

    class Ignoring(Client):
        def ignores(self, deployment: object) -> list[pb.IgnoreRule]:
            return [
                pb.IgnoreRule(
                    deployment=of, resource="*", path="tags.*", state="hiding", reason="EKS", concerned=3, hidden_resources=1,
                    hidden_differences=1, hidden=[pb.HiddenDifference(resource="orders", path="tags.env")],
                ),
                pb.IgnoreRule(deployment=of, resource="web", path="size", when="increased", state="unused", concerned=1),
                pb.IgnoreRule(deployment=of, resource="*", path="delay", state="expired", concerned=3),
            ]  # fmt: skip

    monkeypatch.setattr(drift, "connected", lambda _: Ignoring())
    shown = _runner.invoke(app, ["drift", "ignores", "storefront/webshop"], env={"COLUMNS": "250"}).output
    assert "1 of 1 of 3 resources" in shown and "*: tags.* hides tags.env of orders" in shown
    assert "storefront/webshop: web: size (increased) has never hidden anything" in shown
    assert "storefront/webshop: *: delay has run out and hides nothing" in shown
    told = json.loads(_runner.invoke(app, ["drift", "ignores", "-o", "json"]).output)
    assert [one["state"] for one in told] == ["hiding", "unused", "expired"]


def test_each_attribute_is_shown_with_expected_found_and_last_good(monkeypatch: pytest.MonkeyPatch) -> None:
    good, never = (
        pb.AttributeDrift(path="delay", expected_json="3", actual_json="9", rule="default"),
        pb.AttributeDrift(path="tags.env", expected_json='"t"', rule="tags"),
    )
    good.good_at.FromSeconds(1_790_000_000)

    class Drifts(Client):
        def drift(self, drift_id: str) -> pb.DriftRecord:
            return pb.DriftRecord(urn=_ORDERS.urn, attributes=[good, never])

    monkeypatch.setattr(drift, "connected", lambda _: Drifts())
    shown = _runner.invoke(app, ["drift", "show", "id"], env={"COLUMNS": "200"}).output
    assert "delay: expected 3, found 9" in shown and "default, last as expected 2026-09-21 14:13:20" in shown
    assert 'tags.env: expected "t", found (absent)' in shown and "tags, not known when last as expected" in shown


def test_what_nobody_declared_is_shown_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    class Clouds(Client):
        def undeclared(self, deployment: str) -> list[plans_pb2.UndeclaredResource]:
            assert deployment == "storefront/webshop"
            change = common_pb2.AttributeChange(path="delay", before_json="0", after_json="9")
            return [
                plans_pb2.UndeclaredResource(urn=_ORDERS.urn, type="Queue", attributes=[change]),
                plans_pb2.UndeclaredResource(urn="urn:df:storefront:webshop:key", reason="no reader"),
            ]

    monkeypatch.setattr(drift, "connected", lambda _: Clouds())
    shown = _runner.invoke(app, ["drift", "list", "storefront/webshop", "--undeclared"], env={"COLUMNS": "200"})
    assert shown.exit_code == Exit.DONE
    for words in ("no drift", "orders", "delay", "key: not looked at: no reader"):
        assert words in shown.output
    assert _runner.invoke(app, ["drift", "list", "--undeclared"]).exit_code == Exit.USAGE
