"""The catalogue: prices and versions are made, never changed."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import DBAPIError

from dashboard.billing.draft import current_invoice
from dashboard.errors import Conflict, Invalid
from dashboard.pricing.catalog import NewPrice, PriceExists, add_version, create_price
from dashboard.pricing.terms import Terms
from dashboard.pricing.versions import version_at, windows_of
from tests.factories import APRIL, NOW, SUPPORT, make_organization, make_service

FEE = Terms("per_unit", Decimal(3000), "usd", "database")
LATER = NOW + timedelta(days=5, hours=12)


def fee(terms=FEE, **more):
    wanted = {"code": "database", "name": "Database", "kind": "recurring", "terms": terms} | more
    return create_price(NewPrice(**wanted), effective_at=APRIL, now=NOW, actor=SUPPORT)


def change(price, unit_amount=6000, at=LATER):
    terms = Terms("per_unit", Decimal(unit_amount), "usd", "database")
    return add_version(price, terms, effective_at=at, now=NOW, actor=SUPPORT)


def test_the_same_price_again_is_one(db):
    assert fee() is fee()
    with pytest.raises(PriceExists, match="Add a version"):
        fee(Terms("per_unit", Decimal(1), "usd", "database"))


def test_a_metered_price_names_its_meter(db):
    with pytest.raises(Invalid, match="meter"):
        fee(kind="metered")
    with pytest.raises(Invalid, match="meter"):
        fee(meter="requests")


def test_a_version_is_in_force_from_its_instant_until_the_next(db):
    price = fee()
    second = change(price)
    db.session.refresh(price)
    first, last = windows_of(price.versions)
    assert (first.start, first.end, last.start) == (APRIL, LATER, LATER)
    assert version_at(price, LATER) is second
    assert version_at(price, LATER - timedelta(seconds=1)) is first.version
    assert version_at(price, APRIL - timedelta(seconds=1)) is None


def test_a_new_version_reaches_the_open_invoices_in_the_same_transaction(db):
    price, organization = fee(), make_organization()
    make_service(organization, price, at=APRIL)
    change(price)
    invoice = current_invoice(organization)
    db.session.refresh(invoice)
    assert sorted(item.amount_cents for item in invoice.items) == [1500, 3000]
    assert invoice.total_cents == 4500


def test_a_version_can_not_begin_before_what_may_be_recorded_already(db):
    with pytest.raises(Invalid, match="must take effect after"):
        change(fee(), at=NOW + timedelta(seconds=300))


def test_a_version_is_never_replaced(db):
    price = fee()
    assert change(price) is change(price)
    with pytest.raises(Conflict, match="never changed"):
        change(price, 7000)
    other = Terms("per_unit", Decimal(1), "eur", "database")
    with pytest.raises(Invalid, match="currency"):
        add_version(price, other, effective_at=LATER, now=NOW, actor=SUPPORT)


def test_the_database_itself_refuses_to_change_a_version(db):
    version = fee().versions[0]
    version.unit_amount = Decimal(1)
    with pytest.raises(DBAPIError, match="its rows are facts"):
        db.session.flush()
