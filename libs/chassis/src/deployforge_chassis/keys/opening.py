"""Finds the key provider that a setting names: plug-ins of the entry point group `deployforge.keys`, by scheme."""

from collections.abc import Sequence
from importlib.metadata import entry_points
from typing import Final

from deployforge_chassis.keys.port import KeyProvider

GROUP: Final = "deployforge.keys"


class NoSuchProvider(LookupError):
    """No installed key provider has that scheme."""

    def __init__(self, scheme: str, known: Sequence[str]) -> None:
        super().__init__(f"no key provider is called {scheme!r}; installed are {', '.join(known) or 'none'}")
        self.scheme = scheme


def open_provider(uri: str) -> KeyProvider:
    """The provider that `uri` names: `file:///path`, `pkcs11:token=…;object=…`, `aws-kms:alias/…`, or a plug-in's.

    Raises NoSuchProvider, ValueError for a URI that its provider cannot read, or KeyUnavailable.
    """
    return _provider(uri).from_uri(uri)


def prepare(uri: str) -> None:
    """Make the first version of the key that `uri` names, unless there is one. Raises as `open_provider` does."""
    _provider(uri).prepare(uri)


def _provider(uri: str) -> type[KeyProvider]:
    scheme = uri.partition(":")[0]
    points = {point.name: point for point in entry_points(group=GROUP)}
    if scheme not in points:
        raise NoSuchProvider(scheme, sorted(points))
    provider: type[KeyProvider] = points[scheme].load()
    return provider
