"""The door for texts from Stripe: whatever a record holds can be stored, and shows as it reads.

Anybody who may edit an invoice at Stripe writes its descriptions, and error messages repeat what
was sent; a NUL in one must not break a sync, nor a mark that turns writing around pass for a bill.
"""

from __future__ import annotations

from dataclasses import fields
from functools import cache
from typing import Any

from dashboard.text import shown

# Addresses are followed, not read; every other text has room for this much here.
MOST = 500
MOST_OF_AN_ADDRESS = 5000


class Told:
    """A record of something at Stripe; its texts pass the door when it is made."""

    __slots__ = ()

    def __post_init__(self) -> None:
        """Make every text fit to be kept."""
        for name, most in _rooms(type(self)):  # type: ignore[arg-type]  # classes can be hashed
            value: Any = getattr(self, name)
            if isinstance(value, str):
                kept = shown(value, most=most)
                if kept != value:
                    object.__setattr__(self, name, kept)


@cache
def _rooms(kind: type) -> list[tuple[str, int]]:
    """Return the fields of such a record, and how many characters each has room for here."""
    names = [one.name for one in fields(kind)]
    return [(name, MOST_OF_AN_ADDRESS if name.endswith("_url") else MOST) for name in names]
