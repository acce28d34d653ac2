"""The chart of a cycle beside the one before it."""

from datetime import UTC, datetime
from decimal import Decimal

from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.draft import current_invoice
from dashboard.billing.roll import roll_over
from dashboard.reading.spend.read import Wanted, spend_of
from dashboard.usage.entry import UsageEntry
from tests.factories import MeteredPriceFactory, make_organization, make_service
from tests.support.reading import opened_by_support
from tests.support.usage import record_batch

MARCH, APRIL = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 10, tzinfo=UTC)


def test_of_a_longer_last_cycle_the_days_are_cut_and_the_total_is_whole(db: SQLAlchemy) -> None:
    organization = make_organization(anchor=MARCH, now=MARCH)
    make_service(organization, MeteredPriceFactory(), now=MARCH, at=MARCH)
    for day in (1, 31):
        at = MARCH.replace(day=day, hour=5)
        entry = UsageEntry("acme", "requests", f"day-{day}", Decimal(100), at)
        record_batch([entry], now=at)
    roll_over(organization, now=APRIL)
    db.session.commit()
    draft = opened_by_support(current_invoice(organization)).draft
    assert draft is not None
    spend = spend_of(draft, Wanted(), now=APRIL)
    assert len(spend.starts) == len(spend.last) == 30
    assert spend.running is not None
    assert spend.running.last == [0] + [500] * 30
    assert spend.running.last_total == 1000
