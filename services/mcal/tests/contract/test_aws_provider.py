"""The AWS adapter on an emulated AWS that enforces access rules: what each verb must leave behind."""

import json
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.units import Became, Presence, Target

CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "net": ("Network", {"dnsHostnames": False}),
    "sub": ("Subnet", {"public": False}),
    "firewall": ("SecurityGroup", {"ingress": [{"protocol": "tcp", "fromPort": 22, "toPort": 22, "cidr": "0.0.0.0/0"}]}),
    "orders": ("Queue", {"visibilityTimeout": 99, "tags": {"env": "x"}}),
    "events": ("Topic", {"displayName": "Hijacked", "subscriptions": [], "tags": {"env": "x"}}),
    "carts": ("Table", {"ttlAttribute": "other", "pointInTimeRecovery": False, "tags": {"env": "x"}}),
    "uploads": ("ObjectStore", {"publicAccess": "allowed", "versioning": False, "tags": {"env": "x"}}),
    "worker": ("Role", {"policies": [], "trust": {"service": ["ec2.amazonaws.com"]}, "tags": {"env": "x"}}),
    "alarms": ("aws/AWS::SNS::Topic", {"DisplayName": "Hijacked", "Tags": {"env": "x"}}),
}


def tamper(world: Any, aws: Any, target: Target, changed: dict[str, Any]) -> None:
    """Change a live resource with all rights, as somebody at the console would."""
    from deployforge_mcal.adapters.aws import reading
    from deployforge_mcal.adapters.aws.models import model
    from deployforge_mcal.adapters.aws.session import AwsSession
    from deployforge_mcal.domain.operation import Grant

    root = {"AccessKeyId": "test", "SecretAccessKey": "test"}
    session = AwsSession(Grant("", "", (), (), False, None), root, "eu-west-1", aws.endpoint)  # type: ignore[arg-type]
    of = model(target.type)
    live = reading.read(session, of, [target.physical_id])[target.physical_id]
    assert of.kind is not None
    of.kind.write(session, target.physical_id, of.native_of(changed), live)


def test_every_kind_is_exactly_as_declared_right_after_apply(world: Any) -> None:
    outcomes = world.apply(*world.every_kind)
    assert {o.status for o in outcomes.values()} == {Became.CREATED}
    targets = list(world.targets().values())
    assert len(targets) == len(world.every_kind)
    for target, seen, compiled in zip(targets, world.observe(targets), world.unit.resources, strict=True):
        assert seen.presence is Presence.PRESENT, seen
        assert differing(target.desired, seen.properties, compiled.set_paths) == [], target.urn
    resolved = world.targets()
    assert resolved["orders"].desired["deadLetter"] == outcomes["orders-dead"].attributes["arn"]


def test_everything_is_tagged_with_its_urn_and_deployment(world: Any, aws: Any) -> None:
    outcomes = world.apply(*world.every_kind)
    tags = aws.client("sqs").list_queue_tags(QueueUrl=outcomes["orders"].physical_id)["Tags"]
    assert tags["deployforge:urn"] == "urn:df:shop:web:orders"
    assert tags["deployforge:deployment"] == world.deployment_id
    assert tags["team"] == "shop"


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_by_hand_is_put_back(shared: Any, aws: Any, name: str) -> None:
    world = shared
    target = world.targets()[name]
    tamper(world, aws, target, CHANGES[name][1])
    model_sets = next(r.set_paths for r in world.unit.resources if r.name == name)
    drifted = differing(target.desired, world.observe([target])[0].properties, model_sets)
    assert drifted
    outcome = world.run("correct", world.work(unit=world.unit, targets=(target,)))[0]
    assert outcome.status is Became.CORRECTED
    assert differing(target.desired, world.observe([target])[0].properties, model_sets) == []


#: A declaration that the schema allows and only the cloud refuses: there is no such queue.
NOWHERE = {"deadLetter": "arn:aws:sqs:eu-west-1:000000000000:nowhere"}

DELETE: dict[str, Any] = {
    "firewall": lambda aws, id: aws.client("ec2").delete_security_group(GroupId=id),
    "sub": lambda aws, id: aws.client("ec2").delete_subnet(SubnetId=id),
    "orders-dead": lambda aws, id: aws.client("sqs").delete_queue(QueueUrl=id),
    "orders": lambda aws, id: aws.client("sqs").delete_queue(QueueUrl=id),
    "events": lambda aws, id: aws.client("sns").delete_topic(TopicArn=id),
    "carts": lambda aws, id: aws.client("dynamodb").delete_table(TableName=id),
    "uploads": lambda aws, id: aws.client("s3").delete_bucket(Bucket=id),
    "worker": lambda aws, id: (
        aws.client("iam").delete_role_policy(RoleName=id, PolicyName="take"),
        aws.client("iam").delete_role(RoleName=id),
    ),
    "alarms": lambda aws, id: aws.client("sns").delete_topic(TopicArn=id),
}


@pytest.mark.parametrize("name", DELETE)
def test_what_was_deleted_by_hand_comes_back_and_stays_manageable(shared: Any, aws: Any, name: str) -> None:
    world = shared
    target = before = world.targets()[name]
    DELETE[name](aws, target.physical_id)
    assert world.observe([target])[0].presence is Presence.MISSING

    work = world.work(unit=world.unit, targets=(target,))
    outcome = next(o for o in world.run("recreate", work) if o.urn == target.urn)
    assert outcome.status is Became.RECREATED
    assert outcome.physical_id != before.physical_id
    again = world.targets()
    assert again[name].physical_id == outcome.physical_id
    for one, seen in zip(again.values(), world.observe(list(again.values())), strict=True):
        sets = next(r.set_paths for r in world.unit.resources if r.urn == one.urn)
        assert differing(one.desired, seen.properties, sets) == [], one.urn

    repeated = next(o for o in world.run("recreate", work) if o.urn == target.urn)
    assert repeated.physical_id == outcome.physical_id
    assert world.apply(*world.every_kind)[name].physical_id == outcome.physical_id


@pytest.mark.parametrize(
    ("type", "name", "more"),
    [
        ("Queue", "fixed-queue", {}),
        ("Topic", "fixed-topic", {"displayName": "Fixed"}),
        ("ObjectStore", "fixed-bucket-of-test", {"tags": {"a": "b"}}),
        ("Table", "fixed-table", {"hashKey": {"name": "id", "type": "S"}, "ttlAttribute": "ttl"}),
        ("Role", "fixed-role", {"trust": {"service": "lambda.amazonaws.com"}}),
    ],
)
def test_a_deleted_resource_with_a_fixed_name_comes_back_under_it(
    world: Any, aws: Any, type: str, name: str, more: dict[str, Any]
) -> None:
    before = world.apply(world.resource("one", type, {"name": name, **more}))
    target = world.targets()["one"]
    delete = {"Queue": "orders", "Topic": "events", "ObjectStore": "uploads", "Table": "carts"}
    if type == "Role":
        aws.client("iam").delete_role(RoleName=target.physical_id)
    else:
        DELETE[delete[type]](aws, target.physical_id)
    outcome = world.run("recreate", world.work(unit=world.unit, targets=(target,)))[0]
    assert (outcome.status, outcome.physical_id) == (Became.RECREATED, before["one"].physical_id)
    assert world.observe([target])[0].presence is Presence.PRESENT
    assert world.apply(world.resource("one", type, {"name": name, **more}))["one"].status is Became.UNCHANGED


def test_an_update_happens_in_place_and_says_what_changed(world: Any) -> None:
    first = world.apply(world.resource("a", "Queue", {"delay": 1}), world.resource("b", "Queue", {}))
    second = world.apply(world.resource("a", "Queue", {"delay": 2}), world.resource("b", "Queue", {}))
    assert second["a"].status is Became.UPDATED
    assert second["b"].status is Became.UNCHANGED
    assert second["a"].physical_id == first["a"].physical_id
    assert world.observe([world.targets()["a"]])[0].properties["delay"] == 2


def test_a_create_only_change_replaces(world: Any) -> None:
    first = world.apply(world.resource("net", "Network", {"cidr": "10.1.0.0/16"}))
    assert "cidr" in world.unit.resources[0].create_only_paths
    second = world.apply(world.resource("net", "Network", {"cidr": "10.2.0.0/16"}))
    assert second["net"].physical_id != first["net"].physical_id


def test_what_would_be_replaced_and_nobody_has_approved_is_refused_before_anything_changes(world: Any, aws: Any) -> None:
    first = world.apply(
        world.resource("net", "Network", {"cidr": "10.1.0.0/16"}), world.resource("q", "Queue", {"delay": 1})
    )
    wanted = (world.resource("net", "Network", {"cidr": "10.2.0.0/16"}), world.resource("q", "Queue", {"delay": 2}))
    with pytest.raises(ProviderFailure) as failed:
        world.apply(*wanted, replaces=(first["q"].urn,))
    failure = failed.value.failure
    assert (failure.code, failure.urn, failure.restored) == ("MORE_WOULD_CHANGE", first["net"].urn, True)
    assert "CidrBlock" in failure.message
    assert world.observe([world.targets()["q"]])[0].properties["delay"] == 1
    left = aws.client("cloudformation").list_change_sets(StackName=world.unit_name)["Summaries"]
    assert {one["ExecutionStatus"] for one in left} == {"EXECUTE_COMPLETE"}
    assert world.apply(*wanted, replaces=(first["net"].urn,))["net"].physical_id != first["net"].physical_id


def test_what_is_no_longer_declared_is_deleted(world: Any) -> None:
    first = world.apply(world.resource("a", "Queue", {}), world.resource("b", "Queue", {}))
    assert world.apply(world.resource("a", "Queue", {}))["b"].status is Became.DELETED
    gone = Target(first["b"].urn, "Queue", first["b"].physical_id)
    assert world.observe([gone])[0].presence is Presence.MISSING


def test_a_failing_create_leaves_nothing(world: Any, aws: Any) -> None:
    aws.client("s3").create_bucket(
        Bucket="taken-by-somebody", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    with pytest.raises(ProviderFailure) as failed:
        world.apply(
            world.resource("a", "Queue", {"name": f"left-{world.unit_name}"}),
            world.resource("bad", "ObjectStore", {"name": "taken-by-somebody"}, depends_on=("a",)),
        )
    aws.client("s3").delete_bucket(Bucket="taken-by-somebody")
    assert failed.value.failure.restored
    assert (failed.value.failure.code, failed.value.failure.urn) == ("ALREADY_EXISTS", "urn:df:shop:web:bad")
    assert not aws.client("sqs").list_queues(QueueNamePrefix="left-").get("QueueUrls")
    with pytest.raises(ClientError, match="does not exist"):
        aws.client("cloudformation").describe_stacks(StackName=world.unit_name)


def test_a_create_that_fails_half_way_is_rolled_back_and_told_with_its_cause(world: Any, aws: Any) -> None:
    with pytest.raises(ProviderFailure) as failed:
        world.apply(
            world.resource("a", "Queue", {"name": f"half-{world.unit_name}"}),
            world.resource("bad", "Queue", NOWHERE, depends_on=("a",)),
        )
    assert (failed.value.failure.urn, failed.value.failure.restored) == ("urn:df:shop:web:bad", True)
    assert "RedrivePolicy" in failed.value.failure.message
    assert not aws.client("sqs").list_queues(QueueNamePrefix="half-").get("QueueUrls")
    with pytest.raises(ClientError, match="does not exist"):
        aws.client("cloudformation").describe_stacks(StackName=world.unit_name)


def test_a_failing_update_restores(world: Any, aws: Any) -> None:
    world.apply(world.resource("a", "Queue", {"delay": 1}))
    with pytest.raises(ProviderFailure) as failed:
        world.apply(
            world.resource("a", "Queue", {"delay": 9}),
            world.resource("bad", "Queue", NOWHERE, depends_on=("a",)),
        )
    assert failed.value.failure.urn == "urn:df:shop:web:bad"
    assert failed.value.failure.restored
    assert world.observe([world.targets()["a"]])[0].properties["delay"] == 1


def test_the_same_token_twice_is_one_effect(world: Any, aws: Any) -> None:
    unit = world.compile(world.resource("a", "Queue", {}))
    work = world.work(unit=unit)
    first = world.run("apply", work)
    again = world.run("apply", world.work(unit=unit, token=work.token, resumed=True))
    world.unit = unit
    assert [o.physical_id for o in first] == [o.physical_id for o in again]
    assert [o.status for o in again] == [Became.CREATED]
    events = aws.client("cloudformation").describe_stack_events(StackName=world.unit_name)["StackEvents"]
    assert sum(e["ResourceStatus"] == "CREATE_COMPLETE" and e["LogicalResourceId"] == world.unit_name for e in events) == 1


def test_an_operation_that_died_before_executing_is_continued(world: Any, aws: Any) -> None:
    unit = world.compile(world.resource("a", "Queue", {}))
    work = world.work(unit=unit, resumed=True)
    aws.client("cloudformation").create_change_set(
        StackName=world.unit_name,
        ChangeSetName=f"df-{work.token}",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(unit.template),
    )
    assert [o.status for o in world.run("apply", work)] == [Became.CREATED]
    world.unit = unit


def test_a_failure_is_told_again_although_its_stack_is_gone(world: Any, aws: Any) -> None:
    aws.client("s3").create_bucket(Bucket="taken-third", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    unit = world.compile(world.resource("bad", "ObjectStore", {"name": "taken-third"}))
    token = str(uuid4())
    told = []
    for resumed in (False, True):
        with pytest.raises(ProviderFailure) as failed:
            world.run("apply", world.work(unit=unit, token=token, resumed=resumed))
        told.append(failed.value.failure)
    aws.client("s3").delete_bucket(Bucket="taken-third")
    assert told[0] == told[1]


def test_destroy_keeps_what_shall_be_retained(world: Any, aws: Any) -> None:
    made = world.apply(world.resource("a", "Queue", {}), world.resource("b", "Queue", {}))
    targets = list(world.targets().values())
    ended = {o.urn: o.status for o in world.destroy(retain=("urn:df:shop:web:a",))}
    assert ended == {"urn:df:shop:web:a": Became.UNCHANGED, "urn:df:shop:web:b": Became.DELETED}
    assert [o.presence for o in world.observe(targets)] == [Presence.PRESENT, Presence.MISSING]
    aws.client("sqs").delete_queue(QueueUrl=made["a"].physical_id)


def test_destroy_works_when_resources_have_vanished_and_when_all_is_gone(world: Any, aws: Any) -> None:
    made = world.apply(world.resource("a", "Queue", {}), world.resource("b", "Queue", {}))
    aws.client("sqs").delete_queue(QueueUrl=made["a"].physical_id)
    assert {o.status for o in world.destroy()} == {Became.DELETED}
    assert {o.status for o in world.destroy()} == {Became.DELETED}


def test_a_credential_is_refused_for_anything_else(world: Any, aws: Any) -> None:
    other = aws.client("sqs").create_queue(QueueName="somebody-elses")["QueueUrl"]
    unit = world.compile(world.resource("a", "Queue", {}))
    session = world.provider.open(world.root, world.work(unit=unit))
    for call in (
        lambda: session.call("sqs", "delete_queue", QueueUrl=other),
        lambda: session.call("sqs", "create_queue", QueueName="another"),
        lambda: session.call("s3", "list_buckets"),
        lambda: session.call("cloudformation", "delete_stack", StackName="df-somebody-else"),
        lambda: session.call("sqs", "receive_message", QueueUrl=other),
    ):
        with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
            call()
    aws.client("sqs").delete_queue(QueueUrl=other)


def test_a_credential_is_refused_in_another_region(world: Any) -> None:
    unit = world.compile(world.resource("a", "Queue", {}))
    session = world.provider.open(world.root, world.work(unit=unit))
    elsewhere = AwsSession(session.grant, session._keys, "us-west-2", session.endpoint)
    named = {"QueueName": f"{world.unit_name}-a-1"}
    with pytest.raises(ClientError, match=r"AccessDenied|not authorized"):
        elsewhere.call("sqs", "create_queue", **named)
    url = session.call("sqs", "create_queue", **named)["QueueUrl"]
    session.call("sqs", "delete_queue", QueueUrl=url)


def test_a_reading_credential_changes_nothing(world: Any) -> None:
    made = world.apply(world.resource("a", "Queue", {}))
    reader = world.provider.open_reader(world.root, world.scope, ["Queue"])
    assert reader.grant.read_only
    with pytest.raises(ClientError, match="not authorized"):
        reader.of("Queue").call("sqs", "delete_queue", QueueUrl=made["a"].physical_id)


def test_an_existing_resource_is_adopted(world: Any, aws: Any) -> None:
    url = aws.client("sqs").create_queue(QueueName=f"legacy-{world.unit_name}")["QueueUrl"]
    declared = (
        world.resource("legacy", "Queue", {"name": f"legacy-{world.unit_name}", "delay": 7}, import_id=url),
        world.resource("new", "Queue", {}),
    )
    outcomes = world.apply(*declared, adopt={"urn:df:shop:web:legacy": url})
    assert outcomes["legacy"].status is Became.ADOPTED
    assert outcomes["legacy"].physical_id == url
    assert world.observe([world.targets()["legacy"]])[0].properties["delay"] == 7


def test_a_preview_tells_and_changes_nothing(world: Any) -> None:
    world.apply(world.resource("a", "Queue", {"delay": 1}))
    work = world.work(unit=world.compile(world.resource("a", "Queue", {"delay": 2}), world.resource("b", "Queue", {})))
    told = world.provider.preview(world.provider.open(world.root, work), work)
    assert {(c.urn.rpartition(":")[2], c.action) for c in told} == {("a", "modify"), ("b", "add")}
    assert list(world.targets()) == ["a"]


def test_a_native_type_without_a_reader_says_that_it_was_not_checked(world: Any) -> None:
    world.apply(world.resource("key", "aws/AWS::KMS::Key", {"Description": "of the shop"}))
    seen = world.observe([world.targets()["key"]])[0]
    assert seen.presence is Presence.NOT_CHECKED
    assert "AWS::KMS::Key" in seen.reason


def test_a_role_whose_root_credential_is_refused_fails_typed(world: Any) -> None:
    work = world.work(unit=world.compile(world.resource("a", "Queue", {})))
    with pytest.raises(ProviderFailure) as failed:
        world.provider.open({**world.root, "roleArn": "arn:aws:iam::000000000000:role/nobody"}, work)
    assert failed.value.failure.code == "ACCESS_DENIED"


def test_an_invalid_unit_names_every_problem(world: Any) -> None:
    with pytest.raises(InvalidUnit) as invalid:
        world.compile(
            world.resource("a", "Queue", {"visibilityTimout": "30s", "delay": "soon"}),
            world.resource("b", "aws/AWS::SNS::Topic", {"DisplayNam": "x"}),
            world.resource("c", "Quue", {}),
        )
    found = {p.path: p.hint for p in invalid.value.problems}
    assert found["a.properties.visibilityTimout"] == "did you mean visibilityTimeout?"
    assert "a.properties.delay" in found
    assert found["b.properties.DisplayNam"] == "did you mean DisplayName?"
    assert found["c.type"] == "did you mean Queue?"


def test_what_there_is_can_be_listed_with_a_reading_credential(world: Any, aws: Any) -> None:
    outcomes = world.apply(*world.every_kind)
    stray = aws.client("sqs").create_queue(QueueName=f"stray-{uuid4().hex[:8]}", tags={"owner": "me"})["QueueUrl"]
    elsewhere = f"far-{uuid4().hex[:8]}"
    aws.client("s3", "eu-central-1").create_bucket(
        Bucket=elsewhere, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    kinds = {"Queue": "orders", "Topic": "events", "Table": "carts", "ObjectStore": "uploads"}
    assert set(world.provider.listable()) == set(kinds)
    for type, name in kinds.items():
        reader = world.provider.open_reader(world.root, world.scope, [type])
        listed = world.provider.list_ids(reader, type)
        assert outcomes[name].physical_id in listed, "by the physical ids that deployments have"
        assert (stray in listed) == (type == "Queue")
        assert elsewhere not in listed, "of another region"
    reader = world.provider.open_reader(world.root, world.scope, ["Queue"])
    [seen] = world.provider.observe(reader, world.scope, [Target("", "Queue", stray)])
    assert seen.properties["tags"] == {"owner": "me"}
