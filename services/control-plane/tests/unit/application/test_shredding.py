"""Who may have a deployment shredded, when, and what is left here."""

from uuid import uuid4

import pytest
from deployforge_chassis.sealing import Shredded
from deployforge_chassis.testing import a_fact, example
from deployforge_control_plane.adapters.records import records
from deployforge_control_plane.application.shredding import Shredder
from deployforge_control_plane.application.views import Scope
from deployforge_control_plane.domain.refusals import DeploymentNotFound
from deployforge_control_plane.domain.shredding import DeploymentShredded, StillDeployed, StillRunning
from deployforge_control_plane.domain.values import deployment_id

from ...conftest import System, allowed

OF = deployment_id("front", "shop")


def _shred(system: System, force: bool = True) -> None:
    Shredder(system.app).shred(uuid4(), "front", "shop", force, allowed("root", "Deployments.Shred"))


def _shredded(system: System) -> None:
    value = example("DeploymentShredded", deployment_id=str(OF))
    system.app.commit(Shredder(system.app).shredded(a_fact("state-manager.states", "DeploymentShredded", value)))
    system.app.sealer.forget()


def test_the_wish_is_published_audited_and_counts_once(system: System) -> None:
    system.deployed()
    _shred(system)
    _shred(system)
    wish = system.app.shredding(OF)
    assert wish is not None
    [said] = [r for event in system.app.events.get(wish.id) for r in records(event)]
    assert (said.topic, said.fact, said.key) == ("control-plane.deployments", "ShredRequested", str(OF))
    assert system.audit()[-2:] == [("root", "Deployments.Shred", "allowed")] * 2


def test_what_is_deployed_must_be_destroyed_first_or_it_is_forced(system: System) -> None:
    system.deployed()
    with pytest.raises(StillDeployed, match="destroy it first"):
        _shred(system, force=False)
    assert system.app.shredding(OF) is None


def test_not_while_something_of_it_is_executed(system: System) -> None:
    request_id = system.submit().request_id
    system.drafted(request_id)
    with pytest.raises(StillRunning, match=str(request_id)):
        _shred(system)


def test_nor_what_nobody_knows(system: System) -> None:
    with pytest.raises(DeploymentNotFound):
        _shred(system)


def test_nothing_is_begun_under_its_name_again(system: System) -> None:
    system.deployed()
    _shred(system)
    for shredded in (lambda: None, lambda: _shredded(system)):
        shredded()
        with pytest.raises(DeploymentShredded, match=r"front/shop was shredded by root on .*; choose another name"):
            system.submit()


def test_nothing_of_it_is_left_here(system: System) -> None:
    request_id = system.deployed().request_id
    _shred(system)
    _shredded(system)
    assert system.app.stores.requests.find(request_id) is None
    assert list(system.app.stores.timeline.after(0, Scope(), 100)) == []
    assert system.app.stores.deployed.get(OF) is None
    for table in ("requests", "timeline", "deployed", "bodies", "effects"):
        assert system.database.query(f"SELECT 1 FROM {table}") == [], table
    with pytest.raises(Shredded):
        system.app.repository.get(request_id)
