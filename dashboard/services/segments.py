"""How much of a service was attached when: the segments a recurring fee is rated over. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import zip_longest
from typing import Protocol

from dashboard.pricing.rating import Segment


class Change(Protocol):
    """A quantity from an instant on."""

    @property
    def effective_at(self) -> datetime:
        """The first instant with the quantity."""

    @property
    def quantity(self) -> Decimal:
        """The quantity."""


def segments(
    changes: Iterable[Change], detached_at: datetime | None, start: datetime, end: datetime
) -> list[Segment]:
    """Return the quantities attached in `[start, end)`, one segment per change, in order.

    The first change is the attachment itself; a service without end stays attached through `end`.
    """
    ordered = sorted(changes, key=lambda change: change.effective_at)
    last = end if detached_at is None else min(end, detached_at)
    found: list[Segment] = []
    for change, following in zip_longest(ordered, ordered[1:]):
        begins = max(start, change.effective_at)
        ends = min(last, following.effective_at) if following else last
        if begins < ends:
            found.append(Segment(begins, ends, change.quantity))
    return found
