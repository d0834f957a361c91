"""Valid words, as problems name them."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Final

_SHOWN: Final = 12


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint with the nearest valid word, or an empty string."""
    lower = {w.lower(): w for w in words}
    close = difflib.get_close_matches(word.lower(), list(lower), n=1, cutoff=0.6)
    return f"did you mean {lower[close[0]]}?" if close else ""


def listed(words: Iterable[str]) -> str:
    """Valid words, not too many of them."""
    every = sorted(words)
    return ", ".join(every[:_SHOWN]) + (", …" if len(every) > _SHOWN else "")


def together(words: Sequence[str]) -> str:
    """`aws`, `aws and gcp`, `aws, azure and gcp`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1]))) if words else ""
