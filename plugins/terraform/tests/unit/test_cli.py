"""Finding the program and running it, with scripts in its place."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from deployforge_chassis.testing import until
from deployforge_mcal.application.ports import ProviderFailure
from deployforge_terraform import cli, directories, process
from deployforge_terraform.options import Options

Script = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """A program in the program's place."""

    def write(body: str) -> Path:
        path = tmp_path / "tofu"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(0o755)
        return path

    return write


def refused(options: Options) -> str:
    with pytest.raises(ProviderFailure) as failed:
        cli.find(options)
    return failed.value.failure.code


def test_a_missing_program_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(ProviderFailure) as failed:
        cli.find(Options(cli=str(tmp_path / "nowhere")))
    assert failed.value.failure.code == "CLI_MISSING"
    assert "nowhere" in failed.value.failure.message
    assert "install OpenTofu" in (failed.value.failure.hint or "")


def test_an_old_program_is_refused_and_a_new_one_is_not(script: Script) -> None:
    assert refused(Options(cli=str(script("echo 'OpenTofu v1.9.4'")))) == "CLI_TOO_OLD"
    assert refused(Options(cli=str(script("echo 'Terraform v1.7.9'")))) == "CLI_TOO_OLD"
    found = cli.find(Options(cli=str(script("echo 'OpenTofu v1.10.0'; echo on linux_amd64"))))
    assert (found.name, found.version, found.encrypts) == ("OpenTofu", (1, 10, 0), True)
    assert not cli.find(Options(cli=str(script("echo 'Terraform v1.11.4'")))).encrypts


def test_a_program_that_is_something_else_is_refused(script: Script) -> None:
    assert refused(Options(cli=str(script("echo 'Hello'")))) == "CLI_UNUSABLE"
    assert refused(Options(cli=str(script("echo 'OpenTofu v1.12.0'; exit 1")))) == "CLI_UNUSABLE"
    path = script("")
    path.write_bytes(b"\x00\x01 not a program")
    assert refused(Options(cli=str(path))) == "CLI_UNUSABLE"


def test_it_gets_no_variable_of_ours(script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEPLOYFORGE_SOMETHING", "ours")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "ours")
    found = cli.Cli(str(script("/usr/bin/env")), "OpenTofu", (1, 12, 0))
    with directories.scratch(Options()) as directory:
        said = directories.runner(found, Options(), directory, {"GIVEN": "1"}).read("version").decode()
        assert directory.stat().st_mode & 0o777 == 0o700
    names = {line.partition("=")[0] for line in said.splitlines()}
    own = {"TF_CLI_CONFIG_FILE", "TF_IN_AUTOMATION", "TF_INPUT", "CHECKPOINT_DISABLE", "HOME", "TMPDIR"}
    assert names - own - {"PWD", "SHLVL", "_", "OLDPWD"} == {"GIVEN"}
    assert not directory.exists()


@pytest.fixture
def handled() -> Iterator[None]:
    """SIGINT as services have it: where tests run in the background of a script it is ignored, and so it is in children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("handled")
def test_a_program_that_hangs_is_interrupted_then_killed_with_all_it_started(script: Script, tmp_path: Path) -> None:
    # A builtin writes the mark: on a busy machine a program of its own may start later than the grace has passed.
    path = script(f"trap ': > {tmp_path}/asked' INT\nsleep 600 &\necho $! > {tmp_path}/child\nwhile :; do sleep 0.05; done")
    options = Options(read_seconds=4, grace_seconds=4)
    runner = directories.runner(cli.Cli(str(path), "OpenTofu", (1, 12, 0)), options, tmp_path, {"PATH": os.defpath})
    with pytest.raises(ProviderFailure) as failed:
        runner.read("plan")
    assert failed.value.failure.code == "TIMED_OUT"
    assert (tmp_path / "asked").exists()
    child = int((tmp_path / "child").read_text())
    until(lambda: _gone(child))


def _gone(pid: int) -> bool:
    """Whether a process has ended; one that nobody has waited for yet has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_what_it_prints_comes_line_by_line_and_is_bounded(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[bytes] = []
    path = script("printf 'one\\ntwo\\nrest'")
    done = process.run([str(path)], tmp_path, {}, process.Limits(60, 1), lines.append)
    assert (done.code, lines) == (0, [b"one", b"two", b"rest"])
    monkeypatch.setattr(process, "LONGEST_BYTES", 1000)
    path = script("while :; do echo nonsense; done")
    with pytest.raises(process.TooMuchOutput):
        process.run([str(path)], tmp_path, {}, process.Limits(60, 1), lines.append)


def test_whoever_may_not_go_on_ends_the_program(script: Script, tmp_path: Path) -> None:
    class Lost(Exception):
        pass

    def alive() -> None:
        if (tmp_path / "pid").exists():
            raise Lost

    path = script(f"echo $$ > {tmp_path}/pid; exec sleep 600")
    with pytest.raises(Lost):
        process.run([str(path)], tmp_path, {"PATH": os.defpath}, process.Limits(60, 1), None, alive)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), signal.SIGCONT)
