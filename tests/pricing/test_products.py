"""A price is listed under a product: its own name until it is given one."""

import pytest
from sqlalchemy import select

from dashboard.audit.listing import AuditLine
from dashboard.audit.models import AuditEntry
from dashboard.pricing.catalog import NewPrice, PriceExists, create_price
from dashboard.pricing.models import Price
from dashboard.pricing.products import product_in, product_of, set_product
from dashboard.views.audit_words import sentence_of
from tests.factories import APRIL, NOW, SUPPORT
from tests.support.rating import FEE


def fee(product=None):
    wanted = NewPrice("database", "Managed database", "recurring", FEE, product=product)
    return create_price(wanted, effective_at=APRIL, now=NOW, actor=SUPPORT)


def test_a_price_without_a_product_is_its_own(db):
    assert product_of(fee()) == "Managed database"


def test_a_price_belongs_to_the_product_it_was_made_with(db):
    assert product_of(fee("Databases")) == "Databases"


@pytest.mark.parametrize("product", [None, "Databases"])
def test_a_query_says_of_a_price_what_its_object_does(db, product):
    price = fee(product)
    assert db.session.scalar(select(product_in(Price.__table__))) == product_of(price)


def test_the_same_price_again_may_leave_its_product_out_or_name_the_same(db):
    price = fee("Databases")
    assert fee() is fee("Databases") is price
    with pytest.raises(PriceExists):
        fee("Storage")
    set_product(price, None, now=NOW, actor=SUPPORT)
    assert fee() is fee("Managed database") is price


def test_a_product_is_changed_once_and_on_record(db):
    price = fee()
    for product in ("Databases", "Databases", None, None):
        set_product(price, product, now=NOW, actor=SUPPORT)
    assert product_of(price) == "Managed database"
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert [sentence_of(AuditLine(entry, None, "usd")) for entry in entries[1:]] == [
        "Listed database under Databases instead of Managed database.",
        "Listed database under Managed database instead of Databases.",
    ]
