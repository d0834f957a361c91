"""A part of a process: something that runs beside others until it is stopped or fails."""

import threading
from typing import Protocol


class Part(Protocol):
    """Runs in threads of its own. A part that fails ends the process (see runner)."""

    @property
    def name(self) -> str:
        """What logs call it."""
        ...

    def start(self) -> None:
        """Begin, without blocking; an exception keeps the process from starting."""
        ...

    def stop(self, timeout: float) -> None:
        """Finish what is under way and return within `timeout` seconds; harmless when not started."""
        ...

    def failed(self) -> BaseException | None:
        """Why it has died, or None while it is well."""
        ...


class ThreadPart:
    """A part that is one thread: subclasses say what it does in `run`, which ends soon after `stopping` is set."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    @property
    def name(self) -> str:
        """See Part."""
        return self._name

    def run(self) -> None:
        """Work until `stopping` is set."""
        raise AssertionError("a ThreadPart must say what it does")

    def start(self) -> None:
        """See Part."""
        self._thread = threading.Thread(target=self._guarded, name=self._name, daemon=True)
        self._thread.start()

    def _guarded(self) -> None:
        try:
            self.run()
            if not self.stopping.is_set():
                raise RuntimeError(f"{self._name} ended although nobody stopped it")
        except BaseException as error:
            self._error = error

    def stop(self, timeout: float) -> None:
        """See Part."""
        self.stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def failed(self) -> BaseException | None:
        """See Part."""
        return self._error
