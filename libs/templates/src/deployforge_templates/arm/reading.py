"""JSON as Azure reads it: with comments. What they stood in stays blank, so that places are those of the text."""

import re
from typing import Final

from deployforge_documents.problems import InvalidDocument, Problem
from deployforge_documents.reading import Dialect, Node, read

TEMPLATE: Final = Dialect(noun="an ARM template", most_depth=64)
_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)


def load(data: bytes, file: str) -> Node:
    """The tree of a template. Raises InvalidDocument."""
    text = data.decode("utf-8-sig", errors="surrogateescape")
    for token in _TOKEN.finditer(text):
        if token[0].startswith('"') and "\n" in token[0]:
            line = text.count("\n", 0, token.start()) + 1
            column = token.start() - text.rfind("\n", 0, token.start())
            problem = Problem("a text goes on in the next line", line, column, "", r"\n in the text", file=file)
            raise InvalidDocument([problem])
    return read(_TOKEN.sub(_blank, text).encode("utf-8", errors="surrogateescape"), TEMPLATE, file)


def _blank(token: re.Match[str]) -> str:
    return token[0] if token[0].startswith('"') else re.sub(r"[^\n]", " ", token[0])
