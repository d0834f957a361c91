"""One observation batch from bytes to a verdict. Never raises for what a message holds: whoever calls this would
lose its place. What cannot be judged is parked with the reason; the other observations of its batch go on.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final, Protocol

import structlog
from deployforge_chassis import packed
from deployforge_chassis.clock import Clock
from deployforge_chassis.database import CommitUnknown
from deployforge_chassis.keys import KeyUnavailable
from deployforge_chassis.registry import RegistryUnavailable, UnknownSchema
from deployforge_chassis.wire import Codec
from eventsourcing.persistence import InterfaceError, OperationalError
from pydantic import TypeAdapter, ValidationError

from deployforge_drift_detector.application.judging import Judging, NeverAskedFor
from deployforge_drift_detector.application.messages import Columns, Observation, ObservationBatch
from deployforge_drift_detector.application.tally import Tally

log = structlog.get_logger(__name__)

_HEAD: Final = ("scan_id", "shard", "sequence", "batch", "last", "observed_at")
_COLUMNS: Final = ("ids", "presences", "generations", "digests", "ends", "bodies")
_OBSERVATION: Final = TypeAdapter(Observation)
#: Nobody's fault and no reason to park.
_OUTAGES: Final = (OperationalError, InterfaceError, CommitUnknown, RegistryUnavailable, KeyUnavailable)
_PAUSES: Final = (0.05, 0.2, 0.5)
_OUTAGE_SECONDS: Final = 0.5
#: Times that the registry may deny knowing a schema: one registered a moment ago may not be visible yet.
_UNKNOWN_SCHEMA_AT_MOST: Final = 4
#: Clocks differ a little; what was observed later than this from now was not observed.
_FUTURE: Final = timedelta(minutes=5)


#: Topic, partition, offset and body of a message.
Taken = tuple[str, int, int, bytes | None]


class NoBatch(ValueError):
    """A message on the observations topic that is no batch of observations."""


class BadObservations(ValueError):
    """Some observations of a batch could not be judged; all others were."""

    def __init__(self, bad: Sequence[str]) -> None:
        super().__init__(f"{len(bad)} observations: {'; '.join(bad)}")
        self.bad = tuple(bad)


class Parks(Protocol):
    """Where batches go that cannot be judged."""

    def park(self, topic: str, partition: int, offset: int, reason: str, body: bytes) -> None: ...


class Meters(Protocol):
    """What is counted."""

    def judged(self, tally: Tally, seconds: float) -> None: ...

    def parked(self) -> None: ...

    def lag(self, messages: int) -> None: ...


def _read(value: dict[str, Any]) -> tuple[ObservationBatch, list[str]]:
    """The batch without the observations that make no sense, and what is wrong with those. Raises ValueError."""
    columns = Columns.of(*(value[name] or b"" for name in _COLUMNS))
    whole = ObservationBatch(**{name: value[name] for name in _HEAD}, observations=(), columns=columns)
    good: list[Observation] = []
    bad: list[str] = []
    for one in value["observations"]:
        try:
            good.append(_OBSERVATION.validate_python(_short(one)))
        except ValidationError as error:
            bad.append(f"{one.get('urn')}: {error.errors(include_url=False, include_input=False)[0]['msg']}")
    return replace(whole, observations=tuple(good)), bad


def _short(one: Mapping[str, Any]) -> dict[str, Any]:
    """An observation in words as the application has it: with the digest that columns use."""
    try:
        digest = bytes.fromhex(one["digest"].removeprefix("sha256:"))[: packed.DIGEST_BYTES]
    except ValueError:
        digest = b""
    return {**one, "digest": digest, "properties_json": one["properties_json"].encode(errors="surrogatepass")}


class Batches:
    """Used by one thread at a time."""

    def __init__(
        self, codec: Codec, judging: Judging, parked: Parks, meter: Meters, clock: Clock, *,
        sleep: Callable[[float], object] | None = None,
    ) -> None:  # fmt: skip
        self._codec, self._judging, self._parked = codec, judging, parked
        self._meter, self._clock = meter, clock
        self.stopping = threading.Event()
        self._sleep = sleep or self.stopping.wait

    def take_all(self, messages: Sequence[Taken]) -> bool:
        """Judge some messages or park them; False when told to stop before all were done: none must be acknowledged."""
        return (len(messages) > 1 and self._together(messages)) or all(self.take(*message) for message in messages)

    def take(self, topic: str, partition: int, offset: int, body: bytes | None) -> bool:
        """One of them."""
        pauses, unknown = list(_PAUSES), 0
        while not self.stopping.is_set():
            try:
                bad = self._judge(body or b"", partition, patient=bool(pauses))
                return not bad or self._park(topic, partition, offset, body or b"", BadObservations(bad))
            except _OUTAGES as outage:
                # The watchdog ends what lasts too long.
                log.warning("waiting", reason=f"{type(outage).__name__}: {outage}"[:300])
                self._sleep(_OUTAGE_SECONDS)
            except UnknownSchema as error:
                unknown += 1
                if unknown > _UNKNOWN_SCHEMA_AT_MOST:
                    return self._park(topic, partition, offset, body or b"", error)
                self._sleep(_OUTAGE_SECONDS)
            except Exception as error:
                if not pauses or isinstance(error, ValueError):
                    return self._park(topic, partition, offset, body or b"", error)
                log.warning("batch failed, trying again", exc_info=error)
                self._sleep(pauses.pop(0))
        return False

    def _together(self, messages: Sequence[Taken]) -> bool:
        """Judge all of them and save what is news at once; whether that went without a flaw."""
        began, tallies = self._clock.monotonic(), []
        try:
            with self._judging.held() as later:
                for _, partition, _, body in messages:
                    batch, bad = self._batch(body or b"")
                    if bad:
                        return False
                    tallies.append(self._judging.judge(batch, partition))
        except Exception as error:
            # Whatever it is, it is found again, and with its message, when they are taken one by one.
            log.info("messages are taken one by one", reason=f"{type(error).__name__}: {error}"[:300])
            return False
        self._meter.judged(sum(tallies, later), self._clock.monotonic() - began)
        return True

    def _judge(self, body: bytes, partition: int, *, patient: bool) -> list[str]:
        """Judge a message; what is wrong with observations that could not be. Not `patient`, what fails is told apart
        from what does not instead of raising.
        """
        batch, bad = self._batch(body)
        began = self._clock.monotonic()
        try:
            tally = self._judging.judge(batch, partition, spare=None if patient else _OUTAGES)
        except NeverAskedFor:
            raise
        except ValueError:
            # It will not become better: nothing to wait for.
            tally = self._judging.judge(batch, partition, spare=_OUTAGES)
        self._meter.judged(tally, self._clock.monotonic() - began)
        return bad + tally.failed

    def _batch(self, body: bytes) -> tuple[ObservationBatch, list[str]]:
        """A message, and what is wrong with those of its observations that are left out."""
        fact, value = self._codec.decode(body)
        if fact != "ObservationBatch":
            raise NoBatch(f"{fact} is not an ObservationBatch")
        batch, bad = _read(value)
        if batch.observed_at > self._clock.now() + _FUTURE:
            raise NoBatch("observed in the future")
        return batch, bad

    def rest(self) -> bool:
        """To be called about once a second: what was looked at of one shard is written down. Whether more of it waits."""
        return self._while_it_can(self._judging.books.write)

    def close(self, partitions: Collection[int] | None = None) -> None:
        """Others judge what comes on these partitions from now on; None means all."""
        self._while_it_can(lambda: self._judging.books.close(partitions))

    def _while_it_can(self, write: Callable[[], bool]) -> bool:
        try:
            return write()
        except _OUTAGES as outage:
            log.warning("looks are not written down now", reason=f"{type(outage).__name__}: {outage}"[:300])
            return False

    def _park(self, topic: str, partition: int, offset: int, body: bytes, why: Exception) -> bool:
        log.error("batch parked", partition=partition, offset=offset, reason=f"{type(why).__name__}: {why}"[:300])
        self._meter.parked()
        while not self.stopping.is_set():
            try:
                self._parked.park(topic, partition, offset, f"{type(why).__name__}: {why}", body)
                return True
            except Exception as error:
                log.warning("waiting", reason=f"{type(error).__name__}: {error}"[:300])
                self._sleep(_OUTAGE_SECONDS)
        return False
