from deployforge_orchestrator.domain.references import as_held, is_unresolved, literal, references, resolve


def test_references_are_found_wherever_strings_are() -> None:
    value = {"a": "${x.arn}", "b": ["-${y.id}-${z.url}"], "c": 5, "d": "$${not.one}"}
    assert list(references(value)) == [("x", "arn"), ("y", "id"), ("z", "url")]


def test_known_references_are_replaced_and_unknown_ones_stay() -> None:
    assert resolve({"a": "${x.arn}/${y.id}"}, lambda n, a: "X" if n == "x" else None) == {"a": "X/${y.id}"}
    assert is_unresolved({"a": ["${y.id}"]})


def test_an_escaped_reference_is_literal() -> None:
    assert literal(resolve("$${x.arn}", lambda *_: "X")) == "${x.arn}"
    assert not is_unresolved("$${x.arn}")


def test_what_a_reference_gives_has_the_type_that_the_cloud_holds() -> None:
    held = {"timeout": 30, "ratio": 0.5, "fifo": True, "name": "7", "rules": [{"port": 80}], "gone": 1}
    desired = {"timeout": "45", "ratio": "0.5", "fifo": "false", "name": "7", "rules": [{"port": "80"}], "new": "1"}
    assert as_held(desired, held) == {
        "timeout": 45, "ratio": 0.5, "fifo": False, "name": "7", "rules": [{"port": 80}], "new": "1",
    }  # fmt: skip
    assert as_held({"timeout": "noon", "fifo": "1"}, held) == {"timeout": "noon", "fifo": "1"}
    assert as_held({"timeout": "${x.minute}"}, held) == {"timeout": "${x.minute}"}
