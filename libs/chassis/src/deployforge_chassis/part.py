"""A part of a process: something that runs beside others until it is stopped or fails."""

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
