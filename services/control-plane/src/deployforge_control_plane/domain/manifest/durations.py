"""Durations as people write them: `30s`, `5m`, `4h`, `2d`, or a number of seconds."""

import re
from typing import Final

PATTERN: Final = "^[1-9][0-9]{0,8}[smhd]?$"
_SECONDS: Final = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86400}
_PARTS: Final = re.compile("([1-9][0-9]{0,8})([smhd]?)")


class NotADuration(ValueError):
    """A text that is no duration."""


def seconds(value: str | int) -> int:
    """Whole seconds of a duration that matches PATTERN; a number already is seconds."""
    if isinstance(value, int):
        return value
    parts = _PARTS.fullmatch(value)
    if parts is None:
        raise NotADuration(value)
    return int(parts[1]) * _SECONDS[parts[2]]
