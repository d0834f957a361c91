"""Plug-ins that hang, raise, or return nonsense."""

import threading
from collections.abc import Callable, Iterator
from importlib.metadata import EntryPoint
from typing import Any, cast

import pytest
from deployforge_chassis.effects import LostLease
from deployforge_mcal.adapters import providers
from deployforge_mcal.adapters.guarded import Guarded, Patience, guarded
from deployforge_mcal.application.ports import CloudProvider, ExaminesCredentials, InvalidUnit, ProviderFailure, Work
from deployforge_mcal.domain.operation import Failure
from deployforge_mcal.domain.units import Became, Outcome, Presence, ResourceSpec, Scope, Target, UnitSpec

SCOPE = Scope("odd", "", "", "ref")
TARGET = Target("urn:df:shop:web:it", "odd/it", "id-1")
WORK = Work("token", SCOPE, "deployment", "unit", targets=(TARGET,))
SPEC = ResourceSpec(TARGET.urn, "it", "odd/it")
READS = ("check", "compile", "open", "open_reader", "preview", "observe", "list_ids")
CHANGES = ("apply", "destroy", "correct", "recreate", "adopt")
PLANTED = "planted-secret-value"


class Odd:
    """Does the same whatever it is asked."""

    def __init__(self, does: Callable[[], Any]) -> None:
        self.does = does

    def __getattr__(self, name: str) -> Any:
        return lambda *_: self.does()


def plug_in(does: Callable[[], Any], seconds: float = 30.0) -> Guarded:
    """It, at arm's length."""
    return Guarded("odd", cast(CloudProvider, Odd(does)), Patience(seconds, seconds, seconds))


def asked(provider: Guarded, verb: str) -> Any:
    """The failure of a verb, in whatever way the port tells it."""
    arguments: dict[str, tuple[Any, ...]] = {
        "check": ([SPEC],), "compile": (UnitSpec("d", "u", "n", SCOPE, (SPEC,)),), "open": ({}, WORK),
        "open_reader": ({}, SCOPE, ["odd/it"]), "preview": (None, WORK), "observe": (None, SCOPE, [TARGET]),
        "list_ids": (None, "odd/it"), **{v: (None, WORK, lambda *_: None) for v in CHANGES},
    }  # fmt: skip
    try:
        answer = getattr(provider, verb)(*arguments[verb])
    except InvalidUnit as invalid:
        return invalid.problems[0].message
    except ProviderFailure as failed:
        return str(failed)
    if verb == "check":
        return answer[0].message
    assert (answer[0].urn, answer[0].presence) == (TARGET.urn, Presence.NOT_CHECKED)
    return answer[0].reason


@pytest.fixture
def forever() -> Iterator[threading.Event]:
    """Never set while a test runs; whoever waits for it ends with the test."""
    event = threading.Event()
    yield event
    event.set()


@pytest.mark.parametrize("verb", [*READS, *CHANGES])
def test_one_that_hangs_is_given_up(verb: str, forever: threading.Event) -> None:
    assert asked(plug_in(forever.wait, seconds=0.05), verb).startswith(f"TIMED_OUT: {verb} of odd took longer")


@pytest.mark.parametrize("verb", READS)
def test_what_one_raises_is_told_by_its_name_and_not_by_what_it_says(verb: str) -> None:
    def does() -> None:
        raise ValueError(PLANTED)

    said = asked(plug_in(does), verb)
    assert said.startswith("PROVIDER_BROKEN: ")
    assert "ValueError" in said
    assert PLANTED not in said


@pytest.mark.parametrize("verb", CHANGES)
def test_inside_an_operation_an_unknown_error_is_for_the_operation_to_try_again(verb: str) -> None:
    def does() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError):
        asked(plug_in(does), verb)


@pytest.mark.parametrize("nonsense", [None, "text", [None], [Outcome("urn:other", "", {}, Became.CREATED)], 7])
@pytest.mark.parametrize("verb", [*READS, *CHANGES])
def test_nonsense_is_no_answer(verb: str, nonsense: Any) -> None:
    assert asked(plug_in(lambda: nonsense), verb).startswith("PROVIDER_BROKEN: ")


def test_too_few_answers_are_none() -> None:
    assert asked(plug_in(list), "observe").startswith("PROVIDER_BROKEN: ")


@pytest.mark.parametrize("verb", [*READS, *CHANGES])
def test_what_the_port_lets_it_raise_is_passed_on(verb: str) -> None:
    def does() -> None:
        raise ProviderFailure(Failure("THROTTLED", "slowly"))

    assert asked(plug_in(does), verb).endswith("THROTTLED: slowly")


def test_who_was_given_up_may_change_nothing_any_more(forever: threading.Event) -> None:
    ended: list[BaseException] = []
    over = threading.Event()

    class Slow(Odd):
        def apply(self, session: Any, work: Work, tick: Any) -> None:
            work.hold()
            forever.wait()
            try:
                work.hold()
            except LostLease as lost:
                ended.append(lost)
            over.set()

    provider = Guarded("slow", cast(CloudProvider, Slow(lambda: None)), Patience(changing=0.05))
    assert asked(provider, "apply").startswith("TIMED_OUT")
    forever.set()
    assert over.wait(10)
    assert len(ended) == 1


def test_it_examines_credentials_only_where_the_plug_in_does() -> None:
    class Plain:
        pass

    class Examiner:
        def examine(self, root: Any, scopes: Any) -> str:
            return "examined"

    examiner = guarded("e", cast(CloudProvider, Examiner()), Patience())
    assert isinstance(examiner, ExaminesCredentials)
    assert not isinstance(guarded("p", cast(CloudProvider, Plain()), Patience()), ExaminesCredentials)


def test_one_that_cannot_be_loaded_is_left_out_and_the_others_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("broken", "deployforge_nowhere:make", providers.GROUP),
        EntryPoint("whole", "builtins:dict", providers.GROUP),
    ]
    monkeypatch.setattr(providers, "entry_points", lambda group: points)
    assert list(providers.installed({})) == ["whole"]


def test_what_references_give_stays_text_when_an_adapter_cannot_say_better(forever: threading.Event) -> None:
    def raises() -> None:
        raise ValueError(PLANTED)

    for does in (forever.wait, raises, lambda: None, lambda: {"more": 1}):
        assert plug_in(does, seconds=0.05).filled("odd/it", {"a": "${b.c}", "d": "$${"}, {"b.c": "1"}) == {
            "a": "1",
            "d": "${",
        }
