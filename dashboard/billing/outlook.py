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
    doubt,
    pace_of,
    pro_rata,
    seconds_by_weekday,
)
from dashboard.billing.period import Period
from dashboard.pricing.exact import EXACT, total
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
    used = total(units)
    began = max(shares[0].window.start, seen.began, count.attached.since or seen.began)
    past = seconds_by_weekday(began, seen.now)
    rest = seconds_by_weekday(seen.now, seen.ends)
    pace = pace_of(used, past, rest, habit) if count.attached.is_going_on else None
    more = [_rest(share.window, seen, pace) for share in shares]

    def billed(part: int, of: int) -> int:
        """Return what it comes to with so much of what is likely to come."""
        at_end = [
            EXACT.add(have, one if part == of else pro_rata(one, part, of))
            for have, one in zip(units, more, strict=True)
        ]
        used_up = zip((share.terms for share in shares), at_end, strict=True)
        owed = cents_of_cycle(list(used_up))
        before = (
            so_far.before(share.key, cents) for share, cents in zip(shares, owed, strict=True)
        )
        return sum(owed) - sum(before)

    likely = billed(1, 1)
    off = doubt(used, past, rest, habit) if any(more) else 0
    if not off:
        return Outlook(likely)
    if len(shares) == 1 and _is_straight(shares[0].terms):
        cents = int(EXACT.multiply(more[0], shares[0].terms.unit_amount))
        return Outlook(likely, cents * off // (MILLE + off), cents * off // MILLE)
    low, high = billed(MILLE, MILLE + off), billed(MILLE + off, MILLE)
    # Volume tiers: more units may cost less.
    return Outlook(likely, max(likely - min(low, high), 0), max(max(low, high) - likely, 0))


def _is_straight(terms: Terms) -> bool:
    """Whether each further unit costs the same: to rate it twice more would tell nothing."""
    return terms.model == "per_unit" and not terms.allowance


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
