"""What people and sub-systems may write: text that shows as it reads."""

import math
import re
from typing import Any

# Control characters, NUL among them, which PostgreSQL refuses; separators of lines; and what turns
# the direction of writing around, so that a bill reads otherwise than it was typed. The marks that
# Hebrew and Arabic need (U+200E, U+200F, U+061C) only concern their neighbours and may stay.
_HIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
_NOT_IN_LINE = re.compile(f"[{_HIDDEN}\t\r\n]")
_NOT_IN_PARAGRAPHS = re.compile(f"[{_HIDDEN}]")
# NUL, and halves of surrogate pairs, which JSON can name and UTF-8 can not write.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unprintable(text: str, *, paragraphs: bool = False) -> str | None:
    """Return the first character that may not be in `text`, as U+202E; None if all may be.

    A line holds no tabs and line breaks, `paragraphs` do.
    """
    found = _unwanted(paragraphs).search(text)
    return f"U+{ord(found.group()):04X}" if found else None


def printable(text: str, *, paragraphs: bool = False) -> str:
    """Return `text` without what `unprintable` finds; tabs and line breaks become spaces."""
    spaced = text if paragraphs else re.sub(r"[\t\r\n]+", " ", text)
    return _unwanted(paragraphs).sub("", spaced)


def _unwanted(paragraphs: bool) -> re.Pattern[str]:
    return _NOT_IN_PARAGRAPHS if paragraphs else _NOT_IN_LINE


def shown(text: str, *, most: int) -> str:
    """Return another's `text` as one line that can be stored and shows as it reads.

    What may not be in it becomes U+FFFD and not nothing: that somebody put it there must show.
    """
    if len(text) <= most and text.isascii() and text.isprintable():
        return text
    line = _NOT_IN_LINE.sub("\ufffd", _UNSTORABLE.sub("\ufffd", re.sub(r"[\t\r\n]+", " ", text)))
    return line if len(line) <= most else f"{line[: most - 1]}\N{HORIZONTAL ELLIPSIS}"


class NotStorable(ValueError):
    """No database can hold it as JSON; the message says why."""


def storable(value: Any, deepest: int) -> Any:
    """Return JSON as PostgreSQL can hold it: what its texts may not have becomes U+FFFD.

    Raises `NotStorable` for a number that is none, or for what is nested deeper than `deepest`.
    """
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise NotStorable(f"it holds {value} as a number")
    if not isinstance(value, dict | list):
        return value
    if deepest == 0:
        raise NotStorable("it is nested too deep")
    if isinstance(value, list):
        return [storable(one, deepest - 1) for one in value]
    return {storable(name, 1): storable(one, deepest - 1) for name, one in value.items()}
