"""Times as people write them: ISO 8601, or how long ago."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from deployforge_client.errors import BadRequest

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
_AGO: Final = re.compile(r"((?:\d+\s*[smhdw]\s*)+)ago", re.ASCII)
_PART: Final = re.compile(r"(\d+)\s*([smhdw])", re.ASCII)

HOW: Final = 'ISO 8601 ("2026-11-24T10:00Z"; without a zone it is UTC) or how long ago ("2h ago", "1d12h ago")'


def parsed(text: str, now: datetime | None = None) -> datetime:
    """The moment that `text` names. Raises BadRequest saying how to write one."""
    now, words = now or datetime.now(UTC), text.strip()
    if words == "now":
        return now
    if ago := _AGO.fullmatch(words):
        seconds = sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(ago[1]))
        try:
            return now - timedelta(seconds=seconds)
        except OverflowError:
            raise BadRequest(f"{text!r} is before time itself", hint=f"give a time as {HOW}") from None
    try:
        found = datetime.fromisoformat(words)
    except ValueError:
        raise BadRequest(f"{text!r} is no time", hint=f"give a time as {HOW}") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def optional(text: str) -> datetime | None:
    """As `parsed`; None for an empty text."""
    return parsed(text) if text else None
