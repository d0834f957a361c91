"""Numbers among canonical JSON values."""

import json
import math


def number(text: str) -> float | None:
    """The value of a canonical JSON number, or None: of anything else, and of what no float holds."""
    if not text or text[0] not in "-0123456789":
        return None
    try:
        value = float(json.loads(text))
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None
