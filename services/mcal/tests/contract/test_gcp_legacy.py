"""Deployment Manager as the engine, beyond the contract of every provider: what it has, failures, repairs, its end."""

import sys
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.gcp import reading
from deployforge_mcal.adapters.gcp.legacy.change import LegacyRollout
from deployforge_mcal.adapters.gcp.legacy.provider import LegacyProvider
from deployforge_mcal.application.ports import Work
from deployforge_mcal.domain.units import Became, Presence

from tests.emulators.gcp.running import PROJECT, READER, Running

from .gcp_world import Killed, World, queue, resource

_TOPICS = f"//pubsub.googleapis.com/projects/{PROJECT}/topics"
_API = "deploymentmanager.googleapis.com"
NET = resource("net", "Network", {"cidr": "10.20.0.0/16"})
EVERY_KIND = (
    NET,
    resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.20.1.0/24"}),
    resource("firewall", "SecurityGroup", {
        "network": "${net.id}", "description": "web", "ingress": [{"fromPort": 443, "cidr": "10.20.0.0/16"}],
    }),
    resource("dead", "Queue", {"messageRetention": "14d"}),
    resource("orders", "Queue", {"visibilityTimeout": "30s", "deadLetter": "${dead.address}", "maxReceives": 5, "tags": {"env": "t"}}),
    resource("events", "Topic", {"subscriptions": [{"protocol": "queue", "endpoint": "${orders.address}"}], "tags": {"env": "t"}}),
    resource("uploads", "ObjectStore", {"versioning": True, "tags": {"env": "t"}}),
    resource("open", "gcp/pubsub.v1.topic", {"labels": {"env": "t"}}),
    resource("audit", "gcp/pubsub.v1.subscription", {"subscription": "audit-1", "topic": "${open.id}", "ackDeadlineSeconds": 20}),
    resource("inside", "gcp/compute.v1.firewall", {"network": "${net.id}", "direction": "INGRESS", "sourceRanges": ["10.0.0.0/8"],
                                                   "allowed": [{"IPProtocol": "tcp", "ports": ["22"]}]}),
)  # fmt: skip


@pytest.fixture
def world(gcp: Running) -> Any:
    """A project in which nothing is, and of which nothing is left."""
    reading.recent.forget()
    world = World(gcp, LegacyProvider)
    yield world
    world.do("destroy", unit=world.unit)
    for full in reversed(world.left()):
        gcp.rest("DELETE", full)


def rollout(world: World) -> LegacyRollout:
    """The unit's deployment, as Deployment Manager has it."""
    session = world.provider.open(world.gcp.credential, Work(str(uuid4()), world.scope, "d", world.unit_name))
    return LegacyRollout(session, world.unit_name, "", lambda *_: None)


def test_everything_that_it_has_is_deployed_scanned_without_drift_and_destroyed(world: World) -> None:
    made = world.apply(*EVERY_KIND)
    assert {o.status for o in made.values()} == {Became.CREATED}
    assert world.drift() == {}
    reading.recent.forget()
    assert world.drift() == {}, "read in bulk, by Cloud Asset Inventory"
    assert {o.status for o in world.apply(*EVERY_KIND).values()} == {Became.UNCHANGED}
    deployment = rollout(world)
    assert {one["type"] for one in deployment.listed()} >= {"compute.v1.network", "pubsub.v1.topic", "storage.v1.bucket"}
    assert (deployment.found() or {})["manifest"] in [one["selfLink"] for one in deployment.listed("manifests")]
    assert {urn for urn, status, _ in world.ticks if status == "DONE"} >= {o.urn for o in made.values()}
    assert {o.status for o in world.do("destroy", unit=world.unit)} == {Became.DELETED}
    assert world.left() == []


def test_what_only_the_living_resource_tells_is_a_reference_of_deployment_manager(world: World) -> None:
    theirs = resource("mine", "gcp/compute.v1.network", {"autoCreateSubnetworks": False})
    sub = {"network": "${mine.selfLink}", "region": "europe-west1", "ipCidrRange": "10.9.0.0/24"}
    made = world.apply(theirs, resource("sub", "gcp/compute.v1.subnetwork", sub))
    live = world.gcp.rest("GET", made["sub"].physical_id)[1]
    assert live["network"].endswith(made["mine"].physical_id.partition("/projects/")[2])


def test_a_failure_half_way_is_told_in_googles_words_and_taken_back(world: World) -> None:
    fault = {
        "kind": "resource",
        "match": "storage.googleapis.com",
        "status": 403,
        "code": "quotaExceeded",
        "message": "Quota exceeded: none left",
    }
    world.gcp.control("faults", fault)
    failure = world.refused(unit=world.compile(queue(), NET, resource("up", "ObjectStore", {})))
    assert (failure.code, failure.urn, failure.restored) == ("LIMIT_EXCEEDED", "urn:df:shop:web:up", True)
    assert failure.message == "Quota exceeded: none left"
    assert world.left() == []


def test_what_somebody_else_has_is_not_taken_over_without_a_word(world: World) -> None:
    world.gcp.rest("PUT", f"{_TOPICS}/theirs", {})
    failure = world.refused(unit=world.compile(resource("t", "Topic", {"name": "theirs", "tags": {"a": "b"}})))
    assert (failure.code, failure.restored, failure.urn) == ("ALREADY_EXISTS", True, "urn:df:shop:web:t")
    assert "labels" not in world.gcp.rest("GET", f"{_TOPICS}/theirs")[1]


def test_what_is_imported_is_acquired_and_then_as_it_is_declared(world: World) -> None:
    id = f"{_TOPICS}/theirs"
    world.gcp.rest("PUT", id, {"labels": {"their": "own"}})
    wanted = world.compile(resource("t", "Topic", {"name": "theirs", "tags": {"a": "b"}}, import_id=id))
    assert [o.status for o in world.do("apply", unit=wanted, adopt={"urn:df:shop:web:t": id})] == [Became.UPDATED]
    world.unit = wanted
    labels = world.gcp.rest("GET", id)[1]["labels"]
    assert (labels["a"], labels["their"]) == ("b", "own")
    failing = world.compile(resource("t", "Topic", {"name": "theirs"}, import_id=id), queue(deadLetter="nowhere"))
    assert world.refused(unit=failing, previous=wanted).restored


def test_what_was_imported_outlives_a_change_that_fails(world: World) -> None:
    id = f"{_TOPICS}/theirs"
    world.gcp.rest("PUT", id, {})
    unit = world.compile(resource("t", "Topic", {"name": "theirs"}, import_id=id), queue(deadLetter="nowhere"))
    assert world.refused(unit=unit, adopt={"urn:df:shop:web:t": id}).restored
    assert world.left() == [id]


def test_what_is_retained_when_its_declaration_goes_lives_on(world: World) -> None:
    made = world.apply(queue("a"), queue("b"))
    after = world.apply(queue("b"), retain=(made["a"].urn,))
    assert (after["a"].status, after["b"].status) == (Became.UNCHANGED, Became.UNCHANGED)
    assert world.gcp.rest("GET", made["a"].physical_id)[0] == 200


@pytest.mark.parametrize("change", range(1, 4))
def test_killed_before_any_change_the_second_attempt_ends_the_same(world: World, change: int) -> None:
    world.apply(queue("old"), queue("same"))
    wanted, token, count = world.compile(queue("same", tags={"a": "b"}), queue("new")), str(uuid4()), [0]

    def hold() -> None:
        count[0] += 1
        if count[0] == change:
            raise Killed

    try:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, hold=hold)
    except Killed:
        outcomes = world.do("apply", unit=wanted, previous=world.unit, token=token, resumed=True)
    assert change > 2 or count[0] == change
    became = {o.urn.rpartition(":")[2]: o.status for o in outcomes}
    assert became == {"same": Became.UPDATED, "new": Became.CREATED, "old": Became.DELETED}
    world.unit = wanted
    assert world.drift() == {}


def test_what_has_drifted_or_vanished_is_as_declared_after_the_next_deployment(world: World) -> None:
    slow = resource("s", "Queue", {}, initial={"visibilityTimeout": 60})
    made = world.apply(queue("a"), queue("b"), slow)
    for name in ("a", "s"):
        world.gcp.rest("PATCH", made[name].physical_id, {"subscription": {"ackDeadlineSeconds": 99}})
    world.gcp.rest("DELETE", made["b"].physical_id)
    after = {o.urn[-1]: o.status for o in world.do("apply", unit=world.unit, previous=world.unit)}
    assert after == {"a": Became.UPDATED, "b": Became.CREATED, "s": Became.UNCHANGED}
    assert world.drift() == {}
    assert world.gcp.rest("GET", made["s"].physical_id)[1]["ackDeadlineSeconds"] == 99, (
        "set when it was made, and free since"
    )


def test_rules_that_are_too_much_missing_or_changed_are_put_right(world: World) -> None:
    group = world.apply(NET, EVERY_KIND[2])["firewall"]
    tag, before = group.physical_id.rpartition("/")[2], world.gcp.rest("GET", group.physical_id)[1]
    [rule] = [full for full in world.left() if "/firewalls/" in full and not full.endswith(f"/{tag}")]
    extra = {
        "network": before["network"],
        "direction": "INGRESS",
        "targetTags": [tag],
        "sourceRanges": ["0.0.0.0/0"],
        "allowed": [{"IPProtocol": "tcp"}],
    }
    wrongs = (
        lambda: world.gcp.rest("PUT", f"{group.physical_id.rpartition('/')[0]}/theirs", extra),
        lambda: world.gcp.rest("DELETE", rule),
        lambda: world.gcp.rest("PATCH", rule, {"sourceRanges": ["0.0.0.0/0"]}),
    )  # fmt: skip
    for wrong in wrongs:
        assert wrong()[0] == 200
        assert world.drift() == {"firewall": ["ingress"]}
        target = world.target(group, "ingress")
        assert [o.status for o in world.do("correct", unit=world.unit, targets=(target,))] == [Became.CORRECTED]
        assert world.drift() == {}


def test_what_nobody_asked_to_repair_is_left_as_it_is(world: World) -> None:
    made = world.apply(queue("a"), queue("b"), queue("c"))
    world.gcp.rest("PATCH", made["b"].physical_id, {"subscription": {"ackDeadlineSeconds": 99}})
    world.gcp.rest("DELETE", made["a"].physical_id)
    world.gcp.rest("DELETE", made["c"].physical_id)
    world.do("recreate", unit=world.unit, targets=(world.target(made["c"]),))
    assert world.drift() == {"a": Presence.MISSING, "b": ["visibilityTimeout"]}


def test_a_repair_that_fails_leaves_all_as_it_was_found(world: World) -> None:
    made = world.apply(queue("a"), queue("b"))
    world.gcp.rest("DELETE", made["a"].physical_id)
    world.gcp.control("faults", {"kind": "resource", "match": "/subscriptions/a-", "message": "busy"})
    failure = world.refused("recreate", unit=world.unit, targets=(world.target(made["a"]),))
    assert (failure.restored, "busy" in failure.message) == (True, True)
    assert world.drift() == {"a": Presence.MISSING}
    assert [o.status for o in world.do("recreate", unit=world.unit, targets=(world.target(made["a"]),))] == [
        Became.RECREATED
    ]


def test_throttling_is_waited_for_and_a_busy_deployment_may_be_tried_again(world: World) -> None:
    world.gcp.control(
        "faults", {"kind": "throttle", "method": "POST", "path": "/global/deployments$", "times": 2, "retryAfter": 1}
    )
    world.apply(queue())
    message = "Resource has an ongoing conflicting operation: 'operation-1'."
    world.gcp.control(
        "faults", {"kind": "refuse", "method": "PUT", "path": "/global/deployments/", "status": 409, "message": message}
    )
    failure = world.refused(unit=world.compile(queue(tags={"a": "b"})), previous=world.unit)
    assert (failure.code, failure.retryable) == ("UNIT_BUSY", True)


# --- its end --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 403, "code": "SERVICE_DISABLED", "message": "Cloud Deployment Manager V2 API has been disabled"},
        {"status": 410, "message": "The API has been shut down"},
    ],
)
def test_that_the_service_has_ended_is_said_with_what_to_do(world: World, answer: dict[str, Any]) -> None:
    world.gcp.control("faults", {"kind": "refuse", "method": "GET", "path": _API, **answer})
    failure = world.refused(unit=world.compile(queue()))
    assert (failure.code, failure.restored, failure.retryable) == ("NOT_AVAILABLE", True, False)
    assert answer["message"] in failure.message
    assert "31 March 2026" in str(failure.hint)
    assert "deployforge import --format deployment-manager" in str(failure.hint)


def test_without_its_client_there_is_no_engine(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "googleapiclient.discovery", None)
    failure = world.refused(unit=world.compile(queue()))
    assert (failure.code, failure.restored) == ("NOT_AVAILABLE", True)
    assert "deployforge-mcal[deployment-manager]" in str(failure.hint)


def test_who_may_only_read_is_refused(world: World) -> None:
    failure = world.refused(root={**world.gcp.credential, "serviceAccount": READER}, unit=world.compile(queue()))
    assert failure.code == "ACCESS_DENIED"
