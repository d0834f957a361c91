"""A small deployment on the emulated AWS, and what tests do with it; one per test, cleaned up after it."""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import uuid4

import pytest
from deployforge_mcal.adapters.aws import deployed
from deployforge_mcal.adapters.aws.provider import AwsProvider
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.application.ports import Work
from deployforge_mcal.domain.units import CompiledUnit, Observed, Outcome, ResourceSpec, Scope, Target, UnitSpec

SCOPE = Scope("aws", "000000000000", "eu-west-1", "aws-test")
_numbers = itertools.count(1)


def resource(name: str, type: str, properties: Mapping[str, Any], **more: Any) -> ResourceSpec:
    """A declaration."""
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties, **more)


EVERY_KIND = (
    resource("net", "Network", {"cidr": "10.20.0.0/16", "dnsSupport": True, "dnsHostnames": True, "tags": {"env": "t"}}),
    resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.20.1.0/24", "public": True, "tags": {"tier": "web"}}),
    resource(
        "firewall", "SecurityGroup",
        {
            "network": "${net.id}", "description": "web", "tags": {"tier": "web"},
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "cidr": "10.20.0.0/16", "description": "inside"},
                {"protocol": "tcp", "fromPort": 8000, "toPort": 8080, "cidr": "10.0.0.0/8"},
            ],
        },
    ),
    resource("orders-dead", "Queue", {"messageRetention": "14d"}),
    resource(
        "orders", "Queue",
        {"visibilityTimeout": "30s", "deadLetter": "${orders-dead.arn}", "maxReceives": 5, "encrypted": True,
         "tags": {"env": "t"}},
    ),
    resource(
        "events", "Topic",
        {"displayName": "Orders of $${web.shop}", "subscriptions": [{"protocol": "sqs", "endpoint": "${orders.arn}"}],
         "tags": {"env": "t"}},
    ),
    resource(
        "carts", "Table",
        {"hashKey": {"name": "id", "type": "S"}, "rangeKey": {"name": "at", "type": "N"}, "ttlAttribute": "ttl",
         "pointInTimeRecovery": True, "tags": {"env": "t"}},
    ),
    resource("uploads", "ObjectStore", {"versioning": True, "encryption": "AES256", "tags": {"env": "t"}}),
    resource(
        "worker", "Role",
        {
            "trust": {"service": "lambda.amazonaws.com"}, "description": "works", "tags": {"env": "t"},
            "policies": [
                {"name": "take", "document": {
                    "Version": "2012-10-17",
                    "Statement": {"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": "${orders.arn}"},
                }},
            ],
        },
    ),
    resource("alarms", "aws/AWS::SNS::Topic", {"DisplayName": "Alarms", "Tags": [{"Key": "env", "Value": "t"}]}),
)  # fmt: skip


class World:
    """One unit and the verbs on it, each with a token and a credential of its own."""

    resource = staticmethod(resource)
    every_kind = EVERY_KIND
    scope = SCOPE

    def __init__(self, endpoint: str, root: Mapping[str, Any]) -> None:
        self.provider = AwsProvider(endpoint)
        self.root = root
        self.unit_name = f"df-shop-web{next(_numbers)}-aws-0-0"
        self.deployment_id = str(uuid4())
        self.unit: CompiledUnit | None = None
        self.ticks: list[tuple[str | None, str, str | None]] = []

    def compile(self, *resources: ResourceSpec) -> CompiledUnit:
        """Compile a unit of these resources."""
        spec = UnitSpec(self.deployment_id, "aws/0.0", self.unit_name, SCOPE, resources, {"team": "shop"})
        return self.provider.compile(spec)

    def work(self, **fields: Any) -> Work:
        """An operation."""
        token = fields.pop("token", str(uuid4()))
        return Work(token, SCOPE, self.deployment_id, self.unit_name, **fields)

    def run(self, verb: str, work: Work) -> list[Outcome]:
        """Do an operation under its own credential."""
        session = self.provider.open(self.root, work)
        found: list[Outcome] = getattr(self.provider, verb)(session, work, lambda *tick: self.ticks.append(tick))
        return found

    def apply(self, *resources: ResourceSpec, **fields: Any) -> dict[str, Outcome]:
        """Make the unit what is declared; outcomes by name."""
        wanted = self.compile(*resources)
        work = self.work(unit=wanted, previous=self.unit, **fields)
        outcomes = self.run("apply", work)
        self.unit = wanted
        return {o.urn.rpartition(":")[2]: o for o in outcomes}

    def targets(self) -> dict[str, Target]:
        """Every resource with its desired values, references resolved."""
        assert self.unit is not None
        session = self.provider.open(self.root, self.work(unit=self.unit))
        found = deployed.targets(session, Stack(session, self.unit_name, lambda *_: None, {}), self.unit, {}, SCOPE)
        return {t.urn.rpartition(":")[2]: t for t in found}

    def observe(self, targets: Sequence[Target]) -> list[Observed]:
        """Read with a credential that can do nothing else."""
        session = self.provider.open_reader(self.root, SCOPE, [t.type for t in targets])
        return self.provider.observe(session, SCOPE, targets)

    def destroy(self, **fields: Any) -> list[Outcome]:
        """End the unit."""
        return self.run("destroy", self.work(unit=self.unit, **fields))


@pytest.fixture
def world(aws: Any) -> Iterator[World]:
    """One unit's worth of emulated AWS."""
    world = World(aws.endpoint, aws.root)
    yield world
    world.destroy()


@pytest.fixture(scope="session")
def make_world() -> Callable[[str, Mapping[str, Any]], World]:
    """Makes worlds, of an endpoint and a root credential."""
    return World


@pytest.fixture(scope="module")
def shared(aws: Any) -> Iterator[World]:
    """One unit with a resource of every kind, for tests that leave it as they found it."""
    world = World(aws.endpoint, aws.root)
    world.apply(*world.every_kind)
    yield world
    world.destroy()
