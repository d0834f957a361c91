"""A book finds the rows of a batch: by searching, or as it found them in the scan before."""

from dataclasses import replace

import numpy as np
from deployforge_chassis import packed
from deployforge_drift_detector.application.book import Book
from hypothesis import given
from hypothesis import strategies as st

from ...conftest import ORDERS, urn

FLEET = [replace(ORDERS, urn=urn(f"r{n}"), resource=f"r{n}") for n in range(12)]
KEYS = [packed.key(one.deployment_id, one.urn) for one in FLEET]
STRANGER = packed.key(ORDERS.deployment_id, urn("stranger"))


@given(st.lists(st.tuples(st.integers(0, 3), st.lists(st.sampled_from([*KEYS, STRANGER]), max_size=15)), max_size=12))
def test_rows_are_the_same_whatever_batches_came_before(batches: list[tuple[int, list[bytes]]]) -> None:
    book = Book("s", FLEET[:8])
    ours = set(KEYS[:8])
    for half, (number, keys) in enumerate(batches):
        if half == len(batches) // 2:
            book.rearrange(FLEET[4:])
            ours = set(KEYS[4:])
        at, known = book.places(np.frombuffer(b"".join(keys), "<u8"), number)
        assert [key in ours for key in keys] == known.tolist()
        found = book.ids[at[known]].tobytes()
        assert found == b"".join(key for key in keys if key in ours)


def test_no_more_places_are_kept_than_of_one_scan() -> None:
    book = Book("s", FLEET)
    ids = np.frombuffer(b"".join(KEYS), "<u8")
    for number in range(1000):
        book.places(ids, number)
    assert sum(map(len, book._places.values())) == len(ids)
