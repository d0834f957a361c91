"""The command line program: which one, which version, and how it is run."""

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from deployforge_terraform import process
from deployforge_terraform.errors import failed, of_text
from deployforge_terraform.options import Options

#: The oldest that have all that is used here: `removed` blocks that spare the resource, `issensitive`, encrypted state.
OLDEST: Final[Mapping[str, tuple[int, int, int]]] = {"OpenTofu": (1, 10, 0), "Terraform": (1, 8, 0)}
_VERSION: Final = re.compile(r"^(OpenTofu|Terraform) v(\d+)\.(\d+)\.(\d+)", re.MULTILINE)
_VERSION_SECONDS: Final = 60.0
#: The only registry that each of them asks unless told otherwise.
_HOSTS: Final = {"OpenTofu": "registry.opentofu.org", "Terraform": "registry.terraform.io"}


@dataclass(frozen=True)
class Cli:
    """A program that was asked for its version."""

    path: str
    name: str
    version: tuple[int, int, int]

    @property
    def encrypts(self) -> bool:
        """Whether it can encrypt state and plans."""
        return self.name == "OpenTofu"

    @property
    def registry(self) -> str:
        """The host that an address without one means."""
        return _HOSTS[self.name]


def find(options: Options) -> Cli:
    """The configured program, or the first of `tofu` and `terraform`. Raises ProviderFailure."""
    named = (options.cli,) if options.cli else ("tofu", "terraform")
    path = next((found for name in named if (found := shutil.which(name))), None)
    if path is None:
        hint = "install OpenTofu 1.10 or newer on the machine of mcal, or set the adapter's option `cli` to where it is"
        raise failed("CLI_MISSING", f"there is no program {' or '.join(named)}", hint)
    with TemporaryDirectory(prefix="df-tf-") as scratch:
        environment = {"CHECKPOINT_DISABLE": "1", "HOME": scratch, "TF_CLI_CONFIG_FILE": _no_configuration(Path(scratch))}
        done = _started(path, ["version"], Path(scratch), environment, process.Limits(_VERSION_SECONDS, 1))
    matched = _VERSION.search(done.output.decode(errors="replace"))
    if done.code or matched is None:
        said = (done.errors or done.output.decode(errors="replace")).strip()[:300]
        raise failed("CLI_UNUSABLE", f"{path} is neither OpenTofu nor Terraform; asked for its version, it said: {said}")
    version = (int(matched[2]), int(matched[3]), int(matched[4]))
    if version < OLDEST[matched[1]]:
        needed = ".".join(map(str, OLDEST[matched[1]]))
        raise failed("CLI_TOO_OLD", f"{path} is {matched[0]}; at least {needed} is needed", "install a newer one")
    return Cli(path, matched[1], version)


def _no_configuration(directory: Path) -> str:
    (directory / "none.tfrc").write_text("")
    return str(directory / "none.tfrc")


def _started(
    path: str, arguments: Sequence[str], directory: Path, environment: Mapping[str, str], limits: process.Limits,
    line: Callable[[bytes], None] | None = None, alive: Callable[[], None] = lambda: None,
) -> process.Finished:  # fmt: skip
    try:
        return process.run([path, *arguments], directory, environment, limits, line, alive)
    except OSError as error:
        raise failed("CLI_UNUSABLE", f"{path} cannot be started: {error.strerror}") from error
    except process.TimedOut as error:
        raise failed("TIMED_OUT", str(error), "look at what it waits for; the next run goes on from there") from error
    except process.TooMuchOutput as error:
        raise failed("CLI_UNUSABLE", str(error)) from error


@dataclass(frozen=True)
class Runner:
    """The program in one directory with one environment."""

    cli: Cli
    directory: Path
    environment: Mapping[str, str]
    options: Options

    def read(self, *arguments: str) -> bytes:
        """A command that changes nothing; its output. Raises ProviderFailure."""
        done = self._run(arguments, self.options.read_seconds, None, lambda: None)
        if done.code:
            raise of_text(done.errors or done.output.decode(errors="replace"))
        return done.output

    def stream(
        self, *arguments: str, line: Callable[[bytes], None], changes: bool = False,
        alive: Callable[[], None] = lambda: None,
    ) -> process.Finished:  # fmt: skip
        """A command with `-json`, whose lines are given as they come. Raises ProviderFailure when it cannot be run to
        its end, and whatever `alive` raises."""
        seconds = self.options.change_seconds if changes else self.options.read_seconds
        return self._run(arguments, seconds, line, alive)

    def _run(
        self, arguments: Sequence[str], seconds: float, line: Callable[[bytes], None] | None, alive: Callable[[], None]
    ) -> process.Finished:
        limits = process.Limits(seconds, self.options.grace_seconds)
        return _started(self.cli.path, arguments, self.directory, self.environment, limits, line, alive)
