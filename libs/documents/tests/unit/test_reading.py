"""Limits hold before anything is built, and at once."""

import time

import pytest
from deployforge_documents.problems import InvalidDocument
from deployforge_documents.reading import Dialect, Node, read

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
    started = time.process_time()
    with pytest.raises(InvalidDocument) as refused:
        read(data)
    # Half a million values must be counted, which takes a while; everything else ends at once.
    assert time.process_time() - started < (10 if b"- 1" in data[:4] else 1)
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


_ALIASES = Dialect(noun="a template", aliases=True, octal=True, words={"yes": True})


def test_a_dialect_may_have_aliases_and_what_they_stand_for_counts() -> None:
    assert read(b"a: &x [1, 2]\nb: *x\n", _ALIASES).plain() == {"a": [1, 2], "b": [1, 2]}
    with pytest.raises(InvalidDocument, match="more than 500000 values"):
        read(BOMB, _ALIASES)


def test_aliases_nested_in_each_other_are_as_deep_as_they_look() -> None:
    levels = b"".join(b"a%d: &a%d [[[[*a%d]]]]\n" % (n, n, n - 1) for n in range(1, 12))
    with pytest.raises(InvalidDocument, match="nested deeper than 32 levels"):
        read(b"a0: &a0 1\n" + levels, _ALIASES)


@pytest.mark.parametrize("text", [b"a: &x [*x]", b"a: *x", b"a: {<<: {b: 1}}"])
def test_an_alias_stands_for_what_was_read_before_it(text: bytes) -> None:
    with pytest.raises(InvalidDocument, match=r"alias \*x stands for nothing|merge key"):
        read(text, _ALIASES)


def test_a_dialect_may_have_tags() -> None:
    def upper(tag: str, node: Node) -> object:
        return {"!Upper": str(node.value).upper()}[tag]

    dialect = Dialect(tagged=upper)
    assert read(b"[!Upper a, !Upper 1]", dialect).plain() == ["A", "1"]
    with pytest.raises(InvalidDocument, match='tag "!Lower" is not known'):
        read(b"a: !Lower A", dialect)


def test_numbers_that_are_read_in_two_ways_are_not_guessed_at() -> None:
    assert read(b"a: yes", _ALIASES).plain() == {"a": True}
    with pytest.raises(InvalidDocument, match="012 is read in two ways"):
        read(b"a: 012", _ALIASES)


def test_json_may_be_indented_with_tabs() -> None:
    root = read(b'{\n\t"a":\t"b\\tc"\n}')
    assert root.plain() == {"a": "b\tc"}
    assert root.keys["a"] == (2, 2)
