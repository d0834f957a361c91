"""What is particular to OpenTofu: secrets, previews, adoption, what is retained, modules, failures of the program."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from deployforge_mcal.application.ports import InvalidUnit, ProviderFailure
from deployforge_mcal.domain.units import Became, Presence, Target
from deployforge_terraform.options import Options
from deployforge_terraform.provider import TerraformProvider

CANARY = "canary-7f31c2-of-a-secret"
MAIN = """
terraform {
  required_providers {
    filestore = { source = "hashicorp/filestore" }
  }
}
variable "label" {}
resource "filestore_record" "inner" {
  label = "inner $${var.label}"
}
output "arn" {
  value = filestore_record.inner.arn
}
output "token" {
  value     = filestore_record.inner.token
  sensitive = true
}
"""


def failure(world: Any, verb: str, **fields: Any) -> Any:
    with pytest.raises(ProviderFailure) as failed:
        world.do(verb, **fields)
    return failed.value.failure


def test_references_types_and_progress(world: Any) -> None:
    a = world.resource("a-1", {"delay": "5", "tags": {"k": "${b.label}", "t": "$${x}"}, "zones": ["z", "y"]})
    unit = world.compile(
        a, world.resource("b", {"label": "b"}), world.resource("c", {}, type="terraform_data", depends_on=("b",))
    )
    made = world.do("apply", unit=unit)
    assert made["a-1"].attributes["arn"] == f"file:{made['a-1'].physical_id.rpartition('/')[2]}"
    assert "token" not in made["a-1"].attributes
    assert world.see(made["a-1"]).properties == {"delay": 5, "tags": {"k": "b", "t": "${x}"}, "zones": ["y", "z"]}
    assert unit.resources[0].set_paths == ("zones",)
    assert [(urn, status) for urn, status, _ in world.ticks if urn and urn.endswith("a-1")] == [
        ("urn:df:shop:web:a-1", "CREATING"), ("urn:df:shop:web:a-1", "CREATED"),
    ]  # fmt: skip
    world.do("destroy", unit=unit)
    assert world.records() == []


def test_a_preview_shows_attributes_without_secrets(world: Any, vault: Callable[..., Any]) -> None:
    before = world.compile(world.resource("a", {"delay": 1, "name": "n", "secret": "${secret://file/s}"}))
    before = _marked(before, "secret://file/s")
    world.do("apply", unit=before, secrets=vault(**{"secret://file/s": CANARY}))
    after = _marked(
        world.compile(world.resource("a", {"delay": 2, "name": "m", "secret": "${secret://file/s}"})), "secret://file/s"
    )
    work = world.work(unit=after, previous=before, secrets=vault(**{"secret://file/s": "another-secret"}))
    change = world.provider.preview(world.provider.open(world.root, work), work)[0]
    assert change.action == "replace"
    shown = {a.path: (a.before, a.after, a.unknown, a.sensitive) for a in change.attributes}
    assert (shown["delay"], shown["name"]) == ((1, 2, False, False), ("n", "m", False, False))
    assert shown["secret"] == (None, None, False, True)
    assert shown["arn"][2]
    world.do("destroy", unit=before)


def _marked(unit: Any, mark: str) -> Any:
    """As the application does: the mark in place of the reference."""
    return replace(unit, secrets=dict.fromkeys([mark], *unit.secrets.values()))


def test_no_secret_is_stored_said_or_on_a_command_line(
    world: Any, installed: Any, tmp_path: Path, vault: Callable[..., Any]
) -> None:
    said = tmp_path / "arguments"
    spy = tmp_path / "tofu"
    spy.write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec {installed.program} "$@"\n')
    spy.chmod(0o755)
    work_directory = tmp_path / "work"
    work_directory.mkdir()
    world.provider = TerraformProvider(Options(cli=str(spy), mirror=installed.mirror, work=work_directory))
    world.root["environment"]["STORE_PASSWORD"] = "canary-of-the-environment"
    unit = _marked(world.compile(world.resource("a", {"secret": "${secret://file/s}"})), "secret://file/s")
    made = world.do("apply", unit=unit, secrets=vault(**{"secret://file/s": CANARY}))
    assert world.records() == [{"secret": CANARY}]
    seen = world.see(made["a"])
    with psycopg.connect(world.root["stateUrl"]) as connection:
        stored = connection.execute(
            "SELECT data::bytea FROM deployforge.states UNION ALL SELECT sealed FROM deployforge.units"
        )
        bodies = [bytes(row[0]) for row in stored.fetchall()]
    assert len(bodies) == 2
    told = [*bodies, said.read_bytes(), repr((made, seen, world.ticks, unit)).encode()]
    for secret in (
        CANARY,
        world.root["stateKey"],
        "canary-of-the-environment",
        f"token-of-{made['a'].physical_id.rpartition('/')[2]}",
    ):
        assert not any(secret.encode() in one for one in told), secret
    # The search finds what is there to be found.
    assert b"plan" in told[2]
    assert b"file:" in told[3]
    assert list(work_directory.iterdir()) == []
    world.do("destroy", unit=unit, secrets=vault(**{"secret://file/s": CANARY}))


def test_secrets_go_where_they_are_hidden_and_nowhere_else(world: Any) -> None:
    for properties, path in (
        ({"secret": "in the clear"}, "x.properties.secret"),
        ({"label": "${secret://file/s}"}, "x.properties.label"),
        ({"arn": "x"}, "x.properties.arn"),
        ({"lable": "x"}, "x.properties.lable"),
        ({"delay": "soon"}, "x.properties.delay"),
    ):
        with pytest.raises(InvalidUnit) as invalid:
            world.compile(world.resource("x", properties))
        assert [p.path for p in invalid.value.problems] == [path]


def test_what_exists_is_taken_in_and_survives_a_failure(world: Any) -> None:
    outside = world.store / "r-outside.json"
    outside.write_text(json.dumps({"delay": 7, "label": "made by hand"}))
    own = world.resource("own", {"delay": 7, "label": "made by hand"})
    urn = own.urn
    broken = world.compile(own, world.resource("bad", {"fail": "create"}))
    refused = failure(world, "apply", unit=broken, adopt={urn: "r-outside"})
    assert (refused.restored, len(world.records())) == (True, 1)
    unit = world.compile(world.resource("own", {"delay": 8}))
    taken = world.do("adopt", unit=unit, adopt={urn: "r-outside"})
    assert taken["own"].status is Became.ADOPTED
    assert world.records() == [{"delay": 7, "label": "made by hand"}]
    changed = world.do("apply", unit=unit, adopt={urn: "r-outside"})
    assert (changed["own"].status, world.records()) == (Became.ADOPTED, [{"delay": 8}])
    nowhere = failure(
        world, "adopt", unit=world.compile(world.resource("other", {})), adopt={"urn:df:shop:web:other": "r-none"}
    )
    assert nowhere.code == "NOT_FOUND"
    world.do("destroy", unit=unit)
    assert world.records() == []


def test_what_is_declared_to_be_retained_is_let_go_not_deleted(world: Any) -> None:
    before = world.compile(world.resource("kept", {"label": "kept"}, retain_on_delete=True), world.resource("a", {}))
    made = world.do("apply", unit=before)
    failed = failure(
        world,
        "apply",
        unit=world.compile(world.resource("a", {}), world.resource("bad", {"fail": "create"})),
        previous=before,
    )
    assert failed.restored
    assert world.see(made["kept"]).presence is Presence.PRESENT
    world.do("apply", unit=world.compile(world.resource("a", {})), previous=before)
    assert {"label": "kept"} in world.records()
    assert world.see(made["kept"]).presence is Presence.MISSING
    world.do("destroy", unit=world.compile(world.resource("a", {})))
    assert world.records() == [{"label": "kept"}]


def test_only_the_targets_are_put_back_and_followers_follow(world: Any) -> None:
    unit = world.compile(world.resource("a", {"delay": 1}), world.resource("b", {"label": "${a.arn}"}))
    made = world.do("apply", unit=unit)
    world.tamper(made["a"].physical_id, delay=9)
    world.tamper(made["b"].physical_id, label="else")
    target = Target(made["b"].urn, "tf/filestore_record", made["b"].physical_id, {"label": made["a"].attributes["arn"]})
    refused = failure(world, "correct", unit=unit, targets=(target,))
    assert (refused.code, refused.urn) == ("MORE_WOULD_CHANGE", made["a"].urn)
    world.tamper(made["a"].physical_id, delay=1)
    assert world.do("correct", unit=unit, targets=(target,))["b"].status is Became.CORRECTED
    world.vanish(made["a"].physical_id)
    gone = Target(made["a"].urn, "tf/filestore_record", made["a"].physical_id, {"delay": 1})
    back = world.do("recreate", unit=unit, targets=(gone,))
    assert (back["a"].status, back["b"].status) == (Became.RECREATED, Became.UPDATED)
    assert world.see(back["b"]).properties["label"] == back["a"].attributes["arn"]
    world.do("destroy", unit=unit)


def test_a_module_is_a_resource_whose_outputs_are_its_attributes(world: Any) -> None:
    module = world.resource("site", {"files": {"main.tf": MAIN}, "variables": {"label": "${a.id}"}}, type="module")
    unit = world.compile(module, world.resource("a", {}), world.resource("b", {"label": "of ${site.arn}"}))
    assert unit.resources[0].depends_on == ("a",)
    made = world.do("apply", unit=unit)
    assert set(made["site"].attributes) == {"id", "arn"}
    assert world.see(made["b"]).properties["label"] == f"of {made['site'].attributes['arn']}"
    desired = {**unit.resources[0].desired, "variables": {"label": made["a"].attributes["id"]}}
    assert world.see(made["site"], "module").properties == desired
    inner = made["site"].attributes["arn"].removeprefix("file:")
    world.tamper(inner, label="by hand")
    assert world.see(made["site"], "module").properties["drifted"] == ["filestore_record.inner"]
    target = Target(made["site"].urn, "tf/module", made["site"].physical_id, desired)
    assert world.do("correct", unit=unit, targets=(target,))["site"].status is Became.CORRECTED
    assert world.see(made["site"], "module").properties == desired
    with pytest.raises(InvalidUnit) as invalid:
        world.compile(module, world.resource("a", {}), world.resource("b", {"label": "${site.url}"}))
    assert "site has no attribute url" in str(invalid.value)
    world.do("destroy", unit=unit)
    assert world.records() == []


def test_a_module_in_json_is_one_too(world: Any) -> None:
    text = json.dumps({"variable": {"size": {}}, "output": {"double": {"value": "${var.size * 2}"}}}).replace("${", "$${")
    unit = world.compile(world.resource("sum", {"files": {"main.tf.json": text}, "variables": {"size": 21}}, type="module"))
    assert world.do("apply", unit=unit)["sum"].attributes["double"] == "42"
    world.do("destroy", unit=unit)


def test_a_process_that_lost_its_work_changes_nothing(world: Any) -> None:
    class Lost(Exception):
        pass

    def lost() -> None:
        raise Lost

    unit = world.compile(world.resource("a", {}))
    with pytest.raises(Lost):
        world.do("apply", unit=unit, hold=lost)
    assert world.records() == []
    assert world.do("apply", unit=unit)["a"].status is Became.CREATED
    assert (world.provider.listable(), world.provider.native_type("tf/filestore_record")) == ((), "filestore_record")
    world.do("destroy", unit=unit)


def test_a_provider_that_crashes_is_named_and_what_was_done_is_undone(world: Any) -> None:
    unit = world.compile(world.resource("a", {}), world.resource("bad", {"fail": "crash", "label": "${a.id}"}))
    crashed = failure(world, "apply", unit=unit)
    assert (crashed.code, crashed.restored) == ("PROVIDER_CRASHED", True)
    assert world.records() == []


def test_a_program_that_prints_nonsense_is_a_failure_of_the_unit(world: Any, installed: Any, tmp_path: Path) -> None:
    spy = tmp_path / "tofu"
    spy.write_text(f'#!/bin/sh\n[ "$1" != show ] || {{ echo nonsense; exit 0; }}\nexec {installed.program} "$@"\n')
    spy.chmod(0o755)
    world.provider = TerraformProvider(Options(cli=str(spy), mirror=installed.mirror))
    found = failure(world, "apply", unit=world.compile(world.resource("a", {})))
    assert (found.code, found.message) == ("CLI_UNUSABLE", "show -json did not print JSON")
    assert world.records() == []


def test_a_state_of_another_key_or_a_database_that_is_away_is_said_so(world: Any) -> None:
    unit = world.compile(world.resource("a", {}))
    made = world.do("apply", unit=unit)
    root = dict(world.root)
    world.root["stateKey"] = "another-key-of-enough-length"
    assert failure(world, "destroy", unit=unit).code == "STATE_KEY_WRONG"
    assert world.see(made["a"]).reason.startswith("STATE_KEY_WRONG")
    world.root = {**root, "stateUrl": "postgres://u:pass-word@127.0.0.1:1/none"}
    away = failure(world, "destroy", unit=unit)
    assert (away.code, away.retryable) == ("STATE_UNREACHABLE", True)
    assert "pass-word" not in str(away)
    world.root = root
    world.do("destroy", unit=unit)


def test_a_provider_that_is_not_in_the_mirror_is_not_looked_for_elsewhere(world: Any) -> None:
    with pytest.raises(InvalidUnit) as invalid:
        world.compile(world.resource("x", {}, type="aws_sqs_queue"))
    problem = invalid.value.problems[0]
    assert (problem.path, problem.hint) == ("x.type", "put its provider into the mirror")
    assert "filestore" in problem.expected


def test_a_root_credential_is_examined_without_a_word_of_it(world: Any) -> None:
    said = world.provider.examine(world.root, [])
    assert said.identity.startswith("OpenTofu ")
    assert "FILESTORE_DIR" in said.notes[1]
    assert str(world.store) not in str(said)
    away = {**world.root, "stateUrl": "postgres://u:canary-pass@127.0.0.1:1/states"}
    with pytest.raises(ProviderFailure) as failed:
        world.provider.examine(away, [])
    assert failed.value.failure.code == "STATE_UNREACHABLE"
    assert "canary-pass" not in str(failed.value)


def test_nothing_is_replaced_that_the_plan_did_not_say(world: Any) -> None:
    def clock(of: str) -> Any:
        return world.resource("clock", {"triggers": {"of": of}}, "time_static")

    first = world.do("apply", unit=world.compile(clock("a")))["clock"]
    unit = world.compile(clock("b"))
    work = world.work(unit=unit, previous=world.compile(clock("a")))
    [change] = world.provider.preview(world.provider.open(world.root, work), work)
    assert (change.urn, change.action) == (first.urn, "replace")

    refused = failure(world, "apply", unit=unit, previous=world.compile(clock("a")), replaces=())
    assert (refused.code, refused.urn, refused.restored) == ("MORE_WOULD_CHANGE", first.urn, True)
    assert world.see(first, "time_static").properties["triggers"] == {"of": "a"}

    again = world.do("apply", unit=unit, previous=world.compile(clock("a")), replaces=(first.urn,))["clock"]
    assert world.see(again, "time_static").properties["triggers"] == {"of": "b"}


def test_a_part_of_a_module_that_would_end_replaces_the_module(world: Any) -> None:
    def site(*parts: str) -> Any:
        text = "\n".join(f'resource "time_static" "{part}" {{}}' for part in parts)
        return world.resource("site", {"files": {"main.tf": text}}, "module")

    first = world.do("apply", unit=world.compile(site("one", "two")))["site"]
    fewer = world.compile(site("one"))
    work = world.work(unit=fewer)
    [change] = world.provider.preview(world.provider.open(world.root, work), work)
    assert (change.urn, change.action) == (first.urn, "replace")
    assert (
        failure(world, "apply", unit=fewer, previous=world.compile(site("one", "two")), replaces=()).code
        == "MORE_WOULD_CHANGE"
    )
    # Adding a part ends nothing; and what is declared no more may go, as a deletion was approved.
    world.do(
        "apply", unit=world.compile(site("one", "two", "three")), previous=world.compile(site("one", "two")), replaces=()
    )
    lone = world.compile(world.resource("lone", {}, "time_static"))
    became = world.do("apply", unit=lone, previous=world.compile(site("one", "two", "three")), replaces=())
    assert {name: o.status.value for name, o in became.items()} == {"lone": "created", "site": "deleted"}
