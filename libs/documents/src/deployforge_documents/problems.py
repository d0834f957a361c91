"""What is wrong in a document, where, what was expected, and the nearest valid word."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

MOST_PROBLEMS: Final = 200
"""A text with more problems than this is not a document with mistakes; the rest is counted, not listed."""
_LONGEST_QUOTE: Final = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong. Lines and columns start at 1; 0 means that the place is not known."""

    message: str
    line: int = 0
    column: int = 0
    path: str = ""
    expected: str = ""
    hint: str = ""
    file: str = ""

    def __str__(self) -> str:
        """`file:line:column: message`, as compilers write it."""
        place = f"{self.file or 'manifest'}:{self.line}:{self.column}"
        return f"{place}: {self.path + ': ' if self.path else ''}{self.message}"


class InvalidDocument(Exception):
    """A document that is refused; `problems` says why, in the order of the text."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"{problems[0]}{more}")
        self.problems = tuple(problems)


def in_order(problems: Iterable[Problem], file: str) -> tuple[Problem, ...]:
    """The problems by place, each naming `file`, at most MOST_PROBLEMS of them and one that counts the rest."""
    ordered = sorted(problems, key=lambda problem: (problem.line, problem.column, problem.message))
    named = [replace(problem, file=file) for problem in ordered[:MOST_PROBLEMS]]
    if len(ordered) > MOST_PROBLEMS:
        named.append(Problem(f"{len(ordered) - MOST_PROBLEMS} more problems are not listed", file=file))
    return tuple(named)


def nearest(word: str, words: Iterable[str]) -> str:
    """A hint that names the nearest valid word, or nothing when none is near."""
    known = {candidate.lower(): candidate for candidate in words}
    near = difflib.get_close_matches(word.lower()[:_LONGEST_QUOTE], known, n=1, cutoff=0.6)
    return f'did you mean "{known[near[0]]}"?' if near else ""


def one_of(words: Iterable[str]) -> str:
    """What was expected when a few words are valid."""
    listed = list(words)
    return ("one of " if len(listed) > 1 else "") + ", ".join(listed)


def quoted(value: object) -> str:
    """A value as a message shows it: short, and on one line."""
    text = str(value).replace("\n", " ")
    return f'"{text[:_LONGEST_QUOTE]}…"' if len(text) > _LONGEST_QUOTE else f'"{text}"'
