"""No installed provider is without the contract, and none leaves out what is unpleasant for it."""

from importlib.metadata import EntryPoint
from typing import ClassVar

import pytest
from deployforge_mcal import testing
from deployforge_mcal.testing import ProviderContract, gaps


class _Whole(ProviderContract):
    scheme: ClassVar[str] = "one"


class _Holed(ProviderContract):
    scheme: ClassVar[str] = "two"
    test_nothing_to_change_is_a_success = None  # type: ignore[assignment]
    pytestmark: ClassVar[list[object]] = [pytest.mark.skip]


def test_gaps_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [EntryPoint(name, "x:y", testing.GROUP) for name in ("one", "two", "three")]
    monkeypatch.setattr(testing, "entry_points", lambda group: known)
    assert gaps([_Whole, _Holed]) == [
        "no suite runs on the provider 'three'",
        "_Holed replaces test_nothing_to_change_is_a_success",
        "_Holed is marked, so some of it may not run",
    ]
