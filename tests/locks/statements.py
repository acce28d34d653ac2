"""Which locks a statement takes, read from its text."""

import re

_READS = re.compile(r"\bFROM (\w+).*\bFOR (NO KEY UPDATE|UPDATE|KEY SHARE|SHARE)\b", re.DOTALL)
_WRITES = re.compile(r"^\s*(UPDATE|DELETE FROM|INSERT INTO) (\w+)", re.IGNORECASE)


def locks_taken(statement: str) -> tuple[str, str] | None:
    """Return the table whose rows a statement locks, and how; None for one that only reads."""
    if (write := _WRITES.search(statement)) is not None:
        return write.group(2), write.group(1).upper()
    if (read := _READS.search(statement)) is not None:
        return read.group(1), read.group(2)
    return None
