"""Plug-ins are kept at arm's length: one that hangs, raises or returns nonsense fails what it was asked, and nothing else.

A call runs in a thread of its own. When it takes too long it is given up: the thread cannot be ended, but `work.hold()`
no longer lets it change anything. What an adapter raises while it holds a credential may repeat its secrets, so only
the name of its error is passed on.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

import structlog
from deployforge_chassis.effects import LostLease

from deployforge_mcal.application.ports import (
    CloudProvider,
    ExaminesCredentials,
    FillsIn,
    InvalidUnit,
    ProviderFailure,
    Session,
    Tick,
    Work,
)
from deployforge_mcal.domain import references
from deployforge_mcal.domain.catalogue import TypeDoc
from deployforge_mcal.domain.credentials import Examined
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import (
    Change,
    CompiledUnit,
    Observed,
    Outcome,
    Presence,
    Problem,
    ResourceSpec,
    Scope,
    Target,
    UnitSpec,
)

T = TypeVar("T")
#: What the port lets a provider raise.
_AGREED: Final = (ProviderFailure, InvalidUnit, LostLease)
_HINT: Final = "a fault of the provider's adapter: tell its authors, and run its contract tests"

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Patience:
    """How long a provider may take, in seconds."""

    offline: float = 60.0
    """`check` and `compile`, which touch nothing; and a log-in."""
    reading: float = 600.0
    """Whatever only reads."""
    changing: float = 7200.0
    """An operation. Adapters have limits of their own, below this."""


class Guarded:
    """A provider's port around a plug-in; see CloudProvider. It raises what the port says and nothing else, but for
    errors inside an operation, which may be tried again."""

    def __init__(self, type: str, inner: CloudProvider, patience: Patience) -> None:
        self.type = type
        self._inner = inner
        self._patience = patience

    def __getattr__(self, name: str) -> Any:
        # What an adapter has beyond the port, for those who know it.
        return getattr(self._inner, name)

    # --- without a credential -------------------------------------------------------------------------

    def types(self) -> tuple[TypeDoc, ...]:
        """See CloudProvider."""
        return self._inner.types()

    def native_types(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return self._inner.native_types()

    def listable(self) -> tuple[str, ...]:
        """See CloudProvider."""
        return self._inner.listable()

    def native_type(self, type: str) -> str:
        """See CloudProvider."""
        return self._inner.native_type(type)

    def check(self, specs: Sequence[ResourceSpec]) -> list[Problem]:
        """See CloudProvider. A fault of the adapter is a problem of what it was asked about."""
        try:
            found = self._bounded("check", self._patience.offline, lambda: self._inner.check(specs))
            return self._listed("check", found, Problem)
        except ProviderFailure as failed:
            said = failed.failure
            return [Problem(f"{spec.name}.type", f"{said.code}: {said.message}", "", said.hint or "") for spec in specs]

    def compile(self, spec: UnitSpec) -> CompiledUnit:
        """See CloudProvider."""
        try:
            unit = self._bounded("compile", self._patience.offline, lambda: self._inner.compile(spec))
            if not isinstance(unit, CompiledUnit) or {r.urn for r in unit.resources} != {r.urn for r in spec.resources}:
                raise self._broken("compile returned something else than the unit with its resources")
        except ProviderFailure as failed:
            said = failed.failure
            raise InvalidUnit([Problem("", f"{said.code}: {said.message}", "", said.hint or "")]) from failed
        return unit

    def filled(self, type: str, desired: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
        """See FillsIn. What references give stays text where the adapter does not know better, or fails to say."""
        if isinstance(self._inner, FillsIn):
            inner = self._inner
            with suppress(ProviderFailure):
                found = self._bounded("filled", self._patience.offline, lambda: inner.filled(type, desired, known))
                if isinstance(found, dict) and found.keys() <= desired.keys():
                    return found
        values: dict[str, Any] = references.substitute(dict(desired), known)
        return values

    # --- credentials ----------------------------------------------------------------------------------

    def open(self, root: Mapping[str, Any], work: Work) -> Session:
        """See CloudProvider."""
        return self._session("open", lambda: self._inner.open(root, work))

    def open_reader(self, root: Mapping[str, Any], scope: Scope, types: Sequence[str]) -> Session:
        """See CloudProvider."""
        return self._session("open_reader", lambda: self._inner.open_reader(root, scope, types))

    def _session(self, verb: str, call: Callable[[], Session]) -> Session:
        session = self._bounded(verb, self._patience.offline, call)
        if getattr(session, "grant", None) is None:
            raise self._broken(f"{verb} returned no session")
        return session

    # --- reading --------------------------------------------------------------------------------------

    def preview(self, session: Session, work: Work) -> list[Change]:
        """See CloudProvider."""
        found = self._bounded("preview", self._patience.reading, lambda: self._inner.preview(session, work))
        return self._listed("preview", found, Change)

    def observe(self, session: Session, scope: Scope, targets: Sequence[Target]) -> list[Observed]:
        """See CloudProvider. What the adapter could not answer was not checked."""
        try:
            seen = self._bounded("observe", self._patience.reading, lambda: self._inner.observe(session, scope, targets))
            if [o.urn for o in self._listed("observe", seen, Observed)] != [t.urn for t in targets]:
                raise self._broken("observe returned something else than an answer per target")
        except ProviderFailure as failed:
            return [Observed(t.urn, Presence.NOT_CHECKED, t.physical_id, reason=str(failed)) for t in targets]
        return seen

    def list_ids(self, session: Session, type: str) -> list[str]:
        """See CloudProvider."""
        found = self._bounded("list_ids", self._patience.reading, lambda: self._inner.list_ids(session, type))
        return self._listed("list_ids", found, str)

    # --- changing -------------------------------------------------------------------------------------

    def apply(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._changed("apply", session, work, tick)

    def destroy(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._changed("destroy", session, work, tick)

    def correct(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._changed("correct", session, work, tick)

    def recreate(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._changed("recreate", session, work, tick)

    def adopt(self, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        """See CloudProvider."""
        return self._changed("adopt", session, work, tick)

    def _changed(self, verb: str, session: Session, work: Work, tick: Tick) -> list[Outcome]:
        given_up = threading.Event()

        def hold() -> None:
            if given_up.is_set():
                raise LostLease(f"{verb} of {work.unit_name} was given up")
            work.hold()

        held = replace(work, hold=hold)
        call = getattr(self._inner, verb)
        try:
            outcomes = self._bounded(verb, self._patience.changing, lambda: call(session, held, tick), raises=True)
        finally:
            given_up.set()
        known = _urns(work)
        for outcome in self._listed(verb, outcomes, Outcome):
            if outcome.urn not in known:
                raise self._broken(f"{verb} returned an outcome of {outcome.urn!r}, which it was not asked about")
        return list(outcomes)

    # --- arm's length ---------------------------------------------------------------------------------

    def _bounded(self, verb: str, seconds: float, call: Callable[[], T], *, raises: bool = False) -> T:
        """What a call returns. Raises ProviderFailure when it takes too long, and when it raises what the port does not
        know, unless `raises` lets that through."""
        done: Future[T] = Future()

        def run() -> None:
            try:
                done.set_result(call())
            except BaseException as error:
                done.set_exception(error)

        threading.Thread(target=copy_context().run, args=(run,), name=f"{self.type}-{verb}", daemon=True).start()
        if not wait([done], seconds).done:
            log.error("provider given up", provider=self.type, verb=verb, seconds=seconds)
            hint = f"look at what is there; {_HINT}"
            raise ProviderFailure(Failure("TIMED_OUT", f"{verb} of {self.type} took longer than {seconds:g} s", hint))
        error = done.exception()
        if error is None:
            return done.result()
        if raises or isinstance(error, _AGREED) or not isinstance(error, Exception):
            raise error
        log.error("provider failed", provider=self.type, verb=verb, error=type(error).__name__)
        # Without the error as its cause: whoever logs this would print what it said.
        raise self._broken(f"{verb} raised {type(error).__name__}") from None

    def _listed(self, verb: str, found: Any, of: type[T]) -> list[T]:
        if not isinstance(found, list | tuple) or not all(isinstance(one, of) for one in found):
            raise self._broken(f"{verb} returned something else than a list of {of.__name__}")
        return list(found)

    def _broken(self, what: str) -> ProviderFailure:
        return ProviderFailure(Failure("PROVIDER_BROKEN", f"the adapter of {self.type}: {what}", _HINT))


class GuardedExaminer(Guarded):
    """One that can also say what a credential lacks; see ExaminesCredentials."""

    _inner: Any

    def examine(self, root: Mapping[str, Any], scopes: Sequence[Scope]) -> Examined:
        """See ExaminesCredentials."""
        found: Examined = self._bounded("examine", self._patience.reading, lambda: self._inner.examine(root, scopes))
        return found


def guarded(type: str, inner: CloudProvider, patience: Patience) -> CloudProvider:
    """The provider at arm's length."""
    return (GuardedExaminer if isinstance(inner, ExaminesCredentials) else Guarded)(type, inner, patience)


def _urns(work: Work) -> set[str]:
    units = [unit for unit in (work.unit, work.previous) if unit is not None]
    return {r.urn for unit in units for r in unit.resources} | {t.urn for t in work.targets} | set(work.adopt)
