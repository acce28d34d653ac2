"""What the ledger's laws say is owed, worked out from a world's plain facts by another way."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import select

from dashboard.billing.models import BillingCycle
from dashboard.extensions import db as database
from dashboard.pricing.rating import Segment, Whole, rate_recurring
from dashboard.pricing.versions import terms_of
from tests.support.ledger_world import TIMES
from tests.support.rating import charged, costs


def cycles_of(world):
    query = select(BillingCycle).where(BillingCycle.organization_id == world.organization.id)
    return database.session.scalars(query).all()


def windows(price):
    ordered = sorted(price.versions, key=lambda version: version.effective_at)
    ends = [version.effective_at for version in ordered[1:]] + [datetime(2100, 1, 1, tzinfo=UTC)]
    return [(one, one.effective_at, end) for one, end in zip(ordered, ends, strict=True)]


def owed_for_usage(world):
    owed = {}
    for cycle in cycles_of(world):
        counts = []
        for (_, start, end), one in zip(windows(world.metered), world.versions, strict=True):
            low, high = max(cycle.starts_at, start), min(cycle.ends_at, end)
            units = sum((units for at, units in world.used if low <= at < high), Decimal(0))
            counts.append((one, units))
        for (row, _, _), cost in zip(windows(world.metered), costs(counts), strict=True):
            owed[cycle.id, row.id, None] = charged(cost, world.organization.currency)
    return {key: cents for key, cents in owed.items() if cents}


def owed_in_fees(world):
    owed = {}
    for service_id, changes in world.held.items():
        ordered = sorted(changes)
        ends = [at for at, _ in ordered[1:]] + [datetime(2100, 1, 1, tzinfo=UTC)]
        for cycle in cycles_of(world):
            for version, start, end in windows(world.fee):
                parts = []
                for (at, units), until in zip(ordered, ends, strict=True):
                    low = max(at, start, cycle.starts_at)
                    high = min(until, end, cycle.ends_at, world.ended.get(service_id, end))
                    if low < high:
                        parts.append(Segment(low, high, units))
                if not parts:
                    continue  # and the fee may be one that no cycle of this length asks for
                times = TIMES[world.fee.interval, cycle.interval]
                seconds = cycle.whole_seconds
                cents = rate_recurring(terms_of(version), parts, Whole(seconds), times).amount_cents
                owed[cycle.id, version.id, service_id] = cents
    return {key: cents for key, cents in owed.items() if cents}
