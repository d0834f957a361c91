"""OpenTofu and a few of its providers, built from their published Go modules, kept in the cache that systems share.

Versions and checksums of everything that is built are in `go/*/go.mod` and `go.sum`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

from deployforge_local.settings import LocalSettings

_SECONDS: Final = 3600
_VERSIONED: Final = "-s -w -X github.com/opentofu/opentofu/version.dev=no"


class GoMissing(Exception):
    """There is no Go to build OpenTofu with."""

    def __init__(self) -> None:
        super().__init__(
            "OpenTofu is built from its Go module, and there is no `go`: install Go 1.25 or newer "
            "(https://go.dev/doc/install, or the package golang of your system)"
        )


class BuildFailed(Exception):
    """Go did not build a program."""

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"{name} could not be built: {said[-2000:]}")


@dataclass(frozen=True)
class Program:
    """A program to be built from a directory with a go.mod and a go.sum."""

    name: str
    package: str
    flags: str = "-s -w"


TOFU: Final = Program("tofu", "github.com/opentofu/opentofu/cmd/tofu", _VERSIONED)
#: Name and version of each provider of hashicorp's namespace → how it is built.
PROVIDERS: Final = {
    ("local", "1.4.0"): Program("local", "github.com/terraform-providers/terraform-provider-local"),
    ("time", "0.14.2"): Program("time", "github.com/hashicorp/terraform-provider-time"),
}


@dataclass(frozen=True)
class OpenTofu:
    """Where it is."""

    program: Path
    mirror: Path
    """Its providers, laid out as a filesystem mirror."""


def install(say: Callable[[str], None], settings: LocalSettings | None = None) -> OpenTofu:
    """Build what is not in the cache yet: about four minutes of one processor. Raises GoMissing or BuildFailed."""
    cache = (settings or LocalSettings()).cache_dir / "opentofu"
    with as_file(files("deployforge_local") / "go") as modules:
        program = build(cache, modules / TOFU.name, TOFU, say)
        mirror = cache / "mirror"
        for (name, version), provider in PROVIDERS.items():
            place(mirror, "hashicorp", name, version, build(cache, modules / name, provider, say))
    return OpenTofu(program, mirror)


def found(settings: LocalSettings | None = None) -> OpenTofu | None:
    """What `install` left in the cache, or None where it has not run for these versions."""
    cache = (settings or LocalSettings()).cache_dir / "opentofu"
    with as_file(files("deployforge_local") / "go") as modules:
        program = _target(cache, modules / TOFU.name, TOFU)
        providers = [_target(cache, modules / name, provider) for (name, _), provider in PROVIDERS.items()]
    mirror = cache / "mirror"
    placed = [_placed(mirror, "hashicorp", name, version) for name, version in PROVIDERS]
    return OpenTofu(program, mirror) if all(path.exists() for path in (program, *providers, *placed)) else None


def build(cache: Path, module: Path, program: Program, say: Callable[[str], None]) -> Path:
    """The program of a module, built once for each state of its sources. Raises GoMissing or BuildFailed."""
    target = _target(cache, module, program)
    with _alone(cache):
        if not target.exists():
            if shutil.which("go") is None:
                raise GoMissing()
            say(f"building {program.name} from its Go module into {target.parent}")
            _build(module, program, target)
    return target


def _target(cache: Path, module: Path, program: Program) -> Path:
    digest = hashlib.sha256()
    for source in sorted(p for p in module.iterdir() if p.suffix in (".go", ".mod", ".sum")):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return cache / f"{program.name}-{digest.hexdigest()[:12]}" / program.name


def _build(module: Path, program: Program, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="df-go-") as scratch:
        shutil.copytree(module, scratch, dirs_exist_ok=True)
        output = Path(scratch) / "built"
        command = ["go", "build", "-trimpath", "-ldflags", program.flags, "-o", str(output), program.package]
        environment = {**os.environ, "CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false"}
        try:
            done = subprocess.run(
                command, cwd=scratch, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise BuildFailed(program.name, f"not done within {_SECONDS} s") from error
        if done.returncode:
            raise BuildFailed(program.name, done.stderr)
        target.parent.mkdir(parents=True, exist_ok=True)
        _moved(output, target)


def place(mirror: Path, namespace: str, name: str, version: str, program: Path) -> None:
    """Lay a provider into a mirror, under the registry of OpenTofu."""
    placed = _placed(mirror, namespace, name, version)
    placed.parent.mkdir(parents=True, exist_ok=True)
    link = placed.with_name(f".{os.getpid()}")
    link.unlink(missing_ok=True)
    link.symlink_to(program)
    link.replace(placed)


def _placed(mirror: Path, namespace: str, name: str, version: str) -> Path:
    directory = mirror / "registry.opentofu.org" / namespace / name / version / _system()
    return directory / f"terraform-provider-{name}_v{version}"


def _system() -> str:
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    return f"{os.uname().sysname.lower()}_{machine}"


def _moved(output: Path, target: Path) -> None:
    """In one step, also from another file system."""
    beside = target.with_name(f".{target.name}.{os.getpid()}")
    shutil.copy(output, beside)
    beside.replace(target)


@contextmanager
def _alone(cache: Path) -> Iterator[None]:
    """One at a time on this machine."""
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
