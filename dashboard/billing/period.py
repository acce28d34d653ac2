"""Periods: half-open stretches of UTC time, and the monthly boundaries of a billing cycle. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta


@dataclass(frozen=True, slots=True)
class Period:
    """The instants from `start` up to, but not including, `end`; both are kept in UTC.

    `index` counts months from the anchor for a cycle's period and is 0 otherwise; it takes no part
    in comparisons.
    """

    start: datetime
    end: datetime
    index: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        # Two instants of one zone are subtracted by its wall clock, an hour off around its changes.
        object.__setattr__(self, "start", in_utc(self.start))
        object.__setattr__(self, "end", in_utc(self.end))

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


def in_utc(instant: datetime) -> datetime:
    """Return the same instant, told in UTC. Raises ValueError for one that says no zone."""
    if instant.tzinfo is UTC:
        return instant
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no zone, so it is no instant")
    return instant.astimezone(UTC)


def whole_second(instant: datetime) -> datetime:
    """Return the start of the second that holds `instant`: what begins, begins with its second."""
    return instant.replace(microsecond=0)


def second_after(instant: datetime) -> datetime:
    """Return the first whole second not before `instant`: what ends, ends with its second.

    So nothing that happened before the true end is cut off, and fees count whole seconds.
    """
    begun = whole_second(instant)
    return begun if begun == instant else begun + timedelta(seconds=1)


def month_boundary(anchor: datetime, k: int) -> datetime:
    """Return the instant `k` months after `anchor`, in a shorter month on its last day.

    Always counted from the anchor, so that one on the 31st gives 28 February and then 31 March; and
    in UTC, since the same day a month later elsewhere may be another instant.
    """
    return in_utc(anchor) + relativedelta(months=k)


def period_containing(anchor: datetime, instant: datetime) -> Period:
    """Return the month of `anchor` holding `instant`; its index is negative before the anchor."""
    anchor, instant = in_utc(anchor), in_utc(instant)
    k = (instant.year - anchor.year) * 12 + instant.month - anchor.month
    if month_boundary(anchor, k) > instant:
        k -= 1
    return Period(month_boundary(anchor, k), month_boundary(anchor, k + 1), k)
