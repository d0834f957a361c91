"""Aggregates as their streams tell of them: each knows on which tip it stands, and may be told why it goes on."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from eventsourcing.application import AggregateNotFoundError, Repository, project_aggregate

from deployforge_chassis.causality import Causality
from deployforge_chassis.streams import Streams, Tip

_TIP: Final = "_tip"
_CAUSE: Final = "_cause"


class StreamRepository(Repository[UUID]):
    """Aggregates that know on which tip they stand."""

    def __init__(self, streams: Streams) -> None:
        super().__init__(streams)
        self._streams = streams

    def get(
        self,
        aggregate_id: UUID,
        *,
        version: int | None = None,
        projector_func: Callable[..., Any] = project_aggregate,
        **_: Any,
    ) -> Any:
        """The aggregate, at a version or the newest. Raises AggregateNotFoundError, DamagedStream or Shredded."""
        aggregate = _projected(self._streams.load(aggregate_id)[:version], projector_func)
        if aggregate is None:
            raise AggregateNotFoundError(f"Aggregate {aggregate_id!r} version {version!r} not found.")
        return aggregate

    def get_all(self, aggregate_ids: Collection[UUID]) -> dict[UUID, Any]:
        """Those of the aggregates that there are, at their newest. Raises DamagedStream or Shredded."""
        loaded = self._streams.load_all(aggregate_ids)
        return {id: _projected(found, project_aggregate) for id, found in loaded.items() if found}


def _projected(found: Sequence[tuple[Any, Tip]], projector: Callable[..., Any]) -> Any:
    aggregate = projector(None, (event for event, _ in found))
    if aggregate is not None:
        setattr(aggregate, _TIP, found[-1][1])
    return aggregate


def because(aggregate: Any, cause: Causality) -> None:
    """What is saved of the aggregate has this cause, whenever and with whatever else it is saved."""
    setattr(aggregate, _CAUSE, cause)


def causes_of(aggregates: Iterable[Any]) -> dict[UUID, Causality]:
    """Of those that were given one."""
    return {one.id: getattr(one, _CAUSE) for one in aggregates if hasattr(one, _CAUSE)}


def tips_of(aggregates: Iterable[Any]) -> dict[UUID, Tip]:
    """Where the streams of aggregates stand that are about to be saved."""
    return {one.id: getattr(one, _TIP) for one in aggregates if hasattr(one, _TIP)}


def stand_on(aggregates: Iterable[Any], tips: Mapping[UUID, Tip]) -> None:
    """Saved aggregates stand on what was saved."""
    for one in aggregates:
        if one.id in tips:
            setattr(one, _TIP, tips[one.id])
