"""Cycles in a graph of names."""

from collections.abc import Iterator, Mapping, Sequence


def cycles(edges: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, ...]]:
    """Each cycle that a depth-first walk closes, as `a, b, a`; none means that the graph is acyclic.

    Walks without recursion, since a chain of resources may be as long as the manifest.
    """
    done: set[str] = set()
    for start in edges:
        if start in done:
            continue
        way: dict[str, None] = {start: None}
        ahead = [iter(edges[start])]
        while ahead:
            following = next(ahead[-1], None)
            if following is None:
                ahead.pop()
                done.add(way.popitem()[0])
            elif following in way:
                names = list(way)
                yield (*names[names.index(following) :], following)
            elif following not in done:
                way[following] = None
                ahead.append(iter(edges.get(following, ())))
