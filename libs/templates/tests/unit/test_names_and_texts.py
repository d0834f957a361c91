"""Names and texts on their way into a manifest."""

import re

import pytest
import yaml
from deployforge_documents.reading import Node, read
from deployforge_templates.laying import laid
from deployforge_templates.naming import names
from deployforge_templates.values import as_manifest, from_manifest
from deployforge_templates.writing import dumped
from hypothesis import given
from hypothesis import strategies as st

_TEXT = st.text(st.characters(blacklist_categories=("Cs",)), max_size=12) | st.sampled_from(
    ["${a.b}", "$${", "$", "{", "yes", "012", "1e3", "0x1", "~", "2012-10-17", "a\nb\n", " a\nb", "1:30", "on", ".5", "<<"]
)
_PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("id", "name"),
    [
        ("WebServerSG", "web-server-sg"), ("VPC", "vpc"), ("PublicSubnet1", "public-subnet1"), ("myDB", "my-db"),
        ("EC2Instance", "ec2-instance"), ("A", "a"), ("Parameters", "parameters-e68b"), ("x" * 70, "x" * 58 + "-"),
    ],
)  # fmt: skip
def test_a_name_is_made_of_the_words_of_an_id(id: str, name: str) -> None:
    assert names([id])[id].startswith(name)


@given(st.sets(st.from_regex(r"[A-Za-z0-9]{1,255}", fullmatch=True), max_size=20))
def test_names_are_valid_and_apart_and_do_not_depend_on_order(ids: set[str]) -> None:
    found = names(sorted(ids))
    assert len(set(found.values())) == len(ids)
    assert all(re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name) for name in found.values())
    assert names(sorted(ids, reverse=True)) == found


@given(_TEXT)
def test_a_text_is_the_same_after_the_manifest(text: str) -> None:
    assert from_manifest(Node(as_manifest(text), 1, 1)).value == text


@given(st.dictionaries(_TEXT, _PLAIN, max_size=4))
def test_what_is_written_reads_back_the_same(value: dict[str, object]) -> None:
    assert read(dumped({"a": value}).encode()).plain() == {"a": value}


def _tree(value: object, file: str = "f") -> Node:
    if isinstance(value, dict):
        return Node({key: _tree(child) for key, child in value.items()}, 1, 1, file=file)
    return Node([_tree(child) for child in value] if isinstance(value, list) else value, 1, 1, file=file)


@given(st.dictionaries(_TEXT, _PLAIN, max_size=4))
def test_what_is_laid_out_reads_back_the_same_and_every_line_has_a_place(value: dict[str, object]) -> None:
    expanded = laid(_tree(value))
    assert read(expanded.text).plain() == value
    assert len(expanded.lines) == expanded.text.count(b"\n")


def test_a_place_in_what_is_sent_leads_back_to_where_it_was_written() -> None:
    text = b"a:\n  b: [1, {c: x}]\n"
    expanded = laid(read(text, file="m.yaml"))
    sent = read(expanded.text)
    item = sent.value["a"].value["b"].value[1]
    assert expanded.place(*item.keys["c"]) == ("m.yaml", 2, 11)
    assert expanded.place(item.value["c"].line, item.value["c"].column) == ("m.yaml", 2, 14)
    assert expanded.place(0, 0) is None
    assert yaml.safe_load(expanded.text) == {"a": {"b": [1, {"c": "x"}]}}
