import json
from pathlib import Path

import pytest
from deployforge_chassis.keys import KeyFile, KeyUnavailable, WrongKey


@pytest.fixture
def path(tmp_path: Path) -> Path:
    KeyFile.create(tmp_path / "keys" / "service.key")
    return tmp_path / "keys" / "service.key"


def test_a_wrapped_key_comes_back_and_is_not_to_be_seen(path: Path) -> None:
    wrapped = KeyFile(path).wrap(b"k" * 32, b"mine")
    assert b"k" * 8 not in wrapped
    assert KeyFile(path).unwrap(wrapped, b"mine") == b"k" * 32


@pytest.mark.parametrize("position", [4, 20, -1])
def test_a_changed_wrapped_key_is_noticed(path: Path, position: int) -> None:
    wrapped = bytearray(KeyFile(path).wrap(b"k" * 32, b"mine"))
    wrapped[position] ^= 1
    with pytest.raises(WrongKey):
        KeyFile(path).unwrap(bytes(wrapped), b"mine")


def test_a_wrapped_key_is_bound_to_its_place(path: Path) -> None:
    with pytest.raises(WrongKey):
        KeyFile(path).unwrap(KeyFile(path).wrap(b"k" * 32, b"mine"), b"yours")


def test_creating_again_keeps_the_key(path: Path) -> None:
    before = path.read_bytes()
    KeyFile.create(path)
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_file_that_others_may_read_is_refused(path: Path) -> None:
    path.chmod(0o640)
    with pytest.raises(KeyUnavailable, match="0600"):
        KeyFile(path)


@pytest.mark.parametrize("content", ["", "{}", '{"current": 1, "keys": {"1": "c2hvcnQ="}}'])
def test_a_broken_key_file_is_refused_without_showing_it(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(KeyUnavailable) as refused:
        KeyFile(path)
    assert "c2hvcnQ" not in str(refused.value)


def test_old_keys_open_what_they_wrapped_and_the_newest_wraps(path: Path, tmp_path: Path) -> None:
    old = KeyFile(path).wrap(b"o" * 32, b"")
    KeyFile.create(tmp_path / "second.key")
    content, second = json.loads(path.read_text()), json.loads((tmp_path / "second.key").read_text())
    content["keys"]["2"], content["current"] = second["keys"]["1"], 2
    path.write_text(json.dumps(content))
    assert KeyFile(path).unwrap(old, b"") == b"o" * 32
    assert KeyFile(path).wrap(b"n" * 32, b"")[:4] == (2).to_bytes(4, "big")


def test_what_a_missing_version_wrapped_cannot_be_opened(path: Path) -> None:
    wrapped = KeyFile(path).wrap(b"k" * 32, b"")
    with pytest.raises(KeyUnavailable, match="version 9"):
        KeyFile(path).unwrap((9).to_bytes(4, "big") + wrapped[4:], b"")
