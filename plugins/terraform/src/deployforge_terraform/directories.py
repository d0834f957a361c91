"""Working directories and the environment of the program: only what it needs, nothing of ours."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp
from typing import Final

from deployforge_terraform.cli import Cli, Runner
from deployforge_terraform.options import Options

#: Providers are spoken to by a socket in TMPDIR, and the path of a socket has at most 107 bytes (unix(7)).
_LONGEST: Final = 70
_MIRROR_ONLY: Final = """provider_installation {{
  filesystem_mirror {{
    path = {path}
  }}
}}
"""


@contextmanager
def scratch(options: Options) -> Iterator[Path]:
    """A directory that only this user can enter, removed at the end."""
    directory = Path(mkdtemp(prefix="df-tf-", dir=options.work))
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def runner(cli: Cli, options: Options, directory: Path, environment: Mapping[str, str]) -> Runner:
    """The program in a directory; `environment` is what it gets beside what steers it."""
    settings = directory / ".cli.tfrc"
    settings.write_text(_MIRROR_ONLY.format(path=_quoted(options.mirror)) if options.mirror is not None else "")
    own = {
        "TF_CLI_CONFIG_FILE": str(settings), "TF_IN_AUTOMATION": "1", "TF_INPUT": "0", "CHECKPOINT_DISABLE": "1",
        "HOME": str(directory), "TMPDIR": str(directory) if len(str(directory)) <= _LONGEST else gettempdir(),
    }  # fmt: skip
    return Runner(cli, directory, {**environment, **own}, options)


def _quoted(path: Path) -> str:
    text = str(path.expanduser().absolute()).replace("\\", "\\\\").replace('"', '\\"')
    return '"' + text.replace("${", "$${").replace("%{", "%%{") + '"'
