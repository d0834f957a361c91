"""Literals and references in the program's JSON syntax."""

from deployforge_mcal.domain.references import Reference
from deployforge_mcal.domain.secrets import SecretReference
from deployforge_terraform.expressions import expression, label, path, variable


def said(ref: Reference | SecretReference) -> str:
    return f"<{ref}>"


def test_references_become_expressions_and_literals_stay_literal() -> None:
    value = {"a-${x.id}": ["${x.id}", "at ${y.arn}/$${z} %{if}", 5, True], "$${k}": None}
    assert expression(value, said) == {
        "a-$${x.id}": ["${<x.id>}", "at ${<y.arn>}/$${z} %%{if}", 5, True],
        "$$${k}": None,
    }


def test_secrets_are_variables_like_inputs() -> None:
    assert expression("${secret://file/db}", said) == "${<secret://file/db>}"


def test_names_are_valid_and_kept_apart() -> None:
    assert (label("orders-dead"), label("1st")) == ("orders-dead", "_1st")
    assert variable("a.b_c") != variable("a_b.c")
    assert variable("a.b").replace("_", "").isalnum()


def test_indexes_in_attributes_are_indexes() -> None:
    assert path("subnets.0.tags.name") == "subnets[0].tags.name"
