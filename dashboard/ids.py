"""The numbers of rows: from 1 to what 64 bits hold."""

import re

HIGHEST_ID = 2**63 - 1
ID_PATTERN = "[0-9]{1,19}"
_ID = re.compile(ID_PATTERN)


def read_id(text: str) -> int | None:
    """Return the number, None when no row can have it."""
    number = int(text) if _ID.fullmatch(text) else 0
    return number if 0 < number <= HIGHEST_ID else None
