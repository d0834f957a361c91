"""Attributes that nobody declared, and that are other than when they were last verified, after a deployment or repair.

What they were then is what the provider makes of them where nobody says anything: its defaults. Nobody is bound to them, so
none of this is drift: it has no severity, and nothing puts it back.
"""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from deployforge_chassis import jsondiff
from deployforge_chassis.jsondiff import Change


def left_default(desired: Mapping[str, Any], verified: Any, live: Any, set_paths: Collection[str] = ()) -> list[Change]:
    """Every path beyond what is desired whose live value is another than when it was verified, by path."""
    declared = frozenset(_leaves(desired))
    return [one for one in jsondiff.changes(verified, live, set_paths) if not _is_declared(one.path, declared)]


def _leaves(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _leaves(inner, jsondiff.join(path, key))
    else:
        yield path


def _is_declared(path: str, declared: Collection[str]) -> bool:
    return path in declared or any(
        path.startswith((f"{one}.", f"{one}[")) or one.startswith((f"{path}.", f"{path}[")) for one in declared
    )
