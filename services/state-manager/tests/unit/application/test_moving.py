"""A history goes from one installation to another whole, or not at all."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from deployforge_chassis import devca, tls
from deployforge_chassis.database import Database
from deployforge_chassis.keys import KeyFile
from deployforge_chassis.sealing import Sealer
from deployforge_state_manager.adapters.signing import Signer
from deployforge_state_manager.application.changes import Changes
from deployforge_state_manager.application.moving import DeploymentExists, Moving
from deployforge_state_manager.application.ports import Point, StateNotFound
from deployforge_state_manager.domain.chain import BadHistory, UntrustedSigner

from ...conftest import WHERE, Memory, urn

START = datetime(2026, 1, 1, tzinfo=UTC)


class Installation:
    """A state manager with its own database, keys and authority."""

    def __init__(self, url: str, directory: Path) -> None:
        directory.mkdir()
        KeyFile.create(directory / "key")
        devca.ensure(directory / "tls", ["state-manager"])
        database = Database(url, pool_size=1)
        self.memory = Memory(database, Sealer(database, KeyFile(directory / "key"), service="state-manager"))
        own = tls.load(directory / "tls", "state-manager")
        self.signer = Signer(own.chain, own.key, own.ca)
        self.moving = Moving(self.memory.app, self.memory.reader, self.signer)

    def export(self) -> list[bytes]:
        return list(self.moving.export(*WHERE))


@pytest.fixture
def install(new_database: Callable[[], str], tmp_path: Path) -> Any:
    made: list[Installation] = []

    def another() -> Installation:
        made.append(Installation(new_database(), tmp_path / f"i{len(made)}"))
        return made[-1]

    yield another
    for each in made:
        each.memory.app.database.close()


@pytest.fixture
def here(install: Callable[[], Installation]) -> Installation:
    installation = install()
    m = installation.memory
    m.hear("control-plane.deployments", "DeploymentRequested", reason="why not")
    first = m.executed({"a": {}, "b": {"desired_json": '{"v":1}'}}, effective_at=START)
    m.hear("control-plane.deployments", "ComplianceReported", execution_id=first, passed=True)
    m.hear("drift-detector.drift", "DriftDetected", urn=urn("a"), observed_at=START + timedelta(hours=1))
    m.executed({"b": {"desired_json": '{"v":2}'}}, ("a",), effective_at=START + timedelta(hours=2), author="carol")
    return installation


def _states(memory: Memory) -> list[Any]:
    versions = [memory.reader.version(*WHERE, Point(v)) for v in (1, 2)]
    return [
        [
            (v["author"], v["digest"], v["effective_at"], v["good"], v["asked"], memory.reader.resources(v))
            for v in versions
        ],
        [
            [
                (e["drift"], e["state"], e["effective_at"])
                for e in memory.reader.resource_history(*WHERE, urn(name), 9, "")[0]
            ]
            for name in "ab"
        ],
    ]


def test_what_arrives_is_what_left(here: Installation, install: Callable[[], Installation]) -> None:
    there = install()
    header, signer, _ = there.moving.take_over(here.export(), here.signer.fingerprint, "root")
    assert (header["name"], header["versions"], signer) == (WHERE[1], 2, here.signer.fingerprint)
    assert _states(there.memory) == _states(here.memory)
    before = there.memory.rows()
    there.memory.rebuild.run(there.memory.app)
    assert there.memory.rows() == before
    # Life goes on.
    there.memory.executed({"c": {}})
    assert there.memory.names() == ["b", "c"]


def test_when_it_was_recorded_there_is_kept_and_what_is_known_here_begins_here(
    here: Installation, install: Callable[[], Installation]
) -> None:
    there, beyond = install(), install()
    recorded = [here.memory.reader.version(*WHERE, Point(v))["recorded_at"] for v in (1, 2)]
    moment = recorded[-1]
    there.moving.take_over(here.export(), here.signer.fingerprint, "root")
    beyond.moving.take_over(there.export(), there.signer.fingerprint, "boss")
    for installation, by in ((there, "root"), (beyond, "boss")):
        reader = installation.memory.reader
        origins = [reader.version(*WHERE, Point(v))["origin"] for v in (1, 2)]
        assert [datetime.fromisoformat(o["recorded_at"]) for o in origins] == recorded
        assert {o["imported_by"] for o in origins} == {by}
        with pytest.raises(StateNotFound):
            reader.version(*WHERE, Point(known_at=moment))
        assert reader.version(*WHERE, Point(as_of=START + timedelta(hours=1)))["version"] == 1
    assert here.memory.reader.version(*WHERE)["origin"] is None


def test_a_file_that_was_harmed_is_refused_and_nothing_is_written(
    here: Installation, install: Callable[[], Installation]
) -> None:
    there, lines = install(), here.export()
    record = json.loads(lines[4])
    harmed = [
        ([*lines[:4], json.dumps({**record, "position": 9}).encode() + b"\n", *lines[5:]], 5),
        ([*lines[:4], *lines[5:]], 5),
        ([*lines[:4], lines[5], lines[4], *lines[6:]], 5),
        (lines[:6], 7),
    ]
    for bad, number in harmed:
        with pytest.raises(BadHistory) as refused:
            there.moving.take_over(bad, here.signer.fingerprint, "root")
        assert refused.value.line == number
    assert there.memory.app.recorder.max_notification_id() is None


def test_who_signed_must_be_trusted(here: Installation, install: Callable[[], Installation]) -> None:
    there = install()
    with pytest.raises(UntrustedSigner, match=here.signer.fingerprint):
        there.moving.take_over(here.export(), "", "root")
    with pytest.raises(UntrustedSigner, match="not by"):
        there.moving.take_over(here.export(), there.signer.fingerprint, "root")
    lines = here.export()
    lines[-1] = json.dumps({**json.loads(lines[-1]), "signature": "00"}).encode() + b"\n"
    with pytest.raises(UntrustedSigner, match="does not fit"):
        there.moving.take_over(lines, here.signer.fingerprint, "root")
    assert there.memory.app.recorder.max_notification_id() is None


def test_what_exists_is_not_overwritten(here: Installation) -> None:
    before = here.memory.rows()
    with pytest.raises(DeploymentExists, match="storefront/webshop"):
        here.moving.take_over(here.export(), "", "root")
    assert here.memory.rows() == before


def test_what_is_not_known_is_not_exported(here: Installation) -> None:
    with pytest.raises(StateNotFound):
        here.moving.export("storefront", "nothing")


def test_every_change_is_told_once_in_order_from_any_place(here: Installation) -> None:
    changes = Changes(here.memory.app)
    told = list(changes.after(0))
    assert [type(c.event).__name__ for c in told] == [
        "VersionRecorded", "VersionMarkedGood", "DriftNoted", "VersionRecorded",
    ]  # fmt: skip
    assert {(c.namespace, c.name) for c in told} == {WHERE}
    for cut, change in enumerate(told, 1):
        assert [c.position for c in changes.after(change.position)] == [c.position for c in told[cut:]]
    assert list(changes.after(changes.end())) == []
    assert list(changes.after(0, "storefront", "other")) == list(changes.after(0, "other")) == []
    assert list(changes.after(0, reach=["elsewhere"])) == []
    here.memory.executed({"c": {}})
    assert [c.event.version for c in changes.after(told[-1].position)] == [3]
