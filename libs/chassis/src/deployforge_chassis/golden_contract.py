"""What every service's stored events must keep: the suite that each service runs on its golden events."""

from pathlib import Path
from typing import ClassVar

from deployforge_chassis.golden import goldens, lost, missing


class GoldenEvents:
    """A test class derives from this and names the service's package and the directory of its golden events."""

    package: ClassVar[str]
    directory: ClassVar[Path]

    def test_every_event_class_has_a_golden_event(self) -> None:
        """A new class or class_version needs one: `make golden` writes it."""
        assert [one.__qualname__ for one in missing(self.package, self.directory)] == []

    def test_every_golden_event_of_every_release_is_read(self) -> None:
        """Topics resolve (a moved class keeps its old name by `register_topic`), upcasters end at today's version."""
        kept = goldens(self.directory)
        assert kept
        unread = {}
        for path, golden in kept.items():
            try:
                event = golden.event()
                if hasattr(event, "originator_topic"):
                    assert event.mutate(None).id == golden.stream
            except Exception as error:
                unread[f"{path.parent.name}/{path.name}"] = f"{type(error).__name__}: {error}"
        assert unread == {}

    def test_nothing_of_a_golden_event_is_lost_without_an_upcaster(self) -> None:
        """A field that went away or changed its meaning raises class_version."""
        losses = {f"{path.parent.name}/{path.name}": lost(golden) for path, golden in goldens(self.directory).items()}
        assert {path: paths for path, paths in losses.items() if paths} == {}
