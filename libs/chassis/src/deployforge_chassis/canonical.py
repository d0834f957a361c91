"""One spelling for every JSON value, so that equal values have equal text and equal digests."""

import hashlib
import json
from typing import Any


def dumps(value: Any) -> str:
    """Canonical JSON: keys sorted, no white space, characters as they are. Raises ValueError for NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(body: str | bytes) -> str:
    """`sha256:` and 64 hexadecimal digits, of the text's UTF-8 bytes."""
    return "sha256:" + hashlib.sha256(body.encode() if isinstance(body, str) else body).hexdigest()
