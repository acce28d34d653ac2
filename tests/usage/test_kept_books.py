"""What a batch is resolved against is kept, and used only while the database says it holds."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.fold import count_now
from dashboard.services.models import Service
from dashboard.transaction import rollback, transaction
from dashboard.usage import record
from dashboard.usage.models import UsageRecord, UsageTotal
from dashboard.usage.record import record_batch
from dashboard.usage.reported import BatchRefused, ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.queries import count_queries
from tests.support.usage import accept, detach_the_one

DAY = timedelta(days=1)
MAY = APRIL + 30 * DAY


def test_books_that_are_kept_notice_every_change(db, acme, price):
    with transaction():
        accept("a")
    accept("b")
    service = db.session.scalar(select(Service))
    detach_the_one(at=NOW)
    with pytest.raises(BatchRefused, match="Nothing in the batch"):
        accept("c", at=NOW)
    make_service(acme, price, at=NOW, external_id="again")
    accept("d", at=NOW)
    change = NOW + timedelta(minutes=4)
    PriceVersionFactory(price=price, effective_at=change, unit_amount=Decimal(100))
    accept("e", at=change)
    count_now(acme.id, now=NOW)
    assert current_invoice(acme).total_cents == 3 * 50 + 1000
    totals = db.session.scalars(select(UsageTotal.service_id)).all()
    assert sorted(set(totals)) == [service.id, service.id + 1]


def test_a_cycle_whose_opening_was_undone_bills_nothing(db, acme, invoices):
    in_may = MAY + DAY
    accept("a", at=in_may, now=in_may)
    rollback()
    with transaction():
        other = make_organization("other", now=in_may)
    with transaction():
        accept("b", at=in_may, now=in_may)
    assert recorded_in(db) == [invoices()[-1].cycle_id]
    count_now(acme.id, now=in_may)
    assert (invoices()[-1].total_cents, current_invoice(other).total_cents) == (50, 0)


@pytest.mark.parametrize("whose", ["nobody's", "another's"])
def test_books_with_a_cycle_that_is_not_the_organizations_do_not_hold(db, acme, whose):
    with transaction():
        accept("a")
    cycle_id = 987 if whose == "nobody's" else current_invoice(make_organization("other")).cycle_id
    [kept] = record._shelf.kept({"acme"}, {"requests"}).accounts.values()
    kept.cycles[0] = kept.cycles[0]._replace(id=cycle_id)
    with transaction():
        accept("b")
    assert recorded_in(db) == [current_invoice(acme).cycle_id]


def recorded_in(db):
    return list(db.session.scalars(select(UsageRecord.cycle_id).distinct()))


@pytest.mark.parametrize("size", [1, 300])
def test_a_batch_is_one_statement_when_its_books_are_kept(db, acme, size):
    with transaction():
        accept("first")
    entries = [
        ReportedRecord("acme", "requests", f"{n}", Decimal(1), NOW - timedelta(minutes=n))
        for n in range(size)
    ]
    with count_queries(db.engine) as queries:
        assert record_batch(entries, now=NOW).recorded == size
    assert queries.count == 1
