"""What lies downstream, nearest first."""

from deployforge_drift_detector.domain.impact import AT_MOST, downstream


def test_nearest_first_each_once_by_a_shortest_way() -> None:
    graph = {"u:a": ["u:c", "u:b"], "u:b": ["u:d"], "u:c": ["u:d", "u:b"], "u:d": ["u:e"]}
    found = downstream("u:a", lambda urn: graph.get(urn, ()))
    assert [(one.urn, one.path) for one in found] == [
        ("u:b", ("u:a", "u:b")),
        ("u:c", ("u:a", "u:c")),
        ("u:d", ("u:a", "u:b", "u:d")),
        ("u:e", ("u:a", "u:b", "u:d", "u:e")),
    ]
    assert found[2].reason == "d depends on b"


def test_a_circle_ends() -> None:
    graph = {"a": ["b"], "b": ["a"]}
    assert [one.urn for one in downstream("a", lambda urn: graph[urn])] == ["b"]


def test_it_never_outgrows_a_message() -> None:
    many = {"a": [f"b{n}" for n in range(1000)]}
    assert len(downstream("a", lambda urn: many.get(urn, ()))) == AT_MOST
