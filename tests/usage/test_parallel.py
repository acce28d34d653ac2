"""Several sub-systems report at once, while invoices are sealed under them."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.billing.close import seal
from dashboard.billing.fold import fold
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.roll import roll_over
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.usage.models import UsageRecord, UsageTotal
from dashboard.usage.record import record_batch
from dashboard.usage.reported import ReportedRecord
from dashboard.usage.waiting import organizations_waiting
from tests.factories import APRIL, NOW, MeteredPriceFactory, make_organization, make_service

MAY = APRIL + timedelta(days=30)


@pytest.fixture
def two(db):
    """Two organizations that use the same price."""
    price = MeteredPriceFactory()
    slugs = ["acme", "beta"]
    for slug in slugs:
        make_service(make_organization(slug), price, at=APRIL)
    db.session.commit()
    return slugs


def in_parallel(app, *acts):
    """Run each act in its own thread and transaction; return their results."""

    def run(act):
        with app.app_context(), transaction():
            return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=30) for future in [pool.submit(run, act) for act in acts]]


def batch(name, slugs, at=NOW, keys=25):
    return [
        ReportedRecord(slug, "requests", f"{name}-{n}", Decimal(2), at)
        for n in range(keys)
        for slug in slugs
    ]


def test_parallel_batches_lose_nothing_and_repeat_nothing(app, db, two):
    batches = [batch(name, order) for name in "abc" for order in (two, two[::-1])]
    results = in_parallel(app, *(lambda one=one: record_batch(one, now=NOW) for one in batches))
    fold(organizations_waiting(most=10), now=NOW)
    assert sum(result.recorded for result in results) == 3 * 25 * 2
    assert sum(len(result.duplicates) for result in results) == 3 * 25 * 2
    for total in (
        db.session.scalar(select(func.sum(UsageRecord.quantity))),
        db.session.scalar(select(func.sum(UsageTotal.quantity))),
        db.session.scalar(select(func.sum(InvoiceItem.quantity))),
    ):
        assert total == 300
    assert set(db.session.scalars(select(Invoice.total_cents))) == {150 * 5}


def test_usage_that_races_with_rolling_and_sealing_is_billed_once(app, db, two):
    def roll():
        for organization in db.session.scalars(select(Organization).order_by(Organization.id)):
            roll_over(organization, now=MAY)

    def close():
        closing = select(Invoice).where(Invoice.status == "closing").order_by(Invoice.id)
        for invoice in db.session.scalars(closing):
            seal([invoice.id], now=MAY + timedelta(hours=2))

    reports = [
        lambda name=name: record_batch(
            batch(name, two, at=MAY - timedelta(seconds=1)), now=MAY + timedelta(hours=1)
        )
        for name in "abcd"
    ]
    in_parallel(app, roll, *reports[:2], close, *reports[2:])
    fold(organizations_waiting(most=10), now=MAY + timedelta(hours=3))
    billed = db.session.scalar(select(func.sum(InvoiceItem.amount_cents)))
    assert billed == 4 * 25 * 2 * 10
    for invoice in db.session.scalars(select(Invoice)):
        assert invoice.total_cents == sum(item.amount_cents for item in invoice.items)
