"""How much a JSON body holds, found out before it is read: reading it is what would cost."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from dashboard.bounds import MOST_KEYS

# A string, also one that the body ends in the midst of, or what stands between values; it never
# goes back over what it has read.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.?[^"\\]*)*(?:"|\Z)|[,\[{]', re.DOTALL)
BETWEEN = (b",", b"[", b"{")
# A key and a value stand beside each of them at most.
MOST_TOKENS_OF_A_VALUE = 3


class TooManyKeys(Exception):
    """An object has more keys than any that is documented."""


def holds_more_than(values: int, raw: bytes) -> bool:
    """Whether the JSON in `raw` is of more than so many values, lists and objects among them."""
    # What is in texts is counted along at first: nearly every body is far from the bound.
    if sum(map(raw.count, BETWEEN)) <= values:
        return False
    found = 0
    for number, token in enumerate(_TOKEN.finditer(raw)):
        found += token.group() in BETWEEN
        if found > values or number > MOST_TOKENS_OF_A_VALUE * (values + 1):
            return True
    return False


def refuse_large_objects(raw: bytes, title: str) -> None:
    """Raise ValidationError for an object with more keys than any that is documented."""
    try:
        json.loads(raw, object_pairs_hook=_few)
    except TooManyKeys:
        told = PydanticCustomError(
            "too_many_keys", "Contains an object of more than {most} keys", {"most": MOST_KEYS}
        )
        wrong = InitErrorDetails(type=told, loc=(), input=None)
        raise ValidationError.from_exception_data(title, [wrong]) from None
    except (ValueError, RecursionError):
        pass  # no JSON, or nested too deep: the model says so


def _few(pairs: list[tuple[str, Any]]) -> None:
    if len(pairs) > MOST_KEYS:
        raise TooManyKeys
