"""What the products of some organizations cost day by day, in three statements."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from sqlalchemy import text

from dashboard.budgets.habit import DAYS
from dashboard.extensions import db
from dashboard.pricing.exact import EXACT
from dashboard.pricing.products import product_of
from dashboard.pricing.rating import AmountTooLarge, cents_of_usage
from dashboard.pricing.versions import VersionWindow, load_windows

_PLACES = 12
Product = tuple[int, str]

UNITS = text("""
    select organization_id, price_id, array_agg(day), array_agg(quantity)
    from (
        select totals.organization_id, price_id, day, sum(quantity) as quantity
        from billing_cycles as cycle
        join usage_totals as totals
            on totals.organization_id = cycle.organization_id and totals.cycle_id = cycle.id
        join price_versions on price_versions.id = totals.price_version_id
        where cycle.organization_id = any(cast(:organizations as bigint[]))
          and cycle.ends_at > :since and totals.day >= :first
        group by 1, 2, 3
    ) as of_day
    group by 1, 2
""")
# Of a price, the service that used most on some days beyond what it did before them.
MOST_ABOVE = text("""
    select coalesce(services.label, services.external_id)
    from billing_cycles as cycle
    join usage_totals as totals
        on totals.organization_id = cycle.organization_id and totals.cycle_id = cycle.id
    join price_versions on price_versions.id = totals.price_version_id
    join services on services.id = totals.service_id
    where cycle.organization_id = :organization and cycle.ends_at > :since
      and price_versions.price_id = :price and totals.day between :first and :last
    group by services.id
    order by sum(case when totals.day >= :began then quantity * :before else -quantity * :days end)
        desc, services.id
    limit 1
""")


@dataclass(slots=True)
class Costs:
    """What one product cost on which days, and which of its prices how much."""

    currency: str
    by_day: dict[date, int] = field(default_factory=lambda: defaultdict(int))
    by_price: dict[int, Mapping[date, int]] = field(default_factory=dict)

    def on(self, days: Sequence[date]) -> list[int]:
        """Return what it cost on each of these days."""
        return [self.by_day.get(day, 0) for day in days]

    def main_price(self, days: Sequence[date]) -> int:
        """Return the price that cost most on these days."""
        return max(self.by_price, key=lambda one: sum(self.by_price[one].get(d, 0) for d in days))


def costs_by_product(
    organization_ids: Collection[int], *, first: date, now: datetime
) -> dict[Product, Costs]:
    """Return what the products of these organizations cost a day from `first` on.

    A day's units at the average price of four weeks: so neither an allowance that is used up nor a
    new tier or price makes a day look odd. What costs nothing is left out.
    """
    asked = {
        "organizations": list(organization_ids),
        "since": _midnight(first, now),
        "first": first,
    }
    rows = db.session.execute(UNITS, asked).all()
    windows = load_windows({price_id for _, price_id, _, _ in rows})
    found: dict[Product, Costs] = {}
    for organization_id, price_id, days, quantities in rows:
        window = _in_force(windows[price_id], now)
        costs = _cents(window, dict(zip(days, quantities, strict=True)))
        if not costs:
            continue
        price = window.price
        of = found.setdefault((organization_id, product_of(price)), Costs(price.currency))
        of.by_price[price_id] = costs
        for day, cents in costs.items():
            of.by_day[day] += cents
    return found


def service_above(
    organization_id: int, price_id: int, *, began: date, last: date, now: datetime
) -> str | None:
    """Return the service that used most of a price from `began` on beyond what it did before."""
    first = began - timedelta(days=DAYS)
    asked = {
        "organization": organization_id, "price": price_id, "since": _midnight(first, now),
        "first": first, "began": began, "last": last,
        "before": DAYS, "days": (last - began).days + 1,
    }  # fmt: skip
    label: str | None = db.session.scalar(MOST_ABOVE, asked)
    return label


def _cents(window: VersionWindow, units: Mapping[date, Decimal]) -> dict[date, int]:
    """Return what each day's units cost at the average price of the newest four weeks."""
    scaled = {day: int(EXACT.scaleb(count, _PLACES)) for day, count in units.items()}
    recent = sorted(scaled)[-DAYS:]
    whole = sum(scaled[day] for day in recent)
    if whole <= 0:
        return {}
    try:
        cents = cents_of_usage(window.terms, EXACT.scaleb(Decimal(whole), -_PLACES))
    except AmountTooLarge:
        return {}
    return {day: count * cents // whole for day, count in scaled.items()} if cents else {}


def _in_force(windows: Sequence[VersionWindow], now: datetime) -> VersionWindow:
    begun = [one for one in windows if one.start <= now]
    return (begun or windows)[-1]


def _midnight(day: date, now: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=now.tzinfo)
