"""Limits hold before anything is built, and at once."""

import time

import pytest
from deployforge_control_plane.domain.manifest.manifest import parse
from deployforge_control_plane.domain.manifest.problems import InvalidManifest
from deployforge_control_plane.domain.manifest.reading import read

BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (n, n, *[n - 1] * 8) for n in range(ord("b"), ord("k"))
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"a: " + b"x" * (20 * 1024 * 1024), "bytes are too many"),
        (BOMB, "anchor &a is not allowed"),
        (b"[" * 1_000_000, "nested deeper than 32 levels"),
        (b"{a: " * 100_000, "nested deeper than 32 levels"),
        (b"- 1\n" * 600_000, "more than 500000 values"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (b"a: \x00", "is not YAML"),
        (b"a: " + b"9" * 5000, "too big a number"),
        (b"a: 1e999", "too big a number"),
        (b"? {a: b}\n: c\n", "a key must be text"),
    ],
    ids=["20 MiB", "alias bomb", "deep list", "deep map", "many", "utf-16", "nul", "big", "infinite", "complex key"],
)
def test_what_is_not_safe_plain_data_is_refused_in_no_time(data: bytes, message: str) -> None:
    started = time.monotonic()
    with pytest.raises(InvalidManifest) as refused:
        parse(data, "bomb.yaml")
    # Half a million values must be counted, which takes a while; everything else ends at once.
    assert time.monotonic() - started < (10 if b"- 1" in data[:4] else 1)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yes", "yes"), ("true", True), ("~", None), ("", None), ("1:30", "1:30"), ("2027-01-31", "2027-01-31"),
        ("010", 10), ("0x1F", 31), ("1_000", "1_000"), ("1e3", 1000.0), ("'1'", "1"),
    ],
)  # fmt: skip
def test_scalars_follow_the_core_schema(text: str, value: object) -> None:
    assert read(f"a: {text}".encode()).plain() == {"a": value}


def test_templates_stay_literal() -> None:
    assert read(b'a: "{{ x }} %(y)s $${z}"').plain() == {"a": "{{ x }} %(y)s $${z}"}


def test_json_is_read_too() -> None:
    text = b'{"a": [1, "b\\u00e9", null, true, {"c": -0.5}]}'
    assert read(text).plain() == {"a": [1, "bé", None, True, {"c": -0.5}]}


def test_json_may_escape_any_character() -> None:
    assert read(b'{"a": "\\ud83d\\ude00 \\\\ud83d"}').plain() == {"a": "\U0001f600 \\ud83d"}


def test_places_start_at_one() -> None:
    root = read(b"a:\n  b: 1\n")
    assert (root.line, root.column, root.keys["a"]) == (1, 1, (1, 1))
    inner = root.value["a"]
    assert (inner.keys["b"], inner.value["b"].line, inner.value["b"].column) == ((2, 3), 2, 6)
