"""The provider author's kit as an author meets it: outside this repository, with the plug-in that is installed."""

import subprocess
import sys
from pathlib import Path

import pytest
from deployforge_mcal.testing.contract import ProviderContract

pytest_plugins = ["pytester"]

_REPOSITORY = Path(__file__).parents[4]
_EXAMPLES = _REPOSITORY / "docs/examples"
_LINES = 150
_TESTS = sum(name.startswith("test_") for name in vars(ProviderContract))


@pytest.fixture
def author(pytester: pytest.Pytester) -> pytest.Pytester:
    """A directory with the example adapter and its test, and no configuration."""
    for name in ("directory_provider.py", "test_directory_provider.py"):
        (pytester.path / name).write_text((_EXAMPLES / name).read_text())
    return pytester


def _replace(author: pytest.Pytester, name: str, old: str, new: str) -> None:
    text = (author.path / name).read_text()
    assert old in text
    (author.path / name).write_text(text.replace(old, new))


def test_the_example_is_short() -> None:
    assert len((_EXAMPLES / "directory_provider.py").read_text().splitlines()) < _LINES


def test_the_example_keeps_the_contract(author: pytest.Pytester) -> None:
    author.runpytest_subprocess().assert_outcomes(passed=_TESTS)


def test_an_adapter_that_claims_without_reading_fails_by_name(author: pytest.Pytester) -> None:
    _replace(author, "directory_provider.py", "restored = session.unit(work.unit_name) == previous", "restored = False")
    found = author.runpytest_subprocess("-k", "a_failing")
    found.assert_outcomes(failed=2)
    found.stdout.fnmatch_lines(
        ["FAILED test_directory_provider.py::directory::test_a_failing_update_restores_and_says_so*"]
    )
    found.stdout.fnmatch_lines(["E*assert False", "E*where False = *Failure(code='RESOURCE_FAILED'*"])


def test_a_provider_under_another_name_fails(author: pytest.Pytester) -> None:
    _replace(author, "test_directory_provider.py", 'provider_stage("directory")', 'provider_stage("folder")')
    author.runpytest_subprocess("-k", "its_type").assert_outcomes(failed=1)


def test_a_stage_may_be_called_stage(author: pytest.Pytester) -> None:
    _replace(author, "test_directory_provider.py", "def directory(", "def stage(")
    author.runpytest_subprocess().assert_outcomes(passed=_TESTS)


def test_installed_providers_without_a_suite_are_named(author: pytest.Pytester) -> None:
    found = author.runpytest_subprocess("--every-provider")
    assert found.ret is pytest.ExitCode.USAGE_ERROR
    found.stderr.fnmatch_lines(["*no suite runs on the provider aws, azure, *"])


def test_no_installed_provider_is_without_the_contract() -> None:
    suites = [
        *_REPOSITORY.glob("*/*/tests/contract/test_*provider.py"),
        *_REPOSITORY.glob("*/*/tests/contract/test_*contract.py"),
    ]
    command = [sys.executable, "-m", "pytest", "-q", "--collect-only", "--every-provider", *map(str, suites)]
    done = subprocess.run(command, cwd=_REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
