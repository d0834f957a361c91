"""What is in an account and belongs to nobody shows in the inventory, once it was seen twice."""

from typing import Any

from deployforge_state_manager.application.ports import Filters

from ...conftest import Memory


def _listed(memory: Memory, *resources: tuple[str, dict[str, str]], **changed: Any) -> None:
    found = [{"physical_id": id, "tags": tags} for id, tags in resources]
    memory.hear("mcal.listings", "UnmanagedListed", resources=found, **changed)
    memory.app.database.write([("UPDATE sightings SET first_seen = first_seen - interval '1 minute'", ())])


def _shown(memory: Memory) -> list[tuple[str, str, str]]:
    rows = memory.inventory.page(Filters(state="unmanaged"), None)[0]
    return [(row["physical_id"], row["owner"], row["namespace"]) for row in rows]


def test_seen_twice_it_is_shown_and_gone_it_is_not(memory: Memory) -> None:
    _listed(memory, ("q1", {"team": "ops"}), ("q2", {}))
    assert _shown(memory) == []
    _listed(memory, ("q1", {"team": "ops"}), ("q2", {}))
    assert _shown(memory) == [("q1", "ops", ""), ("q2", "", "")]
    assert [r["physical_id"] for r in memory.inventory.page(Filters(tag="team=ops"), None)[0]] == ["q1"]
    assert memory.inventory.count(Filters(), None).facets["state"] == {"unmanaged": 2}
    _listed(memory, ("q2", {}))
    assert _shown(memory) == [("q2", "", "")]
    assert memory.inventory.page(Filters(), ["storefront"])[0] == []


def test_what_is_said_again_changes_nothing(memory: Memory) -> None:
    for _ in range(2):
        _listed(memory, ("q1", {}))
    before = memory.rows(), memory.app.recorder.max_notification_id()
    _listed(memory, ("q1", {}))
    assert (memory.rows(), memory.app.recorder.max_notification_id()) == before
    assert memory.said() == []


def test_what_was_deployed_meanwhile_is_not_shown(memory: Memory) -> None:
    _listed(memory, ("phy-a", {}))
    memory.executed({"a": {}})
    _listed(memory, ("phy-a", {}))
    assert _shown(memory) == []


def test_a_rebuild_knows_what_is_nobodys(memory: Memory) -> None:
    memory.executed({"a": {"desired_json": '{"tags":{"x":"1"}}'}})
    for _ in range(2):
        _listed(memory, ("q1", {"owner": "me"}), ("q2", {}), ("q3", {}))
    _listed(memory, ("q1", {"owner": "you"}), ("q3", {}))
    before = memory.rows()
    assert len(_shown(memory)) == 2
    memory.rebuild.run(memory.app)
    assert memory.rows() == before
