import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable

import pytest
from deployforge_chassis.runner import run


class Recorder:
    """A part, or the health, that writes down what is done with it."""

    def __init__(self, name: str, diary: list[str]) -> None:
        self.name = name
        self.diary = diary
        self.error: BaseException | None = None
        self.on_start: Callable[[], None] = lambda: None
        self.on_stop: Callable[[], None] = lambda: None

    def start(self) -> None:
        self.diary.append(f"start {self.name}")
        self.on_start()

    def stop(self, timeout: float) -> None:
        assert 0 <= timeout <= 10
        self.diary.append(f"stop {self.name}")
        self.on_stop()

    def failed(self) -> BaseException | None:
        return self.error

    def serving(self) -> None:
        self.diary.append("serving")

    def not_serving(self) -> None:
        self.diary.append("not serving")


def fail() -> None:
    raise RuntimeError("no")


@pytest.fixture
def diary() -> list[str]:
    return []


@pytest.fixture
def asked() -> threading.Event:
    return threading.Event()


def test_parts_start_in_order_and_stop_in_reverse(diary: list[str], asked: threading.Event) -> None:
    asked.set()
    first, second = Recorder("first", diary), Recorder("second", diary)
    second.on_start = asked.set
    asked.clear()
    run([first, second], first, stop=asked)
    assert diary == ["start first", "start second", "not serving", "stop second", "stop first"]


def test_health_is_serving_between_start_and_stop(diary: list[str], asked: threading.Event) -> None:
    part = Recorder("part", diary)
    threading.Timer(0.3, asked.set).start()
    run([part], part, stop=asked)
    assert diary == ["start part", "serving", "not serving", "stop part"]


def test_a_dead_part_ends_the_process_with_1(diary: list[str], asked: threading.Event) -> None:
    well, dead = Recorder("well", diary), Recorder("dead", diary)
    dead.error = RuntimeError("lost the connection")
    with pytest.raises(SystemExit) as ended:
        run([well, dead], stop=asked)
    assert ended.value.code == 1
    assert diary[-2:] == ["stop dead", "stop well"]


def test_a_part_that_does_not_start_takes_the_others_down(diary: list[str], asked: threading.Event) -> None:
    first, second, third = (Recorder(name, diary) for name in ("first", "second", "third"))
    second.on_start = fail
    with pytest.raises(SystemExit):
        run([first, second, third], first, stop=asked)
    assert diary == ["start first", "start second", "not serving", "stop first"]


def test_a_part_that_does_not_stop_keeps_no_other_from_stopping(diary: list[str], asked: threading.Event) -> None:
    first, second = Recorder("first", diary), Recorder("second", diary)
    second.on_start, second.on_stop = asked.set, fail
    with pytest.raises(SystemExit):
        run([first, second], stop=asked)
    assert diary[-1] == "stop first"


def test_a_process_that_hangs_while_draining_is_ended(diary: list[str], asked: threading.Event) -> None:
    died, part = threading.Event(), Recorder("part", diary)
    part.on_start = asked.set
    part.on_stop = lambda: died.wait(20) or None  # type: ignore[assignment, func-returns-value]
    run([part], stop=asked, drain_seconds=0.1, die=lambda code: died.set())
    assert died.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_real_process_stops_on_a_signal(number: signal.Signals) -> None:
    program = """
        import sys
        from deployforge_chassis.runner import run
        class Part:
            name = "part"
            def start(self): print("up", file=sys.stderr, flush=True)
            def stop(self, timeout): print("down", file=sys.stderr, flush=True)
            def failed(self): return None
        run([Part()])
    """
    process = subprocess.Popen([sys.executable, "-c", textwrap.dedent(program)], stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        assert process.stderr.readline() == "up\n"
        os.kill(process.pid, number)
        assert process.wait(10) == 0
        assert process.stderr.read() == "down\n"
    finally:
        process.kill()
        process.communicate()


def test_a_signal_is_heard_even_while_the_runner_looks_at_its_event() -> None:
    asked = threading.Event()
    part = Recorder("part", [])
    main = threading.main_thread()

    def interrupt() -> BaseException | None:
        # The handler runs between two instructions of the main thread: here, inside the event's lock.
        with asked._cond:  # type: ignore[attr-defined]
            signal.raise_signal(signal.SIGTERM)
        return None

    assert threading.current_thread() is main
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    part.failed = interrupt  # type: ignore[method-assign]
    try:
        run([part], stop=asked)
    finally:
        signal.signal(signal.SIGTERM, before[0])
        signal.signal(signal.SIGINT, before[1])
    assert part.diary == ["start part", "stop part"]
