"""What came of a batch, in numbers."""

from dataclasses import dataclass, field

from deployforge_drift_detector.application.book import Book
from deployforge_drift_detector.application.looks import State
from deployforge_drift_detector.application.ports import CheckState
from deployforge_drift_detector.application.sorting import Sorted


@dataclass
class Tally:
    """What came of a batch."""

    checked: int = 0
    drifted: int = 0
    not_checked: int = 0
    stale: int = 0
    """Decided upon before."""
    transitions: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)
    """(urn, why); those that are ours are among the not checked too."""
    reused: int = 0
    """Verdicts that were given before and hold still."""
    read: int = 0
    """Bodies that were read and compared at once."""
    failed: list[str] = field(default_factory=list)
    """What could not be judged at all, and why."""

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.checked + other.checked,
            self.drifted + other.drifted,
            self.not_checked + other.not_checked,
            self.stale + other.stale,
            self.transitions + other.transitions,
            self.refused + other.refused,
            self.reused + other.reused,
            self.read + other.read,
            self.failed + other.failed,
        )

    def count(self, state: CheckState) -> None:
        """One more came to this."""
        match state:
            case CheckState.CHECKED:
                self.checked += 1
            case CheckState.DRIFTED:
                self.drifted += 1
            case CheckState.NOT_CHECKED:
                self.not_checked += 1


def tally_of(book: Book, found: Sorted) -> Tally:
    """Of what was decided without a closer look."""
    drifted = int((book.states[found.quiet] == State.DRIFTED).sum())
    checked = len(found.quiet) - drifted + len(found.agreed)
    return Tally(checked, drifted, stale=found.stale, reused=len(found.quiet), read=found.read)
