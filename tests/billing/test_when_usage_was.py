"""The period that a line of usage says: as much of the cycle as its own invoice is for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.close import close, seal_now
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import InvoiceItem
from dashboard.extensions import db as database
from dashboard.pricing.models import Price
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    MeteredPriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

MAY = APRIL + timedelta(days=30)
TENTH, TWENTIETH = (APRIL + timedelta(days=days) for days in (10, 20))


@pytest.fixture
def invoice(db):
    """The draft of April, with a metered service."""
    acme = make_organization(now=APRIL)
    make_service(acme, MeteredPriceFactory(), at=APRIL, now=APRIL)
    return current_invoice(acme)


def use(at, told=None):
    record_batch([ReportedRecord("acme", "requests", f"{at}", Decimal(10), at)], now=told or at)


def periods(invoice):
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    found = database.session.scalars(query.order_by(InvoiceItem.period_start))
    return [(item.period_start, item.period_end) for item in found]


def test_usage_of_a_whole_cycle_has_the_cycle(invoice):
    use(TENTH)
    assert periods(invoice) == [(APRIL, MAY)]


def test_an_early_roll_divides_it_at_its_instant(invoice):
    use(TENTH)
    following = seal_now(invoice, now=TWENTIETH)
    use(TWENTIETH + timedelta(hours=1))
    assert periods(invoice) == [(APRIL, TWENTIETH)]
    assert periods(following) == [(TWENTIETH, MAY)]


def test_each_price_version_has_the_part_in_which_it_was_in_force(invoice):
    price = database.session.scalars(select(Price)).one()
    PriceVersionFactory(price=price, effective_at=TWENTIETH)
    use(TENTH)
    use(TWENTIETH)
    assert periods(invoice) == [(APRIL, TWENTIETH), (TWENTIETH, MAY)]


def test_late_usage_of_the_cycle_before_has_that_cycle(invoice):
    following = close(invoice, now=MAY)
    seal_now(invoice, now=MAY + timedelta(hours=2))
    use(TENTH, told=MAY + timedelta(hours=3))
    assert periods(following) == [(APRIL, MAY)]
