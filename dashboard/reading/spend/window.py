"""The last thirty days, wherever the cycles' bounds lie."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, time

from dashboard.reading.spend.amounts import DAY, Source, spend_of_cycle
from dashboard.reading.spend.groups import Group, fold, group_sources
from dashboard.reading.spend.model import Spend
from dashboard.reading.spend.rows import SpendRows

DAYS = 30
# A cycle is at least a day, so no more of them reach into the thirty.
CYCLES_BEFORE = DAYS


def first_instant(now: datetime) -> datetime:
    """Return when the first of the days begins."""
    return datetime.combine(now.astimezone(UTC).date() - (DAYS - 1) * DAY, time.min, UTC)


def spend_of_days(rows: SpendRows, currency: str, *, by_service: bool, now: datetime) -> Spend:
    """Return what usage and fees cost on each of the last thirty days, today with them."""
    today = now.astimezone(UTC)
    dates = [today.date() - (DAYS - 1 - n) * DAY for n in range(DAYS)]
    costs = _costs(rows, currency, dates)
    groups = [
        Group(name, [sum(parts) for parts in zip(*(costs[one] for one in some), strict=True)])
        for name, some in group_sources(costs, rows, by_service=by_service)
    ]
    return Spend(
        currency=currency,
        starts=dates,
        groups=groups,
        series=fold(groups, [sum(group.cents) for group in groups]),
        expected=[0] * DAYS,
        last=[None] * DAYS,
        today=DAYS - 1,
        elapsed=(today.hour * 60 + today.minute) / (24 * 60),
    )


def _costs(rows: SpendRows, currency: str, dates: Sequence[date]) -> dict[Source, list[int]]:
    """Return what each source cost on these days; on a day of two cycles, both parts."""
    found: dict[Source, list[int]] = defaultdict(lambda: [0] * len(dates))
    for cycle in rows.cycles:
        spend = spend_of_cycle(cycle, rows, currency)
        begins = (spend.days[0] - dates[0]).days
        for source in spend.sources:
            for place, cents in enumerate(spend.of(source), begins):
                if cents and 0 <= place < len(dates):
                    found[source][place] += cents
    return found
