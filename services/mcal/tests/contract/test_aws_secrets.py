"""Secrets on an emulated AWS that enforces access rules: set, kept while other things are put right, never shown."""

from dataclasses import replace
from typing import Any

import pytest
from deployforge_mcal.adapters.aws import deployed
from deployforge_mcal.adapters.aws.stacks import Stack
from deployforge_mcal.application.secrets import SecretAccess, Secrets, SecretUse
from deployforge_mcal.domain.difference import differing
from deployforge_mcal.domain.units import Became, CompiledUnit, Outcome, Presence, Target

CANARY = "canary-7c1f-value"
REFERENCE = "${secret://kept/db}"


class Kept:
    """A source in memory."""

    def __init__(self, **values: str) -> None:
        self.values = values

    def resolve(self, name: str, access: SecretAccess) -> str:
        return self.values[name]


class NoMarks:
    def key(self) -> bytes:
        return b"k" * 32


class Shop:
    """A world whose units hold secrets."""

    def __init__(self, world: Any) -> None:
        self.world, self.kept = world, Kept(db=CANARY)
        self.secrets = Secrets({"kept": self.kept}, NoMarks(), dict)  # type: ignore[arg-type]

    def use(self) -> SecretUse:
        return self.secrets.use(self.world.deployment_id, self.world.scope)

    def unit(self, **properties: Any) -> CompiledUnit:
        secret = self.world.resource("db", "Secret", {"value": REFERENCE, "description": "of the shop", **properties})
        native = self.world.resource("raw", "aws/AWS::SecretsManager::Secret", {"SecretString": REFERENCE})
        return self.secrets.marked(self.world.compile(secret, native))

    def apply(self, **properties: Any) -> dict[str, Outcome]:
        unit = self.unit(**properties)
        outcomes = self.world.run("apply", self.world.work(unit=unit, previous=self.world.unit, secrets=self.use()))
        self.world.unit = unit
        return {o.urn.rpartition(":")[2]: o for o in outcomes}

    def target(self, name: str) -> Target:
        world = self.world
        session = world.provider.open(world.root, world.work(unit=world.unit))
        found = deployed.targets(session, Stack(session, world.unit_name, lambda *_: None, {}), world.unit, {}, world.scope)
        return next(t for t in found if t.urn.endswith(f":{name}"))

    def differences(self, name: str) -> list[str]:
        target = self.target(name)
        [seen] = self.world.observe([target])
        assert seen.presence is Presence.PRESENT, seen
        assert CANARY not in repr(seen)
        return differing(target.desired, seen.properties, ())


@pytest.fixture
def shop(world: Any) -> Shop:
    return Shop(world)


def value_of(aws: Any, id: str) -> str:
    return str(aws.client("secretsmanager").get_secret_value(SecretId=id)["SecretString"])


def test_a_secret_is_set_and_nothing_shows_it(shop: Shop, aws: Any) -> None:
    outcomes = shop.apply(tags={"env": "t"})
    assert {o.status for o in outcomes.values()} == {Became.CREATED}
    assert [value_of(aws, o.physical_id) for o in outcomes.values()] == [CANARY, CANARY]
    assert [shop.differences(name) for name in ("db", "raw")] == [[], []]
    cloudformation = aws.client("cloudformation")
    described = cloudformation.describe_stacks(StackName=shop.world.unit_name)["Stacks"][0]["Parameters"]
    template = cloudformation.get_template(StackName=shop.world.unit_name)["TemplateBody"]
    assert CANARY not in repr([described, template, shop.world.unit, shop.world.ticks, outcomes])


def test_another_value_updates_it_and_the_same_changes_nothing(shop: Shop, aws: Any) -> None:
    id = shop.apply()["db"].physical_id
    assert {o.status for o in shop.apply().values()} == {Became.UNCHANGED}
    shop.kept.values["db"] = "another canary"
    outcomes = shop.apply()
    assert {o.status for o in outcomes.values()} == {Became.UPDATED}
    assert value_of(aws, id) == "another canary"


def test_putting_other_things_right_leaves_the_value(shop: Shop, aws: Any) -> None:
    id = shop.apply(tags={"env": "t"})["db"].physical_id
    aws.client("secretsmanager").update_secret(SecretId=id, Description="hijacked")
    aws.client("secretsmanager").tag_resource(SecretId=id, Tags=[{"Key": "env", "Value": "x"}])
    assert shop.differences("db") == ["description", "tags.env"]
    [outcome] = shop.world.run(
        "correct", shop.world.work(unit=shop.world.unit, targets=(shop.target("db"),), secrets=shop.use())
    )
    assert outcome.status is Became.CORRECTED
    assert shop.differences("db") == []
    assert value_of(aws, id) == CANARY


def test_a_value_is_put_back_where_that_is_asked_for_by_name(shop: Shop, aws: Any) -> None:
    id = shop.apply()["db"].physical_id
    aws.client("secretsmanager").update_secret(SecretId=id, SecretString="hijacked")
    target = replace(shop.target("db"), paths=("value",))
    [outcome] = shop.world.run("correct", shop.world.work(unit=shop.world.unit, targets=(target,), secrets=shop.use()))
    assert outcome.status is Became.CORRECTED
    assert value_of(aws, id) == CANARY


@pytest.mark.parametrize("name", ["", "shop/fixed-name"])
def test_a_vanished_secret_comes_back_with_its_value(shop: Shop, aws: Any, name: str) -> None:
    id = shop.apply(**({"name": name} if name else {}))["db"].physical_id
    aws.client("secretsmanager").delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)
    [seen] = shop.world.observe([Target("urn:df:shop:web:db", "Secret", id)])
    assert seen.presence is Presence.MISSING
    target = Target("urn:df:shop:web:db", "Secret", id, shop.world.unit.resources[0].desired)
    outcomes = shop.world.run("recreate", shop.world.work(unit=shop.world.unit, targets=(target,), secrets=shop.use()))
    again = next(o for o in outcomes if o.urn == target.urn)
    assert again.status is Became.RECREATED
    assert value_of(aws, again.physical_id) == CANARY
