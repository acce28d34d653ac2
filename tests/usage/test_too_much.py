"""Usage that would cost more than a line holds is refused by its index, and stops nobody else."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from dashboard.billing.draft import current_invoice
from dashboard.usage.models import UsageRecord
from dashboard.usage.reported import BatchRefused, ReportedRecord
from tests.factories import (
    APRIL,
    NOW,
    MeteredPriceFactory,
    PriceFactory,
    PriceVersionFactory,
    make_organization,
    make_service,
)
from tests.support.usage import record_batch


@pytest.fixture
def two(db):
    """Two organizations with one dear price; the first is short of what a line holds."""
    price = MeteredPriceFactory(version__unit_amount=Decimal(10**12))
    both = [make_organization(slug) for slug in ("acme", "beta")]
    for organization in both:
        make_service(organization, price, at=APRIL)
    use(entry("acme", "before", "999"))
    db.session.commit()
    return both


def entry(slug, key, quantity="1"):
    return ReportedRecord(slug, "requests", key, Decimal(quantity), NOW)


def use(*entries):
    return record_batch(entries, now=NOW)


def test_the_entries_of_the_price_that_overflows_are_named_and_nothing_is_counted(two, db):
    with pytest.raises(BatchRefused) as refused:
        use(entry("beta", "a"), entry("acme", "b", "2"), entry("acme", "c"), entry("beta", "d"))
    errors = refused.value.facts["errors"]
    assert [(one["index"], one["field"], one["code"]) for one in errors] == [
        (1, "quantity", "amount_too_large"),
        (2, "quantity", "amount_too_large"),
    ]
    assert "a line can be at most" in errors[0]["detail"]
    assert db.session.scalar(select(func.count()).select_from(UsageRecord)) == 1


def test_the_others_are_counted_when_they_are_sent_without_it(two):
    assert use(entry("beta", "a"), entry("beta", "d")).recorded == 2
    assert use(entry("acme", "b")).recorded == 1
    assert [current_invoice(one).total_cents for one in two] == [10**15, 2 * 10**12]


def test_an_organization_whose_cycle_cannot_open_is_named_and_stops_nobody_else(two, db):
    may = APRIL + timedelta(days=30)
    fee = PriceFactory(version__unit_amount=Decimal(1))
    make_service(two[0], fee, at=APRIL)
    PriceVersionFactory(price=fee, effective_at=may, unit_amount=Decimal(10**16))
    db.session.commit()
    entries = [
        ReportedRecord(slug, "requests", "may", Decimal(1), may) for slug in ("beta", "acme")
    ]
    with pytest.raises(BatchRefused) as refused:
        record_batch(entries, now=may)
    [error] = refused.value.facts["errors"]
    assert (error["index"], error["code"]) == (1, "cycle_cannot_open")
    assert record_batch(entries[:1], now=may).recorded == 1
