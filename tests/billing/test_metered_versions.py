"""A price that changes inside a cycle: its usage is still one count, from first unit to last."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from sqlalchemy import select

from dashboard.billing.close import seal
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.roll import roll_early, roll_over
from dashboard.extensions import db as database
from dashboard.usage.reported import ReportedRecord
from tests.factories import (
    APRIL,
    SUPPORT,
    MeteredPriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch

CHANGE = APRIL + timedelta(days=15)
BEFORE, AFTER = APRIL + timedelta(days=5), APRIL + timedelta(days=20)
MAY = APRIL + timedelta(days=30)
numbers = count()


@pytest.fixture
def acme(db):
    return make_organization(now=APRIL)


def priced(acme, first, second):
    """Attach a price with these two versions, the second from the middle of April on."""
    price = MeteredPriceFactory(version=None)
    PriceVersionFactory(price=price, **first)
    PriceVersionFactory(price=price, effective_at=CHANGE, **second)
    make_service(acme, price, at=APRIL, now=APRIL)


def use(units, at, now=None):
    entry = ReportedRecord("acme", "requests", f"key-{next(numbers)}", Decimal(units), at)
    record_batch([entry], now=now or at)


def invoices():
    return database.session.scalars(select(Invoice).order_by(Invoice.sequence)).all()


def items(invoice):
    """The invoice's items, the earlier version first."""
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    return database.session.scalars(query.order_by(InvoiceItem.price_version_id)).all()


def amounts(invoice):
    return [item.amount_cents for item in items(invoice)]


def tiers(*steps):
    return [
        {"up_to": up_to, "unit_amount": unit_amount, "flat_amount": flat_amount}
        for up_to, unit_amount, flat_amount in steps
    ]


def graduated(*steps):
    return {"model": "graduated", "unit_amount": Decimal(0), "tiers": tiers(*steps)}


def test_the_allowance_is_given_once_for_the_cycle(acme):
    # 600 + 600 units are 200 above the 1,000 included; all 200 came at 10.1 cents: 2,020 cents.
    first = {"allowance": Decimal(1000), "unit_amount": Decimal(10)}
    priced(acme, first, first | {"unit_amount": Decimal("10.1")})
    use(600, BEFORE)
    use(600, AFTER)
    assert amounts(current_invoice(acme)) == [0, 2020]


def test_tiers_go_on_where_the_version_before_left_them(acme):
    # 1,000 at 10 cents fill the first tier; the next 1,000 are in the second at 1: 10,000 + 1,000.
    terms = graduated(("1000", "10", "0"), (None, "1", "0"))
    priced(acme, terms, terms)
    use(1000, BEFORE)
    use(1000, AFTER)
    assert amounts(current_invoice(acme)) == [10_000, 1_000]


def test_a_package_that_was_begun_is_used_up_first(acme):
    terms = {"model": "package", "package_size": Decimal(100), "unit_amount": Decimal(300)}
    priced(acme, terms, terms)
    use(50, BEFORE)
    use(50, AFTER)
    assert amounts(current_invoice(acme)) == [300, 0]


def test_a_flat_amount_is_asked_once(acme):
    terms = {"model": "flat", "unit_amount": Decimal(2000)}
    priced(acme, terms, terms)
    use(1, BEFORE)
    use(1, AFTER)
    assert amounts(current_invoice(acme)) == [2000, 0]


def test_volume_takes_the_tier_of_the_whole_cycle(acme):
    # 1,200 units in all are in the tier at 5: 600 x 5 twice.
    terms = graduated(("1000", "10", "0"), (None, "5", "0")) | {"model": "volume"}
    priced(acme, terms, terms)
    use(600, BEFORE)
    assert amounts(current_invoice(acme)) == [6000]
    use(600, AFTER)
    assert amounts(current_invoice(acme)) == [3000, 3000]


def test_late_usage_before_the_change_moves_what_came_after_it(acme, db):
    # 600 + 600 were billed 0 and 2,020. Late units 601 to 700 before the change leave 300 of the
    # allowance: the later version owes 3,030 in all, so 1,010 more, though nothing more was used.
    first = {"allowance": Decimal(1000), "unit_amount": Decimal(10)}
    priced(acme, first, first | {"unit_amount": Decimal("10.1")})
    use(600, BEFORE)
    use(600, AFTER)
    roll_over(acme, now=MAY)
    seal([invoice.id for invoice in invoices()], now=MAY + timedelta(hours=2))
    use(100, BEFORE, now=MAY + timedelta(days=1))
    april, may = invoices()
    assert (amounts(april), amounts(may)) == ([0, 2020], [0, 1010])
    assert [(item.description, item.quantity) for item in items(may)] == [
        ("API requests, late usage", 100),
        ("API requests, correction", 0),
    ]
    assert (april.total_cents, may.total_cents) == (2020, 1010)


def test_an_early_roll_between_two_versions_changes_nothing(acme, db):
    terms = graduated(("1000", "10", "0"), (None, "1", "0"))
    priced(acme, terms, terms)
    use(1000, BEFORE)
    roll_early(acme, reason="Moving house", actor=SUPPORT, now=CHANGE)
    use(1000, AFTER)
    assert [amounts(invoice) for invoice in invoices()] == [[10_000], [1_000]]


def test_volume_gives_back_what_a_rolled_invoice_asked_too_much(acme, db):
    # 600 at 10 were billed; with the 600 that follow all of them are in the tier at 5.
    terms = graduated(("1000", "10", "0"), (None, "5", "0")) | {"model": "volume"}
    priced(acme, terms, terms)
    use(600, BEFORE)
    roll_early(acme, reason="Moving house", actor=SUPPORT, now=CHANGE)
    use(600, AFTER)
    rolled, current = invoices()
    assert (amounts(rolled), amounts(current)) == ([6000], [-3000, 3000])
    correction = items(current)[0]
    assert correction.description == "API requests, correction"
    assert correction.trace["words"][-1] == (
        "$60.00 of it was billed on earlier invoices; $30.00 too much is credited here."
    )


def test_a_flat_amount_goes_to_whichever_version_turns_out_to_be_first(acme, db):
    terms = {"model": "flat", "unit_amount": Decimal(2000)}
    priced(acme, terms, terms)
    use(1, AFTER)
    roll_over(acme, now=MAY)
    seal([invoice.id for invoice in invoices()], now=MAY + timedelta(hours=2))
    use(1, BEFORE, now=MAY + timedelta(days=1))
    assert [amounts(invoice) for invoice in invoices()] == [[2000], [2000, -2000]]


def test_another_price_counts_for_itself(acme, db):
    terms = {"model": "flat", "unit_amount": Decimal(2000)}
    priced(acme, terms, terms)
    other = MeteredPriceFactory(meter="jobs", version=None)
    PriceVersionFactory(price=other, **terms)
    make_service(acme, other, at=APRIL, now=APRIL)
    use(1, BEFORE)
    record_batch([ReportedRecord("acme", "jobs", "job", Decimal(1), AFTER)], now=AFTER)
    assert amounts(current_invoice(acme)) == [2000, 2000]


def test_the_next_cycle_begins_anew(acme, db):
    terms = {"model": "flat", "unit_amount": Decimal(2000)}
    priced(acme, terms, terms)
    use(1, BEFORE)
    use(1, MAY + timedelta(days=1))
    assert [amounts(invoice) for invoice in invoices()] == [[2000], [2000]]
