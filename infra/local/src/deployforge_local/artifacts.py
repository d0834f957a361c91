"""Published artifacts, fetched by exact coordinate, verified by checksum, kept in a cache that systems share."""

import hashlib
import tarfile
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from deployforge_local.settings import LocalSettings

_ATTEMPTS = 3
_PAUSE_SECONDS = 0.5
_TIMEOUT_SECONDS = 30


@dataclass(frozen=True)
class Artifact:
    """One file of a Maven repository."""

    group: str
    name: str
    version: str
    sha256: str
    classifier: str = ""
    packaging: str = "jar"

    @property
    def file_name(self) -> str:
        """Its name in the cache."""
        classifier = f"-{self.classifier}" if self.classifier else ""
        return f"{self.name}-{self.version}{classifier}.{self.packaging}"

    def __str__(self) -> str:
        return f"{self.group}:{self.name}:{self.version}"


REGISTRY_APP = Artifact(
    "io.apicurio",
    "apicurio-registry-app",
    "3.3.3",
    "8bc6751c76d963734224b01d5e7f84ccb3cb61c87d3bd77c36c35f10a5cbed63",
    classifier="all",
    packaging="tar.gz",
)


class ArtifactDiffers(Exception):
    """What was fetched is not what the lock file names."""


class ArtifactUnavailable(Exception):
    """The artifact could not be fetched."""


def kafka_jars() -> list[Artifact]:
    """The exact class path of Kafka, from `kafka.lock`."""
    jars = []
    for line in (files("deployforge_local") / "kafka.lock").read_text().splitlines():
        if line and not line.startswith("#"):
            coordinate, sha256 = line.split()
            group, name, version = coordinate.split(":")
            jars.append(Artifact(group, name, version, sha256))
    return jars


def fetch_all(settings: LocalSettings, say: Callable[[str], None]) -> None:
    """Bring everything into the cache. Raises ArtifactDiffers or ArtifactUnavailable."""
    missing = [a for a in (*kafka_jars(), REGISTRY_APP) if not _path(settings, a).is_file()]
    if missing:
        say(f"fetching {len(missing)} published artifacts into {settings.cache_dir}")
        with ThreadPoolExecutor(8) as pool:
            for number, artifact in enumerate(pool.map(lambda a: _fetch(settings, a), missing), 1):
                if number % 20 == 0 or number == len(missing):
                    say(f"  {number} of {len(missing)}: {artifact}")
    _unpack_registry(settings)


def kafka_class_path(settings: LocalSettings) -> str:
    """For `java -cp`."""
    return ":".join(str(_path(settings, jar)) for jar in kafka_jars())


def registry_home(settings: LocalSettings) -> Path:
    """Where the registry is unpacked."""
    return settings.cache_dir / f"{REGISTRY_APP.name}-{REGISTRY_APP.version}"


def damaged(settings: LocalSettings) -> list[str]:
    """Cached artifacts whose checksum is wrong, and missing ones."""
    return [str(a) for a in _all() if not _path(settings, a).is_file() or _sha256(_path(settings, a)) != a.sha256]


def _all() -> Iterable[Artifact]:
    return (*kafka_jars(), REGISTRY_APP)


def _path(settings: LocalSettings, artifact: Artifact) -> Path:
    return settings.cache_dir / "artifacts" / artifact.sha256[:12] / artifact.file_name


def _fetch(settings: LocalSettings, artifact: Artifact) -> Artifact:
    settings.cache_dir.mkdir(parents=True, exist_ok=True)
    for attempt in range(1, _ATTEMPTS + 1):
        # An empty repository each time: what an interrupted download left behind is never found again.
        with tempfile.TemporaryDirectory(dir=settings.cache_dir, prefix="fetching-") as scratch:
            try:
                keep(settings, artifact, _download(artifact, Path(scratch)))
                break
            except (ArtifactUnavailable, ArtifactDiffers):
                if attempt == _ATTEMPTS:
                    raise
        time.sleep(_PAUSE_SECONDS * attempt)
    return artifact


def _download(artifact: Artifact, repository: Path) -> Path:
    with warnings.catch_warnings():
        # Its import complains where there is no login session; nothing here needs one.
        warnings.simplefilter("ignore")
        from jgo.maven import MavenContext

    context = MavenContext(repo_cache=repository, timeout=_TIMEOUT_SECONDS)
    component = context.project(artifact.group, artifact.name).at_version(artifact.version)
    try:
        return Path(component.artifact(classifier=artifact.classifier, packaging=artifact.packaging).resolve())
    except Exception as error:
        raise ArtifactUnavailable(f"{artifact} could not be fetched: {error}") from error


def keep(settings: LocalSettings, artifact: Artifact, found: Path) -> None:
    """Move a file into the cache in one step, if it is the right one. Raises ArtifactDiffers."""
    if (got := _sha256(found)) != artifact.sha256:
        raise ArtifactDiffers(f"{artifact}: expected sha256 {artifact.sha256}, got {got}")
    target = _path(settings, artifact)
    target.parent.mkdir(parents=True, exist_ok=True)
    found.replace(target)


def _unpack_registry(settings: LocalSettings) -> None:
    home = registry_home(settings)
    if home.is_dir():
        return
    with tempfile.TemporaryDirectory(dir=settings.cache_dir) as scratch:
        with tarfile.open(_path(settings, REGISTRY_APP)) as archive:
            archive.extractall(scratch, filter="data")
        jar = next(Path(scratch).rglob("quarkus-run.jar"))
        try:
            jar.parent.rename(home)
        except OSError:
            if not home.is_dir():
                raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
