"""What was deployed is remembered: at any time, in every order, elsewhere, and beside what is nobody's."""

import json
from pathlib import Path

import pytest
from deployforge_client import DeployForge, PermissionDenied
from deployforge_local.cloud import Cloud

from tests.integration.conftest import Cli
from tests.integration.journey import NAMESPACE, REGION, applied, destroyed, eventually, manifest, physical_ids, queue


def test_the_state_at_a_time_and_what_changed_since(alice: DeployForge, cli: Cli, name: str) -> None:
    where = f"{NAMESPACE}/{name}"
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="45s"), queue("mail")]))
    first = alice.history(where).versions[0]
    moment = first.effective_at.ToDatetime().isoformat() + "Z"
    applied(alice, manifest(name, [queue("jobs", visibilityTimeout="50s")]))

    then = cli.json("state", "show", where, "--as-of", moment)
    assert sorted(r["name"] for r in then["resources"]) == ["jobs", "mail"]
    assert [r.name for r in alice.state(where).resources] == ["jobs"]
    diff = cli.json("diff", where, moment, "now")
    changed = {r["name"]: r["change"] for r in diff["resources"]}
    assert changed == {"jobs": "changed", "mail": "removed"}
    newest, oldest = cli.json("history", where)
    assert newest["reason"]["origin"] == "user"
    assert oldest["approval"]["rule"]
    life = cli.json("history", where, "--resource", "jobs")
    assert [e["what"] for e in life if e["what"] != "drift"] == ["recorded", "recorded"]
    assert cli("state", "show", where, "--as-of", "yesterday").returncode == 2
    destroyed(alice, name)


def test_every_change_is_told_once_to_who_watches(alice: DeployForge, cli: Cli, name: str) -> None:
    where = f"{NAMESPACE}/{name}"
    applied(alice, manifest(name, [queue("jobs")]))
    destroyed(alice, name)

    told = alice.watch_state(deployment=where, from_start=True)
    versions = []
    while len(versions) < 2:
        one = next(told)
        versions += [one.version.version] if one.HasField("version") else []
    told.close()
    assert versions == [1, 2]
    done = cli("state", "watch", where, "--all", "--count", "1")
    assert "version 1 (apply by alice" in done.stdout


def test_a_history_is_exported_and_what_was_changed_in_it_is_named(
    alice: DeployForge, admin: DeployForge, cli: Cli, name: str, tmp_path: Path
) -> None:
    where, file = f"{NAMESPACE}/{name}", tmp_path / "history.jsonl"
    applied(alice, manifest(name, [queue("jobs")]))

    assert cli("state", "export", where, "-o", str(file)).returncode == 0
    refused = cli("state", "import", str(file), context="admin")
    assert refused.returncode == 1
    assert "exists here" in refused.stderr
    lines = file.read_text().splitlines(keepends=True)
    lines[3] = json.dumps({**json.loads(lines[3]), "position": 77}) + "\n"
    file.write_text("".join(lines))
    refused = cli("state", "import", str(file), context="admin")
    assert refused.returncode != 0
    assert "record 4 of the file" in refused.stderr
    with pytest.raises(PermissionDenied):
        alice.import_state([b"{}"])
    destroyed(alice, name)


def test_read_models_are_rebuilt_beside_a_running_system(alice: DeployForge, cli: Cli, name: str) -> None:
    where = f"{NAMESPACE}/{name}"
    applied(alice, manifest(name, [queue("jobs")]))
    # The report that makes it good comes after the version is recorded.
    eventually(lambda: alice.history(where).versions[0].good)
    before = [v.SerializeToString(deterministic=True) for v in alice.history(where).versions]

    done = cli("state", "rebuild", context="admin")
    assert done.returncode == 0, done.stderr
    assert "done" in done.stdout
    assert [v.SerializeToString(deterministic=True) for v in alice.history(where).versions] == before
    assert cli("state", "rebuild").returncode == 1, "not for everybody"
    destroyed(alice, name)


def test_the_inventory_has_what_nobody_deployed(
    alice: DeployForge, admin: DeployForge, cloud: Cloud, cli: Cli, name: str
) -> None:
    applied(alice, manifest(name, [queue("jobs")]))
    stray = cloud.create_queue(REGION, f"stray-{name}")

    [found] = eventually(
        lambda: [i for i in admin.inventory(state="unmanaged", type="Queue", size=500).items if i.physical_id == stray],
        within_seconds=60,
        why="the queue that nobody deployed shows",
    )
    assert (found.deployment.name, found.type) == ("", "Queue")
    mine = physical_ids(alice, name)["jobs"]
    assert mine not in {i.physical_id for i in admin.inventory(state="unmanaged", size=500).items}
    counts = cli.json("inventory", "--counts", context="admin")
    assert {f["name"] for f in counts["facets"]} >= {"type", "state", "drift"}
    cloud.delete_queue(REGION, stray)
    destroyed(alice, name)
