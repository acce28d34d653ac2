"""An organization that uses one metered service, and everybody's invoices."""

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice
from tests.factories import APRIL, MeteredPriceFactory, make_organization, make_service


@pytest.fixture
def price(db):
    """Five cents a request."""
    return MeteredPriceFactory(code="requests")


@pytest.fixture
def acme(db, price):
    """An organization that has had it since April."""
    organization = make_organization()
    make_service(organization, price, at=APRIL, external_id="web")
    db.session.commit()
    return organization


@pytest.fixture
def invoices(db):
    """Return the invoices as they are now, by their sequence, whenever it is called."""
    query = select(Invoice).order_by(Invoice.sequence).execution_options(populate_existing=True)
    return lambda: db.session.scalars(query).all()
