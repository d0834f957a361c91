"""Cursors of listings: opaque to whoever holds one, refused when this service did not give it out."""

import base64

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
        raise BadCursor(f"{cursor!r} is no cursor of this listing") from error
    if not key.isprintable():
        raise BadCursor(f"{cursor!r} is no cursor of this listing")
    return key


def number(cursor: str) -> int:
    """The number in a cursor; larger than any for an empty one. Raises BadCursor."""
    key = opened(cursor)
    if key and not (key.isdecimal() and key.isascii()):
        raise BadCursor(f"{cursor!r} is no cursor of this listing")
    return int(key or 2**62)
