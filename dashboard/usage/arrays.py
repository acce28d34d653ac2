"""Arrays as PostgreSQL reads them, written many times faster than through the driver.

A batch has ten arrays of a thousand values, and the driver asks each value for its type.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal


def integers(values: Iterable[int | None]) -> str:
    """Write an array of integers."""
    return _array(["NULL" if one is None else str(one) for one in values])


def decimals(values: Iterable[Decimal]) -> str:
    """Write an array of exact decimals."""
    return _array([f"{one:f}" for one in values])


def instants(values: Iterable[datetime]) -> str:
    """Write an array of instants; each must say its zone."""
    return _array([f'"{one.isoformat()}"' for one in values])


def texts(values: Iterable[str | None]) -> str:
    """Write an array of texts."""
    return _array(["NULL" if one is None else _quoted(one) for one in values])


def _quoted(text: str) -> str:
    if "\\" in text or '"' in text:
        text = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _array(written: Iterable[str]) -> str:
    return "{" + ",".join(written) + "}"
