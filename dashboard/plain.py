"""JSON that PostgreSQL can keep as it came: read once, and neither walked through nor written anew.

Nearly all that Stripe sends is of this kind. What is not goes through `dashboard.text.storable`.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Never

from dashboard.text import NotStorable

# NUL, and halves of surrogate pairs; a whole pair is told from a half by who walks through it all.
_ESCAPED = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
# A longer number, or one with an exponent, may be none here or in PostgreSQL.
MOST_DIGITS = 30


def plain(text: str, deepest: int) -> Any:
    """Return the JSON in `text`, which is then fit to be stored as it is.

    Raises `NotStorable` for what has to be read with care, whether it then can be stored or not:
    odd characters and numbers, what is nested deeper than `deepest`, what is no JSON at all.
    """
    if _ESCAPED.search(text):
        raise NotStorable("it has characters that are checked one by one")
    try:
        data = _DECODER.decode(text)
    except (ValueError, RecursionError):
        raise NotStorable("it is not JSON, or is nested too deep") from None
    if not _is_within(data, deepest):
        raise NotStorable("it is nested too deep")
    return data


def _is_within(data: Any, deepest: int) -> bool:
    level: list[Any] = [[data]]
    for _ in range(deepest + 1):
        level = [
            one
            for holder in level
            for one in (holder.values() if type(holder) is dict else holder)
            if type(one) is dict or type(one) is list
        ]
        if not level:
            return True
    return False


def _number(digits: str) -> float:
    value = float(digits)
    if len(digits) > MOST_DIGITS or not math.isfinite(value) or "e" in digits.lower():
        raise NotStorable(f"it has {digits[:MOST_DIGITS]} as a number")
    return value


def _no_number(name: str) -> Never:
    raise NotStorable(f"it has {name} as a number")


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_no_number)
