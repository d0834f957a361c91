"""Cursors of listings: opaque to whoever holds one, refused when this service did not give it out, and bound to the
filters and the sorting of the listing that they go on with.
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

from pydantic_core import from_json, to_json

from deployforge_state_manager.application.ports import BadCursor

_PAGE = 100
_PAGE_AT_MOST = 500


def page_size(asked: int) -> int:
    """Rows of a page; 0 asks for the usual number."""
    return min(asked or _PAGE, _PAGE_AT_MOST)


def closed(key: str) -> str:
    """The cursor that goes on after `key`."""
    return base64.urlsafe_b64encode(key.encode()).decode()


def opened(cursor: str) -> str:
    """The key of a cursor, empty for an empty one. Raises BadCursor."""
    try:
        key = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode()
    except ValueError as error:
        raise _foreign(cursor) from error
    if not key.isprintable():
        raise _foreign(cursor)
    return key


def number(cursor: str) -> int:
    """The number in a cursor; larger than any for an empty one. Raises BadCursor."""
    key = opened(cursor)
    if key and not (key.isdecimal() and key.isascii()):
        raise _foreign(cursor)
    return int(key or 2**62)


def bound(key: Sequence[str], listing: Any) -> str:
    """The cursor that goes on after `key` in a listing, which is told by whatever makes it."""
    return closed(to_json([_fingerprint(listing), *key]).decode())


def unbound(cursor: str, listing: Any, parts: int) -> list[str] | None:
    """The key, of `parts` parts, of a cursor that `bound` made for the same listing; None for an empty one.
    Raises BadCursor."""
    if not cursor:
        return None
    try:
        fingerprint, *parted = from_json(opened(cursor))
    except (ValueError, TypeError) as error:
        raise _foreign(cursor) from error
    key = [part for part in parted if isinstance(part, str)]
    if not len(parted) == len(key) == parts:
        raise _foreign(cursor)
    if fingerprint != _fingerprint(listing):
        raise BadCursor("the cursor goes on with a listing that had other filters or another sorting: begin again without")
    return key


def _fingerprint(listing: Any) -> str:
    return hashlib.sha256(to_json(listing)).hexdigest()[:16]


def _foreign(cursor: str) -> BadCursor:
    return BadCursor(f"{cursor!r} is no cursor of this listing")
