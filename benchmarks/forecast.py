"""How far forecasts are from what cycles come to, on simulated histories, beside the run rate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from statistics import median
from typing import NamedTuple

from flask import Flask

from benchmarks.histories import DAYS, KINDS, PRICES, Customer, customer, used
from benchmarks.registry import Figure, benchmark
from dashboard.billing.chain import ChainKey
from dashboard.billing.forecast import Forecast, extrapolate
from dashboard.billing.habit import LastCycle, habit_of
from dashboard.billing.outlook import Attached, Count, Seen, Share, SoFar
from dashboard.billing.period import Period
from dashboard.pricing.rating import cents_of_usage

CUSTOMERS = 100
# Days seen of thirty: a tenth, half, nine tenths.
SEEN = {10: 3, 50: 15, 90: 27}


class Tried(NamedTuple):
    """One forecast: how far off in percent it was, and the run rate.

    Whether it was shown, as it is not while it is too early, and whether its range held.
    """

    off: float
    naive: float
    is_shown: bool
    is_covered: bool
    width: float


@dataclass(frozen=True)
class Draft:
    """What a forecast asks of an invoice."""

    period_end: datetime
    total_cents: int
    status: str = "draft"
    currency: str = "usd"


@benchmark(
    *(f"forecast_error_{share}_{part}" for share in SEEN for part in ("p50", "p90")),
    *(f"forecast_covered_{share}" for share in SEEN),
)
def forecast_error(_app: Flask) -> list[Figure]:
    """Forecast a cycle of every customer at three times, and compare with what it came to."""
    tried = {share: dict(every(days)) for share, days in SEEN.items()}
    show(tried)
    return [figure for share in SEEN for figure in figures(share, tried[share])]


def every(days: int) -> Iterator[tuple[str, list[Tried]]]:
    """Yield what the forecasts with so many days seen were worth, for each kind of customer."""
    for kind in KINDS:
        yield kind, [try_one(customer(kind, seed), days) for seed in range(CUSTOMERS)]


def try_one(one: Customer, days: int) -> Tried:
    """Forecast a customer's cycle with so many days seen."""
    actual = cents({price: used(all_days) for price, all_days in one.after.items()})
    so_far = {price: used(all_days[:days]) for price, all_days in one.after.items()}
    run_rate = cents({price: round(units * DAYS / days, 3) for price, units in so_far.items()})
    said = forecast(one, days, so_far)
    return Tried(
        off=100 * abs(said.likely_cents - actual) / actual,
        naive=100 * abs(run_rate - actual) / actual,
        is_shown=not said.is_too_early,
        is_covered=said.low_cents <= actual <= said.high_cents,
        width=100 * (said.high_cents - said.low_cents) / actual,
    )


def forecast(one: Customer, days: int, so_far: dict[int, Decimal]) -> Forecast:
    """Return what the product says."""
    starts = datetime.combine(one.starts, time.min, UTC)
    ends = starts + timedelta(days=DAYS)
    counts = [
        Count(
            price,
            [Share(ChainKey(1, price, None), Period(starts, ends), terms)],
            Attached(starts, is_going_on=True),
        )
        for price, terms in PRICES.items()
    ]
    owed = cents(so_far)
    return extrapolate(
        Draft(ends, owed),
        Seen(starts, starts, starts + timedelta(days=days), ends),
        counts,
        SoFar(
            {ChainKey(1, price, None): units for price, units in so_far.items()},
            owed,
            lambda _key, _cents: 0,
        ),
        last_cycle(one),
    )


def last_cycle(one: Customer) -> LastCycle:
    """Return what is kept of the cycle before."""
    if not one.before:
        return LastCycle()
    totals = {price: used(days) for price, days in one.before.items()}
    habits = {
        price: habit_of(one.began, days, cents_of_usage(PRICES[price], totals[price]))
        for price, days in one.before.items()
    }
    return LastCycle(cents(totals), {price: one for price, one in habits.items() if one})


def cents(units: dict[int, Decimal]) -> int:
    """Return what so many units cost."""
    return sum(cents_of_usage(PRICES[price], quantity) for price, quantity in units.items())


def figures(share: int, tried: dict[str, list[Tried]]) -> list[Figure]:
    """Return the figures of one time, over all customers."""
    all_of_them = [one for some in tried.values() for one in some]
    off = [one.off for one in all_of_them]
    naive = [one.naive for one in all_of_them]
    runs = len(all_of_them)
    shown = [one for one in all_of_them if one.is_shown]
    covered = sum(one.is_covered for one in shown) / len(shown)
    return [
        Figure(f"forecast_error_{share}_p50", median(off), "%", runs, floor=median(naive)),
        Figure(f"forecast_error_{share}_p90", high(off), "%", runs, floor=high(naive)),
        Figure(f"forecast_covered_{share}", covered, "of the bills", len(shown), at_least=0.75),
    ]


def show(tried: dict[int, dict[str, list[Tried]]]) -> None:
    """Print the figures of each kind of customer."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for some in tried.values():
        for kind, ones in some.items():
            off, naive = [one.off for one in ones], [one.naive for one in ones]
            covered = sum(one.is_covered for one in ones) * 100 // len(ones)
            held = f"{covered:3d}%" if ones[0].is_shown else "none"
            by_kind[kind].append(
                f"{median(off):5.1f} {high(off):5.1f} ({median(naive):5.1f} {high(naive):5.1f})"
                f" {held} {median([one.width for one in ones]):5.1f}"
            )
    print("median and p90 off in percent (run rate), bills in the range, width of the range")
    print(f"{'':10}" + "   ".join(f"{share:>2} % seen".ljust(37) for share in tried))
    for kind, columns in by_kind.items():
        print(f"{kind:10}" + "   ".join(columns))


def high(values: Sequence[float]) -> float:
    """Return what nine in ten are below."""
    return sorted(values)[len(values) * 9 // 10]
