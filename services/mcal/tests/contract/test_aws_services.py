"""Databases, caches, functions, load balancers, names and logs on an emulated AWS: as declared, put right, brought back,
and no secret of theirs shown."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.aws import deployed, reading
from deployforge_mcal.adapters.aws.models import model
from deployforge_mcal.adapters.aws.session import AwsSession
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.adapters.environments import PLAIN
from deployforge_mcal.application.secrets import SecretAccess, Secrets
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.operation import Grant
from deployforge_mcal.domain.units import Became, Outcome, Presence, Target

TOKEN = "canary-of-a-function-token"
PASSWORD = "canary-of-a-database-password"
VALUES = {"token": TOKEN, "password": PASSWORD}


class Kept:
    """A source in memory."""

    def resolve(self, name: str, access: SecretAccess) -> str:
        return VALUES[name]


class NoMarks:
    def key(self) -> bytes:
        return b"k" * 32


class Services:
    """Two units with a resource of each of these types: the credential of one has no room for all of them."""

    def __init__(self, worlds: Sequence[Any], aws: Any) -> None:
        self.worlds, self.aws = worlds, aws
        self.secrets = Secrets({"kept": Kept()}, NoMarks(), dict)  # type: ignore[arg-type]
        self.bucket = f"code-{uuid4().hex[:8]}"
        place = {"LocationConstraint": "eu-west-1"}
        aws.client("s3").create_bucket(Bucket=self.bucket, CreateBucketConfiguration=place)
        self.zone = aws.client("route53").create_hosted_zone(Name="example.com", CallerReference=self.bucket)["HostedZone"]
        for key in ("one.zip", "two.zip"):
            aws.client("s3").put_object(Bucket=self.bucket, Key=key, Body=_archive())
        self.outcomes = self.apply()

    def declared(self, *, key: str = "one.zip", ttl: str = "5m") -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        make = self.worlds[0].resource
        zone = self.zone["Id"].rpartition("/")[2]
        return (
            (
                make("net", "Network", {"cidr": "10.20.0.0/16"}),
                make("sub", "Subnet", {"network": "${net.id}", "cidr": "10.20.1.0/24"}),
                make("firewall", "SecurityGroup", {"network": "${net.id}", "description": "inner"}),
                make("lb", "LoadBalancer", {
                    "public": True, "subnets": ["${sub.id}"], "securityGroups": ["${firewall.id}"], "idleTimeout": "2m",
                    "deletionProtection": False, "tags": {"env": "t"},
                }),
                make("www", "DnsRecord", {"zone": zone, "name": "www.example.com", "record": "CNAME", "values": ["${lb.host}"], "ttl": ttl}),
                make("any", "DnsRecord", {"zone": zone, "name": "*.example.com", "record": "A", "values": ["10.0.0.2", "10.0.0.1"]}),
                make("mail", "DnsRecord", {"zone": zone, "name": "*.example.com", "record": "TXT", "values": ['"v=spf1 -all"']}),
                make("db", "Database", {
                    "engine": "postgres", "version": "16", "size": "small", "storage": "20Gi", "username": "shop",
                    "password": "${secret://kept/password}", "databaseName": "shop", "backupRetention": "7d",
                    "securityGroups": ["${firewall.id}"], "tags": {"env": "t"},
                }),
            ),
            (
                make("worker", "Role", {"usedBy": ["function"]}),
                make("logs", "LogGroup", {"name": "/shop/web", "retention": "30d", "tags": {"env": "t"}}),
                make("resize", "Function", {
                    "runtime": "python3.12", "handler": "main.go", "code": {"store": self.bucket, "key": key},
                    "role": "${worker.address}", "memory": "256Mi", "timeout": "30s", "description": "resizes",
                    "environment": {"STAGE": "t"}, "secrets": {"TOKEN": "${secret://kept/token}"}, "tags": {"env": "t"},
                }),
                # A fixed name, so that it comes back by its service's own API.
                make("carts", "Cache", {
                    "name": "carts", "description": "carts", "size": "small", "version": "7.1", "replicas": 1,
                    "password": "${secret://kept/password}", "tags": {"env": "t"},
                }),
            ),
        )  # fmt: skip

    def apply(self, **changed: Any) -> dict[str, Outcome]:
        found: dict[str, Outcome] = {}
        for world, declared in zip(self.worlds, self.declared(**changed), strict=True):
            unit = self.secrets.marked(world.compile(*declared))
            outcomes = world.run("apply", world.work(unit=unit, previous=world.unit, secrets=self.use(world)))
            world.unit = unit
            found |= {o.urn.rpartition(":")[2]: o for o in outcomes}
        return found

    def use(self, world: Any) -> Any:
        return self.secrets.use(world.deployment_id, world.scope)

    def of(self, target: Target) -> Any:
        return next(w for w in self.worlds if any(r.urn == target.urn for r in w.unit.resources))

    def run(self, verb: str, target: Target) -> Outcome:
        world = self.of(target)
        work = world.work(unit=world.unit, targets=(target,), secrets=self.use(world))
        found: Outcome = next(o for o in world.run(verb, work) if o.urn == target.urn)
        return found

    def targets(self) -> dict[str, Target]:
        found: dict[str, Target] = {}
        for world in self.worlds:
            session = world.provider.open(world.root, world.work(unit=world.unit))
            stack = Stack(session, world.unit_name, lambda *_: None, {})
            there = deployed.targets(session, stack, world.unit, {}, world.scope)
            found |= {t.urn.rpartition(":")[2]: t for t in there}
        return found

    def differences(self, name: str) -> list[str]:
        target = self.targets()[name]
        world = self.of(target)
        [seen] = world.observe([target])
        assert seen.presence is Presence.PRESENT, seen
        assert not any(value in repr(seen) for value in VALUES.values())
        sets = next(r.set_paths for r in world.unit.resources if r.name == name)
        return differing(target.desired, seen.properties, sets)


def _archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("main.py", "def go(event, context):\n    return 1\n")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def services(aws: Any, make_world: Any) -> Iterator[Services]:
    worlds = [make_world(aws.endpoint, aws.root) for _ in range(2)]
    yield Services(worlds, aws)
    for world in worlds:
        world.destroy()


NAMES = ("logs", "lb", "www", "any", "mail", "resize", "db", "carts")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_exactly_as_declared_right_after_apply(services: Services, name: str) -> None:
    assert services.outcomes[name].status is Became.CREATED
    assert services.differences(name) == []


def test_what_only_a_living_resource_tells_can_be_referred_to(services: Services) -> None:
    told = {name: services.outcomes[name].attributes for name in ("lb", "db", "carts")}
    assert services.targets()["www"].desired["values"] == [told["lb"]["host"]]
    assert told["db"]["host"]
    assert told["carts"]["port"] == "6379"


def test_secrets_are_set_and_nothing_shows_them(services: Services) -> None:
    function = services.aws.client("lambda").get_function_configuration(
        FunctionName=services.outcomes["resize"].physical_id
    )
    assert function["Environment"]["Variables"] == {"STAGE": "t", "TOKEN": TOKEN, PLAIN: "STAGE"}
    said = repr([[(world.unit, world.ticks) for world in services.worlds], services.outcomes])
    assert not any(value in said for value in VALUES.values())


def test_a_function_that_lost_its_list_of_plain_variables_shows_none(services: Services) -> None:
    client, id = services.aws.client("lambda"), services.outcomes["resize"].physical_id
    client.update_function_configuration(FunctionName=id, Environment={"Variables": {"STAGE": "t", "TOKEN": TOKEN}})
    assert services.differences("resize") == ["environment.STAGE"]
    services.run("correct", services.targets()["resize"])
    assert services.differences("resize") == []
    now = client.get_function_configuration(FunctionName=id)["Environment"]["Variables"]
    assert now == {"STAGE": "t", "TOKEN": TOKEN, PLAIN: "STAGE"}


CHANGES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "logs": ({"retention": 86_400, "tags": {"env": "x"}}, ["retention", "tags.env"]),
    "lb": ({"idleTimeout": 60, "securityGroups": [], "tags": {"env": "x"}}, ["idleTimeout", "securityGroups", "tags.env"]),
    "www": ({"ttl": 60, "values": ["elsewhere.example.com"]}, ["ttl", "values"]),
    "any": ({"values": ["10.0.0.1"]}, ["values"]),
    "mail": ({"values": ['"v=spf1 +all"']}, ["values"]),
    "resize": (
        {"memory": 2**27, "timeout": 3, "description": "x", "environment": {"STAGE": "x"}, "tags": {"env": "x"}},
        ["description", "environment.STAGE", "memory", "tags.env", "timeout"],
    ),
    "db": (
        {"size": "large", "public": True, "backupRetention": 86_400, "tags": {"env": "x"}},
        ["backupRetention", "public", "size", "tags.env"],
    ),
    "carts": ({"description": "x", "size": "large", "replicas": 2, "tags": {"env": "x"}}, ["description", "replicas", "size", "tags.env"]),
}  # fmt: skip


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_changed_by_hand_is_seen_and_put_back(services: Services, name: str) -> None:
    changed, paths = CHANGES[name]
    target = services.targets()[name]
    everything = Grant("", "", (), (), False, None)  # type: ignore[arg-type]
    keys = {"AccessKeyId": "test", "SecretAccessKey": "test"}
    session = AwsSession(everything, keys, "eu-west-1", services.aws.endpoint)
    of = model(target.type)
    live = reading.read(session, of, [target.physical_id])[target.physical_id]
    assert of.kind is not None
    of.kind.write(session, target.physical_id, of.native_of(changed), live)
    assert services.differences(name) == paths
    assert services.run("correct", target).status is Became.CORRECTED
    assert services.differences(name) == []


def _without_record(aws: Any, target: Target) -> None:
    name, zone, type = target.physical_id.split("|")
    record = {
        "Name": name, "Type": type, "TTL": target.desired["ttl"],
        "ResourceRecords": [{"Value": v} for v in target.desired["values"]],
    }  # fmt: skip
    batch = {"Changes": [{"Action": "DELETE", "ResourceRecordSet": record}]}
    aws.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


DELETE: dict[str, Callable[[Any, Target], object]] = {
    "logs": lambda aws, t: aws.client("logs").delete_log_group(logGroupName=t.physical_id),
    "lb": lambda aws, t: aws.client("elbv2").delete_load_balancer(LoadBalancerArn=t.physical_id),
    "any": _without_record,
    "resize": lambda aws, t: aws.client("lambda").delete_function(FunctionName=t.physical_id),
    "db": lambda aws, t: aws.client("rds").delete_db_instance(DBInstanceIdentifier=t.physical_id, SkipFinalSnapshot=True),
    "carts": lambda aws, t: aws.client("elasticache").delete_replication_group(ReplicationGroupId=t.physical_id),
}


@pytest.mark.parametrize("name", DELETE)
def test_what_was_deleted_by_hand_comes_back(services: Services, name: str) -> None:
    target = services.targets()[name]
    DELETE[name](services.aws, target)
    assert services.of(target).observe([target])[0].presence is Presence.MISSING
    back = services.run("recreate", target)
    assert back.status is Became.RECREATED
    assert services.targets()[name].physical_id == back.physical_id
    assert services.differences(name) == []


def test_new_code_is_a_change_and_arrives(services: Services) -> None:
    outcomes = services.apply(key="two.zip", ttl="1m")
    changed = {name for name, o in outcomes.items() if o.status is Became.UPDATED}
    assert changed == {"resize", "www"}
    assert services.targets()["resize"].desired["code"]["key"] == "two.zip"
    assert services.differences("resize") == []
    old = replace(
        services.targets()["resize"], desired={"code": {"store": services.bucket, "key": "one.zip"}}, paths=("code",)
    )
    assert services.run("correct", old).status is Became.CORRECTED
    assert services.differences("resize") == ["code.key"]
