import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from deployforge_mcal.adapters.shared import Shared


def test_many_who_want_it_at_once_have_it_fetched_once() -> None:
    shared: Shared[int] = Shared(10.0)
    numbers, all_there = count(), threading.Barrier(8)

    def want(_: int) -> int:
        all_there.wait(10)
        return shared.get("assets", lambda: next(numbers))

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(want, range(8))) == [0] * 8


def test_it_is_fetched_again_when_it_is_too_old_and_other_things_are_others() -> None:
    at = [100.0]
    shared: Shared[int] = Shared(10.0, lambda: at[0])
    numbers = count()
    assert shared.get("a", lambda: next(numbers)) == 0
    assert shared.get("b", lambda: next(numbers)) == 1
    at[0] += 9.0
    assert shared.get("a", lambda: next(numbers)) == 0
    at[0] += 1.0
    assert shared.get("a", lambda: next(numbers)) == 2


def test_what_failed_is_not_kept() -> None:
    shared: Shared[int] = Shared(10.0)

    def fail() -> int:
        raise OSError

    with pytest.raises(OSError):
        shared.get("a", fail)
    assert shared.get("a", lambda: 1) == 1
