"""What people and sub-systems may write: text that shows as it reads."""

import math
import re
import unicodedata
from typing import Any

# Control characters, NUL among them, which PostgreSQL refuses; separators of lines; halves of
# surrogate pairs; and what turns the direction of writing around, so that a bill reads otherwise
# than it was typed.
_CONTROL = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufff9-\ufffb"
    "\ud800-\udfff"
)
# What takes no room, or room in which nothing shows: soft hyphens, spaces of no width, fillers of
# Hangul, an empty pattern of Braille, tags. Two names that differ by one would look the same.
_BLANK = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2060-\u2065\u206a-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff0-\ufff8\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
# The two joiners belong to scripts other than ours, and to emoji.
_HIDDEN = f"[{_CONTROL}{_BLANK}]|(?<![^\x00-\x7f])[\u200c\u200d]"
_NOT_IN_LINE = re.compile(f"{_HIDDEN}|[\t\r\n]")
_NOT_IN_PARAGRAPHS = re.compile(_HIDDEN)
# Marks that Hebrew and Arabic need, where they only concern their neighbours; elsewhere they hide.
_MARKS = re.compile("[\u061c\u200e\u200f]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u061b\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]"
)
# NUL, and halves of surrogate pairs, which JSON can name and UTF-8 cannot write.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def unprintable(text: str, *, paragraphs: bool = False) -> str | None:
    """Return the first character that may not be in `text`, as U+202E; None if all may be.

    A line holds no tabs and line breaks, `paragraphs` do. None may be where none shows.
    """
    if text.isascii() and text.isprintable():
        return None
    found = _unwanted(paragraphs).search(text)
    if found is None and not _RIGHT_TO_LEFT.search(text):
        found = _MARKS.search(text)
    wrong = found.group() if found else text.strip()[:1] if looks_blank(text) else None
    return f"U+{ord(wrong):04X}" if wrong else None


def looks_blank(text: str) -> bool:
    """Whether nothing shows of `text`: spaces of whatever kind, and marks that stand on nothing."""
    return all(unicodedata.category(one)[0] in "ZMC" for one in text)


def printable(text: str, *, paragraphs: bool = False) -> str:
    """Return `text` without what `unprintable` finds; tabs and line breaks become spaces."""
    spaced = text if paragraphs else re.sub(r"[\t\r\n]+", " ", text)
    left = _unwanted(paragraphs).sub("", spaced)
    left = left if _RIGHT_TO_LEFT.search(left) else _MARKS.sub("", left)
    return left if not looks_blank(left) else re.sub(r"\S", "", left)


def _unwanted(paragraphs: bool) -> re.Pattern[str]:
    return _NOT_IN_PARAGRAPHS if paragraphs else _NOT_IN_LINE


def shown(text: str, *, most: int) -> str:
    """Return another's `text` as one line that can be stored and shows as it reads.

    What may not be in it becomes U+FFFD and not nothing: that somebody put it there must show.
    """
    if len(text) <= most and text.isascii() and text.isprintable():
        return text
    line = _NOT_IN_LINE.sub("\ufffd", re.sub(r"[\t\r\n]+", " ", text))
    line = line if _RIGHT_TO_LEFT.search(line) else _MARKS.sub("\ufffd", line)
    line = "\ufffd" if line.strip() and looks_blank(line) else line
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
        raise NotStorable(f"it has {value} as a number")
    if not isinstance(value, dict | list):
        return value
    if deepest == 0:
        raise NotStorable("it is nested too deep")
    if isinstance(value, list):
        return [storable(one, deepest - 1) for one in value]
    return {storable(name, 1): storable(one, deepest - 1) for name, one in value.items()}
