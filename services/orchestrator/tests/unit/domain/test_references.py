from deployforge_orchestrator.domain.references import is_unresolved, literal, references, resolve


def test_references_are_found_wherever_strings_are() -> None:
    value = {"a": "${x.arn}", "b": ["-${y.id}-${z.url}"], "c": 5, "d": "$${not.one}"}
    assert list(references(value)) == [("x", "arn"), ("y", "id"), ("z", "url")]


def test_known_references_are_replaced_and_unknown_ones_stay() -> None:
    assert resolve({"a": "${x.arn}/${y.id}"}, lambda n, a: "X" if n == "x" else None) == {"a": "X/${y.id}"}
    assert is_unresolved({"a": ["${y.id}"]})


def test_an_escaped_reference_is_literal() -> None:
    assert literal(resolve("$${x.arn}", lambda *_: "X")) == "${x.arn}"
    assert not is_unresolved("$${x.arn}")
