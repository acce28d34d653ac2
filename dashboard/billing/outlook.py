"""What usage comes to at the end of a cycle: the likely cents, and how far below or above. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from math import isqrt
from typing import NamedTuple

from dashboard.billing.chain import ChainKey
from dashboard.billing.habit import MILLE, Habit
from dashboard.billing.pace import (
    DAY_SECONDS,
    HABIT_DAYS,
    Pace,
    Seconds,
    doubt,
    pace_of,
    pro_rata,
    seconds_by_weekday,
)
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT, total
from dashboard.pricing.price_models.base import Each
from dashboard.pricing.rating import cents_of_cycle
from dashboard.pricing.terms import Terms

# Per mille by which the prices of one organization are off together.
TOGETHER = 500


class Share(NamedTuple):
    """One version's part of what is counted together, and when in the cycle it is in force."""

    key: ChainKey
    window: Period
    terms: Terms


class Attached(NamedTuple):
    """Since when a cycle can have usage of a price, and whether a service goes on using it."""

    since: datetime | None
    is_going_on: bool


NOBODY = Attached(None, is_going_on=False)


class Count(NamedTuple):
    """A price, with its versions in force in the cycle, the earliest first."""

    price_id: int
    shares: Sequence[Share]
    attached: Attached


@dataclass(frozen=True, slots=True)
class SoFar:
    """A cycle's usage up to now.

    `units` by what they are billed as, on all of its invoices; `cents` is what the items of the
    draft bill of it, and `before` what invoices before it did with a cost.
    """

    units: Mapping[ChainKey, Decimal]
    cents: int
    before: Callable[[ChainKey, int], int]


class Seen(NamedTuple):
    """Of a cycle that `starts`, usage was seen `began` to `now`; the invoice ends at `ends`."""

    starts: datetime
    began: datetime
    now: datetime
    ends: datetime


class Outlook(NamedTuple):
    """What usage comes to on the invoice; `below` and `above` hold four futures in five."""

    likely: int
    below: int = 0
    above: int = 0


def outlook(
    counts: Sequence[Count], so_far: SoFar, seen: Seen, habits: Mapping[int, Habit]
) -> Outlook:
    """Return what all usage of the invoice's own cycle comes to on it.

    Each price goes on at the pace of the days seen, blended with its habit, and is rated with its
    tiers and allowance; what no service uses any more stays as it is. What was used in the last
    cycle and not yet in this one costs its share of what it did. Raises AmountTooLarge.
    """
    used = {count.price_id for count in counts}
    every = [_of_price(count, so_far, seen, habits.get(count.price_id)) for count in counts]
    every += [_unseen(habit, seen) for price_id, habit in habits.items() if price_id not in used]
    return Outlook(
        sum(one.likely for one in every),
        _combined(one.below for one in every),
        _combined(one.above for one in every),
    )


def _of_price(count: Count, so_far: SoFar, seen: Seen, habit: Habit | None) -> Outlook:
    """Return what one price comes to, under all its versions together."""
    shares = count.shares
    units = [so_far.units.get(share.key, Decimal(0)) for share in shares]
    used, past, rest = total(units), _past(count, seen), _to_come(seen)
    pace = pace_in(count, so_far, seen, habit)
    price = _Price(shares, units, [_rest(share.window, seen, pace) for share in shares], so_far)
    likely = price.billed(1, 1)
    off = doubt(used, past, rest, habit) if any(price.more) else 0
    return price.around(likely, off) if off else Outlook(likely)


def pace_in(count: Count, so_far: SoFar, seen: Seen, habit: Habit | None) -> Pace | None:
    """Return the pace at which a price goes on; None for what no service uses any more."""
    if not count.attached.is_going_on:
        return None
    used = total(so_far.units.get(share.key, Decimal(0)) for share in count.shares)
    return pace_of(used, _past(count, seen), _to_come(seen), habit)


def _past(count: Count, seen: Seen) -> Seconds:
    """Return the seconds in which a price could be used so far, by weekday."""
    since = count.attached.since or seen.began
    return seconds_by_weekday(max(count.shares[0].window.start, seen.began, since), seen.now)


def _to_come(seen: Seen) -> Seconds:
    return seconds_by_weekday(seen.now, seen.ends)


@dataclass(frozen=True, slots=True)
class _Price:
    """The versions of a price: the units so far, and as many `more` as are likely."""

    shares: Sequence[Share]
    units: Sequence[Decimal]
    more: Sequence[Decimal]
    so_far: SoFar

    def billed(self, part: int, of: int) -> int:
        """Return what the invoice bills, in minor units, with that part of the likely usage."""
        at_end = [
            EXACT.add(have, one if part == of else pro_rata(one, part, of))
            for have, one in zip(self.units, self.more, strict=True)
        ]
        used = zip((share.terms for share in self.shares), at_end, strict=True)
        owed = cents_of_cycle(list(used))
        before = [
            self.so_far.before(share.key, cents)
            for share, cents in zip(self.shares, owed, strict=True)
        ]
        return sum(owed) - sum(before)

    def around(self, likely: int, off: int) -> Outlook:
        """Return what it comes to where it may be `off` by so many per mille."""
        each = self._each(off)
        if each is not None:
            # To rate it twice more would tell nothing, and take as long again.
            cents = int(EXACT.multiply(self.more[0], each.amount) // each.units)
            return Outlook(likely, cents * off // (MILLE + off), cents * off // MILLE)
        low, high = self.billed(MILLE, MILLE + off), self.billed(MILLE + off, MILLE)
        # Volume tiers: more units may cost less.
        return Outlook(likely, max(likely - min(low, high), 0), max(max(low, high) - likely, 0))

    def _each(self, off: int) -> Each | None:
        """Return what each unit to come costs, None where that may change on the way."""
        terms, have = self.shares[0].terms, self.units[0]
        if len(self.shares) > 1 or have < terms.allowance:
            return None
        high = EXACT.add(have, pro_rata(self.more[0], MILLE + off, MILLE))
        return terms.priced.each_more(terms, have, high)


def _rest(window: Period, seen: Seen, pace: Pace | None) -> Decimal:
    """Return the units that are likely in what is still to come of `window`."""
    start, end = max(seen.now, window.start), min(window.end, seen.ends)
    if pace is None or end <= start:
        return Decimal(0)
    return pace.in_period(seconds_by_weekday(start, end))


def _unseen(habit: Habit, seen: Seen) -> Outlook:
    """Return what a price costs that was used in the last cycle, and not yet in this one.

    It is not on the bill, so what it cost then stands for its terms; it may come or not.
    """
    past, rest = Period(seen.began, seen.now).seconds, Period(seen.now, seen.ends).seconds
    prior = HABIT_DAYS * DAY_SECONDS
    cents = habit.cents * prior * rest // ((past + prior) * max(past + rest, 1))
    return Outlook(cents, cents, cents)


def _combined(every: Iterable[int]) -> int:
    """Return how far the sum is off: half as if all were together, half by chance each."""
    off = list(every)
    squares = sum(one * one for one in off)
    return isqrt((TOGETHER * sum(off) ** 2 + (MILLE - TOGETHER) * squares) // MILLE)
