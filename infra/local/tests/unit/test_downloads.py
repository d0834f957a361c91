"""A download that broke off is forgotten and tried again; nothing unverified stays."""

import hashlib
from pathlib import Path

import pytest
from deployforge_local import artifacts
from deployforge_local.artifacts import Artifact, ArtifactDiffers, ArtifactUnavailable
from deployforge_local.settings import LocalSettings

_CONTENT = b"a jar"
_JAR = Artifact("org.example", "thing", "1.0", hashlib.sha256(_CONTENT).hexdigest())


class Repository:
    """Answers one download after another with what it was given; an exception is raised."""

    def __init__(self, *answers: bytes | Exception) -> None:
        self.answers = list(answers)
        self.asked_in: list[Path] = []

    def __call__(self, artifact: Artifact, scratch: Path) -> Path:
        assert list(scratch.iterdir()) == [], "an earlier attempt left something behind"
        self.asked_in.append(scratch)
        answer = self.answers.pop(0)
        path = scratch / artifact.file_name
        if isinstance(answer, Exception):
            path.write_bytes(_CONTENT[:2])
            raise answer
        path.write_bytes(answer)
        return path


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalSettings:
    monkeypatch.setattr(artifacts, "_PAUSE_SECONDS", 0)
    return LocalSettings(cache=tmp_path / "cache")


def _files(settings: LocalSettings) -> list[bytes]:
    return [path.read_bytes() for path in settings.cache_dir.rglob("*") if path.is_file()]


@pytest.mark.parametrize("first", [b"half a j", ArtifactUnavailable("connection reset")])
def test_a_broken_download_is_tried_again_from_nothing(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch, first: bytes | Exception
) -> None:
    repository = Repository(first, _CONTENT)
    monkeypatch.setattr(artifacts, "_download", repository)
    artifacts._fetch(settings, _JAR)
    assert len(set(repository.asked_in)) == 2
    assert _files(settings) == [_CONTENT]


def test_after_the_last_attempt_the_reason_is_told_and_nothing_stays(
    settings: LocalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(artifacts, "_download", Repository(b"other", ArtifactUnavailable("reset"), b"other"))
    with pytest.raises(ArtifactDiffers, match=r"org\.example:thing:1\.0: expected sha256"):
        artifacts._fetch(settings, _JAR)
    assert _files(settings) == []
