"""Blueprints run by real OpenTofu, with stand-ins for what only the `google` provider has."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from deployforge_local import opentofu
from deployforge_mcal.adapters.gcp.provider import GcpProvider
from deployforge_mcal.application.ports import ProviderFailure, Work
from deployforge_mcal.domain.units import Became, Presence, ResourceSpec, Scope, Target, UnitSpec

from tests.emulators.gcp.opentofu import OpenTofu, stand_ins
from tests.emulators.gcp.running import PROJECT, emulator
from tests.emulators.gcp.terraform import Invalid

SCOPE = Scope("gcp", PROJECT, "europe-west1", "gcp-test")
#: What Terraform would evaluate, were it not escaped.
AWKWARD = '${path.module} $${x} %{ if true }a%{ endif } \\n "q" é'


@pytest.fixture(scope="module")
def program() -> Path:
    """OpenTofu, built at the first use on a machine."""
    return opentofu.install(print).program


def resource(name: str, type: str, properties: dict[str, Any], **more: Any) -> ResourceSpec:
    return ResourceSpec(f"urn:df:shop:web:{name}", name, type, properties, **more)


def test_a_unit_is_made_changed_repaired_and_ended_by_what_opentofu_evaluates(program: Path, tmp_path: Path) -> None:
    with emulator(tmp_path, seconds=0.0, tofu=program) as gcp:
        provider, name = GcpProvider(gcp.url), "df-u"

        def do(verb: str, **fields: Any) -> Any:
            work = Work(str(uuid4()), SCOPE, "d", name, **fields)
            return getattr(provider, verb)(provider.open(gcp.credential, work), work, lambda *_: None)

        def unit(*resources: ResourceSpec) -> Any:
            return provider.compile(UnitSpec("d", "gcp/0.0", name, SCOPE, resources))

        worker = resource("worker", "Role", {"description": AWKWARD.replace("${", "$${")})
        net = resource("net", "Network", {"cidr": "10.0.0.0/16"})
        sub = resource("sub", "Subnet", {"network": "${net.id}", "cidr": "10.0.1.0/24"})
        first = unit(worker, net, sub)
        made = do("apply", unit=first)
        assert {o.status for o in made} == {Became.CREATED}
        assert gcp.rest("GET", made[0].physical_id)[1]["description"] == AWKWARD
        gcp.rest("DELETE", made[2].physical_id)
        target = Target(made[2].urn, "Subnet", made[2].physical_id)
        assert [o.status for o in do("recreate", unit=first, targets=(target,))] == [Became.RECREATED]
        second = unit(worker, net, resource("cache", "Cache", {"description": "d", "size": "small"}))
        after = do("apply", unit=second, previous=first)
        assert [o.status for o in after] == [Became.UNCHANGED, Became.UNCHANGED, Became.CREATED, Became.DELETED]
        session = provider.open_reader(gcp.credential, SCOPE, ["Role"])
        seen = provider.observe(session, SCOPE, [Target(made[0].urn, "Role", made[0].physical_id)])[0]
        assert (seen.presence, seen.properties["description"]) == (Presence.PRESENT, AWKWARD)
        with pytest.raises(ProviderFailure) as failed:
            do("apply", unit=unit(worker, net, resource("q", "Queue", {"deadLetter": "nowhere"})), previous=second)
        assert failed.value.failure.restored
        do("destroy", unit=second)
        assert gcp.left() == []


def test_opentofu_s_own_refusal_is_told(program: Path) -> None:
    circle = {n: {"name": "x", "depends_on": [f"google_pubsub_topic.{o}"]} for n, o in ("ab", "ba")}
    with pytest.raises(Invalid, match="Cycle"):
        OpenTofu(program).run({"resource": {"google_pubsub_topic": circle}})
    assert OpenTofu(program).run({}) == {}


def test_what_only_the_provider_tells_is_a_dependency_of_the_stand_in() -> None:
    host = {"name": "${google_redis_instance.cache.host}:$${google_a.b.c}"}
    [made] = stand_ins({"resource": {"google_pubsub_topic": {"t": host}}})["resource"]["terraform_data"].values()
    assert made["depends_on"] == ["terraform_data.google_redis_instance--cache"]
    assert made["input"] == {"name": "${terraform_data.google_redis_instance--cache.id}:$${google_a.b.c}"}
