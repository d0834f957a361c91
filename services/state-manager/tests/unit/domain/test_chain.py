"""A file says itself which of its lines is not as it was written."""

import json
from collections.abc import Callable, Iterator

import pytest
from deployforge_state_manager.domain.chain import BadHistory, UntrustedSigner, read, written

RECORDS = [{"n": n, "text": "ä" * n} for n in range(5)]


def _file() -> list[bytes]:
    return list(written({"deployment_id": "d"}, RECORDS, "certificate", lambda data: b"signed " + data))


def _verify(certificate: str, signature: bytes, data: bytes) -> str:
    if signature != b"signed " + data:
        raise UntrustedSigner("no")
    return certificate


def test_what_was_written_is_read() -> None:
    header, records, signer = read(_file(), _verify)
    assert header["deployment_id"] == "d"
    assert [{k: r[k] for k in ("n", "text")} for r in records] == RECORDS
    assert signer == "certificate"


def _swapped(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def _changed(line: bytes) -> bytes:
    record = json.loads(line)
    return json.dumps({**record, "n": 77}).encode() + b"\n"


@pytest.mark.parametrize("at", range(1, 6))
@pytest.mark.parametrize(
    "harm",
    [
        lambda lines, at: [*lines[:at], *lines[at + 1 :]],
        lambda lines, at: [*lines[:at], _changed(lines[at]), *lines[at + 1 :]],
        lambda lines, at: [*lines[:at], lines[at], *lines[at:]][: len(lines) + 1],
        _swapped,
        lambda lines, at: [*lines[:at], b"{\n", *lines[at + 1 :]],
        lambda lines, at: [*lines[:at], b"[1]\n", *lines[at + 1 :]],
        lambda lines, at: lines[:at],
        lambda lines, at: [*lines[:at], lines[at][:-20]],
    ],
)
def test_the_first_bad_line_is_named(harm: Callable[[list[bytes], int], list[bytes]], at: int) -> None:
    with pytest.raises(BadHistory) as bad:
        read(harm(_file(), at), _verify)
    # A line that is there twice is bad the second time.
    assert bad.value.line in (at + 1, at + 2)
    assert f"record {bad.value.line}" in str(bad.value)


def test_a_chain_that_was_made_anew_has_no_signature() -> None:
    other = list(written({"deployment_id": "other"}, RECORDS, "certificate", lambda data: b"forged"))
    with pytest.raises(UntrustedSigner):
        read(other, _verify)


@pytest.mark.parametrize("lines", [[], [b""], [b"\n"]])
def test_nothing_is_no_history(lines: list[bytes]) -> None:
    with pytest.raises(BadHistory):
        read(lines, _verify)


def test_nothing_may_follow_the_end_and_another_format_is_refused() -> None:
    with pytest.raises(BadHistory, match="follows the end"):
        read([*_file(), b"{}\n"], _verify)
    with pytest.raises(BadHistory, match="deployforge-state-history"):
        read(written({"format": "other"}, RECORDS, "c", lambda data: b"signed " + data), _verify)


def test_lines_are_read_one_after_the_other() -> None:
    def stopping() -> Iterator[bytes]:
        yield b"nonsense\n"
        raise AssertionError("read on after a bad line")

    with pytest.raises(BadHistory):
        read(stopping(), _verify)
