"""What adapters share: every error of a cloud and of the network becomes a ProviderFailure."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from deployforge_mcal.application.ports import ProviderFailure

P = ParamSpec("P")
R = TypeVar("R")


def failing_as(failure_of: Callable[[Exception], ProviderFailure]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorates a verb: what it raises goes through `failure_of`, which raises again what is no error of the cloud."""

    def decorate(verb: Callable[P, R]) -> Callable[P, R]:
        @wraps(verb)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return verb(*args, **kwargs)
            except Exception as error:
                failure = failure_of(error)
                if failure is error:
                    raise
                raise failure from error

        return guarded

    return decorate
