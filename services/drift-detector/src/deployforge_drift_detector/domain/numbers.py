"""Numbers among canonical JSON values."""

import json
import math
from typing import Any, TypeGuard


def number(text: str) -> float | None:
    """The value of a canonical JSON number, or None: of anything else, and of what no float holds."""
    if not text or text[0] not in "-0123456789":
        return None
    try:
        value = float(json.loads(text))
    except (ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a value is one; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)
