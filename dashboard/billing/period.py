"""Periods: half-open stretches of UTC time, and the monthly boundaries of a billing cycle. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Period:
    """The instants from `start` up to, but not including, `end`.

    `index` counts months from the anchor for a cycle's period and is 0 otherwise; it takes no part
    in comparisons.
    """

    start: datetime
    end: datetime
    index: int = field(default=0, compare=False)

    def contains(self, instant: datetime) -> bool:
        """Whether `instant` lies in the period."""
        return self.start <= instant < self.end

    @property
    def seconds(self) -> int:
        """The length in whole seconds; a started second does not count."""
        return int((self.end - self.start).total_seconds())

    def clip(self, other: Period) -> Period | None:
        """Return what this period and `other` share; None if they share no instant."""
        start, end = max(self.start, other.start), min(self.end, other.end)
        return Period(start, end) if start < end else None


def whole_second(instant: datetime) -> datetime:
    """Return `instant` without its fraction of a second: attachments are priced to the second."""
    return instant.replace(microsecond=0)


def month_boundary(anchor: datetime, k: int) -> datetime:
    """Return the instant `k` months after `anchor`, in a shorter month on its last day.

    Always counted from the anchor, so that one on the 31st gives 28 February and then 31 March.
    """
    return anchor + relativedelta(months=k)


def period_containing(anchor: datetime, instant: datetime) -> Period:
    """Return the month of `anchor` holding `instant`; its index is negative before the anchor."""
    k = (instant.year - anchor.year) * 12 + instant.month - anchor.month
    if month_boundary(anchor, k) > instant:
        k -= 1
    return Period(month_boundary(anchor, k), month_boundary(anchor, k + 1), k)
