"""An invoice that Stripe voided, and what can be decided on its money."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early
from dashboard.billing.void_decide import decide_void
from dashboard.billing.void_models import VoidCase
from dashboard.extensions import db as database
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from tests.factories import SUPPORT, PriceFactory, make_organization, make_service
from tests.support.stripe_acts import tell

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


# 25.61 of a fee of 30.00 are due by then.
LATE_APRIL = datetime(2026, 4, 26, 14, 38, 24, tzinfo=UTC)


LATER = LATE_APRIL + timedelta(hours=1)


@pytest.fixture
def organization(db: object) -> Organization:
    """An organization with one fee of 30.00 in April, rolled late in it."""
    organization = make_organization(anchor=APRIL, now=APRIL)
    price = PriceFactory(version__unit_amount=Decimal(3000))
    make_service(organization, price, now=APRIL, at=APRIL)
    roll_early(organization, reason="Moving", actor=SUPPORT, now=LATE_APRIL)
    return organization


def first_of(organization: Organization) -> Invoice:
    """Return its first invoice."""
    query = select(Invoice).where(Invoice.organization_id == organization.id)
    return database.session.scalars(query.order_by(Invoice.sequence).limit(1)).one()


@pytest.fixture
def void(organization: Organization) -> Invoice:
    """Its first invoice of 25.61, void."""
    first = first_of(organization)
    tell(first, "open", LATER)
    tell(first, "void", LATER)
    database.session.commit()
    return first


def decide(void: Invoice, decision: str, seen_cents: int | None = 2561) -> VoidCase:
    """Decide on the void invoice as support would."""
    seen = None if seen_cents is None else Money(seen_cents, "usd")
    with transaction():
        return decide_void(void, decision, seen=seen, reason="A gift", actor=SUPPORT, now=LATER)


def case_of(invoice: Invoice) -> VoidCase:
    """Return the case of the invoice."""
    return database.session.get_one(VoidCase, invoice.id)


def detach(organization: Organization, at: datetime) -> None:
    """Detach its service, backdated."""
    service = database.session.scalars(
        select(Service).where(Service.organization_id == organization.id)
    ).one()
    detach_service(service, at=at, now=LATER, actor=SUPPORT)
    database.session.commit()
