"""Values by their schema."""

from typing import Any

import pytest
from deployforge_mcal.domain.normalise import NotCanonical
from deployforge_terraform import values
from deployforge_terraform.schemas import Attribute, Block, Nested


def attribute(type: Any, *, settable: bool = True, computed: bool = False, sensitive: bool = False) -> Attribute:
    return Attribute(type, False, settable, computed, sensitive)


BLOCK = Block(
    {
        "name": attribute("string"),
        "size": attribute("number"),
        "zones": attribute(["set", "string"]),
        "key": attribute("string", sensitive=True),
        "id": attribute("string", settable=False, computed=True),
    },
    {
        "rule": Nested(
            "list",
            Block(
                {"port": attribute("number"), "note": attribute("string"), "arn": attribute("string", computed=True)}, {}
            ),
            0,
        )
    },
)


@pytest.mark.parametrize(
    ("type", "value", "expected"),
    [
        ("number", "5", 5),
        ("number", 5.0, 5),
        ("bool", "yes", True),
        ("string", 5, "5"),
        ("string", True, "true"),
        (["set", "number"], ["2", 1, 2], [1, 2]),
        (["map", "string"], {"a": 1}, {"a": "1"}),
        (["object", {"a": "number"}], {"a": "1"}, {"a": 1}),
        ("number", "${x.size}", "${x.size}"),
        ("dynamic", {"a": [1]}, {"a": [1]}),
    ],
)
def test_values_are_spelt_as_the_program_stores_them(type: Any, value: Any, expected: Any) -> None:
    assert values.canonical(type, value) == expected


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("number", "many"),
        ("number", True),
        ("string", {}),
        ("bool", 2),
        (["list", "string"], "a"),
        (["object", {"a": "string"}], {"b": 1}),
    ],
)
def test_what_does_not_fit_is_refused(type: Any, value: Any) -> None:
    with pytest.raises(NotCanonical):
        values.canonical(type, value)


def test_only_what_can_be_set_and_is_no_secret_is_compared() -> None:
    live = {"name": "n", "size": 3, "zones": ["b", "a"], "key": "k", "id": "i", "rule": []}
    assert values.compared(BLOCK, live) == {"name": "n", "size": 3, "zones": ["a", "b"], "rule": []}
    assert "name" not in values.compared(BLOCK, live, {"name": True})
    assert values.set_paths(BLOCK) == ("zones",)


def test_blocks_are_compared_without_what_the_provider_fills_in() -> None:
    declared = values.compared(BLOCK, {"rule": {"port": "80"}})
    live = values.compared(BLOCK, {"rule": [{"port": 80, "note": "", "arn": "arn:x"}]})
    assert declared == live == {"rule": [{"port": 80}]}


def test_attributes_are_texts_by_path_without_secrets() -> None:
    live = {"id": "i", "on": True, "n": None, "tags": {"a": "x", "b": "y"}, "list": [{"z": 1}, {"z": 2}]}
    secret = {"tags": {"b": True}, "list": [{}, {"z": True}]}
    assert values.attributes(live, secret) == {"id": "i", "on": "true", "tags.a": "x", "list.0.z": "1"}
    assert values.attributes(live, True) == {}
