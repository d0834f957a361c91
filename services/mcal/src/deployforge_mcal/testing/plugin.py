"""The plug-in (entry point of the group `pytest11`). Every run of pytest in an environment with mcal loads it, so nothing
else of ours is imported before a suite is there to run.
"""

from importlib.metadata import entry_points

import pytest

from deployforge_mcal.testing import SCHEME

pytest.register_assert_rewrite("deployforge_mcal.testing.contract")


class Suite(pytest.Class):
    """The contract on one provider, named like the fixture that makes its stage."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare `--every-provider`."""
    parser.getgroup("deployforge").addoption(
        "--every-provider", action="store_true", help="refuse to run while an installed provider is without its contract"
    )


def pytest_pycollect_makeitem(collector: pytest.Module | pytest.Class, name: str, obj: object) -> Suite | None:
    """Make a suite of a module's fixture that is a provider's stage."""
    scheme = getattr(obj, SCHEME, None)
    if not isinstance(scheme, str) or not isinstance(collector, pytest.Module):
        return None
    from deployforge_mcal.testing.contract import ProviderContract

    suite = Suite.from_parent(collector, name=name)
    suite.obj = type(name, (ProviderContract,), {"scheme": scheme, "fixture": name, "__doc__": obj.__doc__})
    return suite


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run while an installed provider has no suite, where that was asked for."""
    if not session.config.getoption("every_provider"):
        return
    suites = {suite.obj.scheme for item in session.items if (suite := item.getparent(Suite)) is not None}
    if missing := {point.name for point in entry_points(group="deployforge.providers")} - suites:
        raise pytest.UsageError(f"no suite runs on the provider {', '.join(sorted(missing))}")
