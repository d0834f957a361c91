"""What is to be done with a batch's observations: nearly all say what they said before, most others are as desired."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import numpy as np
from deployforge_chassis import packed
from numpy.typing import NDArray

from deployforge_drift_detector.application.book import Book, Indices
from deployforge_drift_detector.application.messages import PRESENCES, Columns, ObservationBatch
from deployforge_drift_detector.application.verdicts import Unusable, properties
from deployforge_drift_detector.domain.compare import agrees, agrees_at_a_glance

_PRESENT: Final = PRESENCES.index("PRESENT")
_NONE: Final[Indices] = np.array([], np.intp)


@dataclass
class Sorted:
    """A batch's columns, by what is to be done with them: rows of the batch, and rows of the book beside them."""

    quiet: Indices
    """Rows of the book that say what they said before."""
    agreed: Indices
    """Rows of the book whose bodies were read, are as desired and were not drifted."""
    rest: list[tuple[int, int]]
    """(row of the batch, row of the book or -1): these need a closer look."""
    stale: int
    """How many were decided upon before."""
    read: int
    """Bodies that were read."""


def sort(book: Book, batch: ObservationBatch, changing: Mapping[UUID, object], now: datetime) -> Sorted:
    """Hold a batch's columns against the book. Nothing is marked there; what was read and agrees is remembered."""
    columns = batch.columns
    if not len(book.ids):
        return Sorted(_NONE, _NONE, [(row, -1) for row in range(len(columns))], 0, 0)
    at, known = book.places(columns.ids, batch.batch)
    fresh = known & (book.sequences[at] < batch.sequence)
    plain = fresh & (book.generations[at] == columns.generations)
    if changing:
        plain &= ~book.of_deployments(changing.keys())[at]
    same = plain & (book.good_until[at] > now.timestamp()) & (book.presences[at] == columns.presences)
    said = book.digests[at] == columns.digests
    same &= said[:, 0] & said[:, 1]
    if not _true_to_its_digest(batch, same):
        same[:] = False
    readable = plain & ~same & (columns.presences == _PRESENT)
    agreed = _agreed(book, columns, np.flatnonzero(readable), at)
    near = (fresh & ~same) | ~known
    near[agreed] = False
    rest = np.flatnonzero(near)
    book.keep_agreed(at[agreed], columns.digests[agreed], now)
    return Sorted(
        quiet=at[same],
        agreed=at[agreed],
        rest=[(row, int(at[row]) if known[row] else -1) for row in rest.tolist()],
        stale=int((known & ~fresh).sum()),
        read=int(readable.sum()),
    )


def _agreed(book: Book, columns: Columns, rows: Indices, at: Indices) -> Indices:
    """Those of the rows whose bodies are as desired, where that is no news."""
    agreed: list[int] = []
    ends, bodies = [0, *columns.ends.tolist()], columns.bodies
    opened, doubts = book.open, book.doubts
    digests = columns.digests.tobytes()
    for row, place in zip(rows.tolist(), at[rows].tolist(), strict=True):
        try:
            observed = properties(bodies[ends[row] : ends[row + 1]], digests[row * 16 : row * 16 + 16])
        except Unusable:
            continue
        desired = book.desired[place]
        if (opened and desired.urn in opened) or (doubts and desired.urn in doubts):
            continue
        wanted = desired.properties
        if agrees_at_a_glance(wanted, observed, desired.ambiguous) or agrees(wanted, observed, desired.set_paths):
            agreed.append(row)
    return np.array(agreed, np.intp)


def _true_to_its_digest(batch: ObservationBatch, same: NDArray[np.bool_]) -> bool:
    """Bodies that are not read are not checked against their digests; one of every batch is, another each time."""
    rows = np.flatnonzero(same)
    if not len(rows):
        return True
    row = int(rows[(batch.sequence + batch.batch) % len(rows)])
    body = batch.columns.body(row)
    return not body or packed.digest(body) == batch.columns.digests[row].tobytes()
