"""Which desired resource needs which: by what it declares, and by the physical ids that stand in its properties."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator

from deployforge_drift_detector.domain.cloud_events import spelling
from deployforge_drift_detector.domain.desired import Desired
from deployforge_drift_detector.domain.graph import Graph, Reached
from deployforge_drift_detector.domain.impact import AT_MOST, named


class Needs:
    """The graph of all desired resources. Not safe for several threads.

    A physical id leads from one deployment to another, but not out of a namespace: who may read about a resource may
    not read about others'. `holders` tells, of a namespace and a name as `spelling` has it, whose physical id that is; the
    resource that is linked or unlinked is among them then.
    """

    def __init__(self, holders: Callable[[str, str], Collection[str]]) -> None:
        self._holders = holders
        self._graph = Graph()
        self._notable: dict[str, None] = {}
        self._names: dict[tuple[str, str], set[str]] = defaultdict(set)
        """(namespace, name) → in whose properties it stands."""

    def link(self, one: Desired) -> None:
        """One more is desired."""
        for key in _names(one):
            self._names[key].add(one.urn)
        for needed, user in self._edges(one):
            self._graph.connect(needed, user)
        if one.outputs or one.criticality == "high":
            self._notable[one.urn] = None

    def unlink(self, one: Desired) -> None:
        """It is not desired any more, in the way that it was linked."""
        for needed, user in self._edges(one):
            self._graph.disconnect(needed, user)
        for key in _names(one):
            _forget(self._names, key, one.urn)
        self._notable.pop(one.urn, None)

    def reach(self, urn: str) -> Reached:
        """What is downstream, and which of it has outputs or a high criticality."""
        return self._graph.reach(urn, self._notable, AT_MOST)

    def _edges(self, one: Desired) -> Iterator[tuple[str, str]]:
        """(needed, user) of everything that leads from or to a resource by its own declaration or by physical ids."""
        for needed in {*one.depends_on, *(reference.urn for reference in one.references)}:
            yield needed, one.urn
        for key in _names(one):
            yield from ((holder, one.urn) for holder in self._holders(*key) if holder != one.urn)
        if one.physical_id:
            key = one.namespace, spelling(one.physical_id)
            yield from ((one.urn, user) for user in self._names.get(key, ()) if user != one.urn)


def _names(one: Desired) -> set[tuple[str, str]]:
    return {(one.namespace, name) for _, name in named(one)}


def _forget(index: dict[tuple[str, str], set[str]], key: tuple[str, str], urn: str) -> None:
    index[key].discard(urn)
    if not index[key]:
        del index[key]
