"""Periods: half-open stretches of UTC time, and the boundaries of billing cycles. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dateutil.relativedelta import relativedelta

from dashboard.intervals import MONTHS
from dashboard.zones import zone_named

# A cycle is at least so long: what is left to a boundary, if it is less, is part of the next one.
SHORTEST = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """The instants from `start` up to, but not including, `end`; both are kept in UTC.

    `index` counts cycles from the anchor for a cycle's period and is 0 otherwise; it takes no part
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


@dataclass(frozen=True, slots=True)
class CycleRule:
    """When cycles begin: at `anchor`, and each `interval` before and after it by a zone's calendar.

    So at the same hour of the zone's clock, and on the anchor's day: in a shorter month on its
    last one, and then on that day again. An hour that the clock leaves out is the one after it; of
    an hour that it shows twice the first counts, or the second if the anchor is in such a one.
    """

    anchor: datetime
    interval: str = "month"
    zone: str = "UTC"

    def boundary(self, k: int) -> datetime:
        """Return the instant `k` intervals after the anchor, in UTC.

        Always counted from the anchor: one on the 31st gives 28 February and then 31 March.
        """
        zone = zone_named(self.zone)
        begun = in_utc(self.anchor).astimezone(zone)
        # Of the wall clock alone: what it shows then may be another number of seconds away.
        shown = begun.replace(tzinfo=None, fold=0) + self._step(k)
        first = shown.replace(tzinfo=zone)
        second = first.replace(fold=1)
        # Of an hour that is left out the second would be the one before it.
        is_twice = (second.utcoffset() or timedelta()) < (first.utcoffset() or timedelta())
        return (second if begun.fold and is_twice else first).astimezone(UTC)

    def containing(self, instant: datetime) -> Period:
        """Return the whole cycle that holds `instant`; its index is negative before the anchor."""
        instant = in_utc(instant)
        k = self._about(instant)
        while self.boundary(k) > instant:
            k -= 1
        while self.boundary(k + 1) <= instant:
            k += 1
        return Period(self.boundary(k), self.boundary(k + 1), k)

    def following(self, start: datetime) -> Cycle:
        """Return the cycle that begins where another ended, up to the next boundary.

        Mostly a whole one; after a change of the rule a part of one, whose fees are the same part.
        What is left to the next boundary is no cycle if it is shorter than SHORTEST: then this one
        goes on to the boundary after that, and is a whole one.
        """
        whole = self.containing(start)
        if whole.end - start < SHORTEST:
            period = Period(start, self.boundary(whole.index + 2))
            return Cycle(period, period.seconds)
        return Cycle(Period(start, whole.end), whole.seconds)

    def day_of(self, instant: datetime) -> int:
        """Return the day of the month that an instant has in the zone."""
        return in_utc(instant).astimezone(zone_named(self.zone)).day

    def _step(self, k: int) -> relativedelta:
        months = MONTHS.get(self.interval)
        return relativedelta(weeks=k) if months is None else relativedelta(months=months * k)

    def _about(self, instant: datetime) -> int:
        """Return the number of a cycle that is near `instant`."""
        anchor = in_utc(self.anchor)
        months = MONTHS.get(self.interval)
        if months is None:
            return (instant - anchor) // timedelta(weeks=1)
        return ((instant.year - anchor.year) * 12 + instant.month - anchor.month) // months


@dataclass(frozen=True, slots=True)
class Cycle:
    """A billing cycle's period, and the seconds of the whole one that it is, or is a part of."""

    period: Period
    whole_seconds: int


def month_boundary(anchor: datetime, k: int) -> datetime:
    """Return the instant `k` months after `anchor`, in a shorter month on its last day, in UTC."""
    return CycleRule(anchor).boundary(k)


def period_containing(anchor: datetime, instant: datetime) -> Period:
    """Return the month of `anchor` holding `instant`; its index is negative before the anchor."""
    return CycleRule(anchor).containing(instant)
