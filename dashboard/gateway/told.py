"""The door for texts from Stripe: whatever a record holds can be stored, and shows as it reads.

Anybody who may edit an invoice at Stripe writes its descriptions, and error messages repeat what
was sent; a NUL in one must not break a sync, nor a mark that turns writing around pass for a bill.
"""

from __future__ import annotations

from dataclasses import fields
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
        for one in fields(self):  # type: ignore[arg-type]  # each subclass is a dataclass
            value: Any = getattr(self, one.name)
            if isinstance(value, str):
                most = MOST_OF_AN_ADDRESS if one.name.endswith("_url") else MOST
                kept = shown(value, most=most)
                if kept != value:
                    object.__setattr__(self, one.name, kept)
