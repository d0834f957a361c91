"""Events that outlive the code that stored them: upcasters, moved classes, and the golden events that watch over both."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID, uuid4

import pytest
from deployforge_chassis.eventstore import Aggregate, EventSourcedApplication
from deployforge_chassis.golden import Golden, event_classes, goldens, lost, missing, write
from deployforge_chassis.sealing import NewerEvent, Sealer
from eventsourcing import utils
from eventsourcing.domain import event
from eventsourcing.utils import TopicError, get_topic, register_topic

AT = datetime(2026, 11, 24, tzinfo=UTC)


class Parcel(Aggregate):
    """As the third release has it: the first said `kg`, the second `grams` without a carrier."""

    class Event(Aggregate.Event):
        pass

    class Weighed(Event):
        class_version = 3
        grams: int
        carrier: str

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["grams"] = round(state.pop("kg") * 1000)

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["carrier"] = "post" if state["grams"] <= 2000 else "freight"

    @event("Packed")
    def __init__(self, deployment_id: UUID) -> None:
        self.deployment_id = deployment_id
        self.grams = 0
        self.carrier = ""

    @event(Weighed)
    def weigh(self, grams: int, carrier: str) -> None:
        self.grams, self.carrier = grams, carrier


def stored(class_version: int, **state: Any) -> Golden:
    common = {"deployment_id": str(uuid4()), "timestamp": AT.isoformat()}
    body = {"class_version": class_version, "cause": None, "state": {**common, **state}}
    return Golden(get_topic(Parcel.Weighed), uuid4(), 2, body)


@pytest.mark.parametrize(
    ("golden", "meant"),
    [
        (stored(1, kg=1.5), (1500, "post")),
        (stored(1, kg=2.5), (2500, "freight")),
        (stored(2, grams=70), (70, "post")),
        (stored(3, grams=70, carrier="pigeon"), (70, "pigeon")),
    ],
)
def test_an_event_of_any_release_becomes_one_of_this_one(golden: Golden, meant: tuple[int, str]) -> None:
    weighed = golden.event()
    assert (weighed.grams, weighed.carrier, weighed.originator_version) == (*meant, 2)


def test_a_stream_of_old_and_new_events_is_one_aggregate(
    sealer: Sealer, fresh_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = EventSourcedApplication(fresh_database, sealer, name="test")
    parcel = Parcel(uuid4())
    with monkeypatch.context() as first_release:
        first_release.setattr(Parcel.Weighed, "class_version", 2)
        parcel.weigh(3000, "not yet known")
        app.save(parcel)
    loaded: Any = app.repository.get(parcel.id)
    assert (loaded.grams, loaded.carrier) == (3000, "freight")
    loaded.weigh(10, "pigeon")
    app.save(loaded)
    again: Any = app.repository.get(parcel.id)
    assert (again.grams, again.carrier) == (10, "pigeon")


def test_an_event_of_newer_code_is_refused_and_named(
    sealer: Sealer, fresh_database: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = EventSourcedApplication(fresh_database, sealer, name="test")
    parcel = Parcel(uuid4())
    parcel.weigh(5, "post")
    with monkeypatch.context() as newer:
        newer.setattr(Parcel.Weighed, "class_version", 4)
        app.save(parcel)
    with pytest.raises(NewerEvent) as refusal:
        app.repository.get(parcel.id)
    assert (refusal.value.stream, refusal.value.version) == (parcel.id, 2)
    assert (refusal.value.stored, refusal.value.known) == (4, 3)
    for named in (str(parcel.id), "event 2", "Parcel.Weighed", "class_version 4", "up to 3", "run the release"):
        assert named in str(refusal.value)


# A service as the golden tool sees it: a package with a domain.

SERVICE = """
from dataclasses import dataclass
from deployforge_chassis.eventstore import Aggregate
from eventsourcing.domain import event
from uuid import UUID


@dataclass(frozen=True)
class Size:
    width: int
    unit: str | None = None


class Box(Aggregate):
    class Event(Aggregate.Event):
        shelf: str

    class Seen(Event):
        sizes: tuple[Size, ...]

    class Measured(Seen):
        pass

    @event("Made")
    def __init__(self, deployment_id: UUID, shelf: str) -> None:
        self.deployment_id = deployment_id
        self.shelf = shelf

    @event(Measured)
    def measure(self, shelf: str, sizes: tuple[Size, ...]) -> None:
        self.sizes = sizes
"""


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Makes (anew) a package `boxes` whose domain is the given text."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "boxes").mkdir()
    (tmp_path / "boxes" / "__init__.py").touch()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def make(text: str = SERVICE) -> str:
        (tmp_path / "boxes" / "domain").mkdir(exist_ok=True)
        (tmp_path / "boxes" / "domain" / "__init__.py").write_text(text)
        forget()
        return "boxes"

    def forget() -> None:
        for topic in [one for one in utils._topic_cache if one.startswith("boxes")]:
            del utils._topic_cache[topic]
        for name in [one for one in sys.modules if one == "boxes" or one.startswith("boxes.")]:
            del sys.modules[name]

    yield make
    forget()


def test_every_event_that_can_be_stored_is_found_and_no_mere_base(service: Any) -> None:
    assert {one.__qualname__ for one in event_classes(service())} == {"Box.Made", "Box.Measured"}


def test_golden_events_are_written_once_and_never_again(service: Any, tmp_path: Path) -> None:
    kept = tmp_path / "golden"
    written = write(service(), kept, "1.0.0")
    texts = {path: path.read_text() for path in written}
    assert [path.relative_to(kept).as_posix() for path in written] == ["1.0.0/Box.Made.json", "1.0.0/Box.Measured.json"]
    assert write("boxes", kept, "1.0.0") == write("boxes", kept, "2.0.0") == []
    assert {path: path.read_text() for path in goldens(kept)} == texts
    (measured,) = [one for one in goldens(kept).values() if one.topic.endswith("Measured")]
    assert measured.event().sizes[0].unit == "unit"
    assert lost(measured) == []


def test_a_file_of_that_name_is_not_overwritten(service: Any, tmp_path: Path) -> None:
    kept = tmp_path / "golden" / "1.0.0" / "Box.Made.json"
    kept.parent.mkdir(parents=True)
    kept.write_text(Golden("elsewhere:Box.Made", uuid4(), 1, {"class_version": 1}).text())
    with pytest.raises(FileExistsError):
        write(service(), tmp_path / "golden", "1.0.0")


def test_a_new_class_and_a_new_class_version_lack_a_golden_event(service: Any, tmp_path: Path) -> None:
    write(service(), tmp_path / "golden", "1.0.0")
    newer = SERVICE.replace("class Measured(Seen):\n        pass", "class Measured(Seen):\n        class_version = 2")
    newer += '\n    @event("Sold")\n    def sell(self, shelf: str) -> None:\n        pass\n'
    service(newer)
    assert [one.__qualname__ for one in missing("boxes", tmp_path / "golden")] == ["Box.Measured", "Box.Sold"]
    assert [path.name for path in write("boxes", tmp_path / "golden", "1.1.0")] == ["Box.Measured.v2.json", "Box.Sold.json"]


def test_a_field_that_went_away_without_an_upcaster_is_a_loss(service: Any, tmp_path: Path) -> None:
    write(service(), tmp_path / "golden", "1.0.0")
    service(SERVICE.replace("    unit: str | None = None\n", ""))
    assert sorted(path for one in goldens(tmp_path / "golden").values() for path in lost(one)) == ["sizes[0].unit"]


def test_a_moved_class_is_read_under_its_old_name_only_while_that_is_kept(service: Any, tmp_path: Path) -> None:
    write(service(), tmp_path / "golden", "1.0.0")
    service(SERVICE.replace("Box", "Crate"))
    (made,) = [one for one in goldens(tmp_path / "golden").values() if one.topic.endswith("Made")]
    with pytest.raises(TopicError, match="Box"):
        made.event()
    domain: ModuleType = __import__("boxes.domain").domain
    register_topic("boxes.domain:Box", domain.Crate)
    assert type(made.event()) is domain.Crate.Made
