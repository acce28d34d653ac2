"""The preview of a new version says what adding it then does, to the cent."""

from datetime import timedelta
from decimal import Decimal
from itertools import count

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dashboard.billing import reprice_preview
from dashboard.billing.draft import current_invoice
from dashboard.billing.reprice_preview import preview_version
from dashboard.organizations.models import Organization
from dashboard.pricing.catalog import add_version, check_version
from dashboard.pricing.models import Price
from dashboard.pricing.terms import Terms
from dashboard.services.detach import detach_service
from tests.factories import NOW, SUPPORT, PriceFactory, make_organization, make_service

LATER = NOW + timedelta(days=5, hours=12)
names = count()


def fee(amount: int) -> Terms:
    """Return a fee of so many cents."""
    return Terms("per_unit", Decimal(amount), "usd", "database")


def shop(fees: list[tuple[int, int]]) -> tuple[Price, list[Organization]]:
    """Return a price and organizations, each with so many services of a quantity."""
    one = next(names)
    price = PriceFactory(
        code=f"db-{one}", unit_label="database", version__unit_amount=Decimal(3000)
    )
    found = []
    for number, (services, quantity) in enumerate(fees):
        found.append(make_organization(f"org-{one}-{number}"))
        for index in range(services):
            label = f"db-{number}-{index}"
            make_service(found[-1], price, now=NOW, label=label, quantity=Decimal(quantity))
    return price, found


def totals(organizations: list[Organization]) -> list[int]:
    """Return what each owes."""
    return [current_invoice(one).total_cents for one in organizations]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    fees=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 9)), min_size=1, max_size=4),
    amount=st.integers(0, 9000),
    hours=st.integers(1, 40 * 24),
)
def test_the_preview_is_what_adding_it_does(
    db: SQLAlchemy, fees: list[tuple[int, int]], amount: int, hours: int
) -> None:
    price, organizations = shop(fees)
    at = NOW + timedelta(hours=hours)
    before = totals(organizations)
    told = preview_version(price, check_version(price, fee(amount), at, now=NOW))
    assert totals(organizations) == before, "a preview changes nothing"
    add_version(price, fee(amount), effective_at=at, now=NOW, actor=SUPPORT)
    moved = [new - old for new, old in zip(totals(organizations), before, strict=True)]
    assert told.cents == sum(moved)
    assert told.invoices == sum(bool(cents) for cents in moved)
    assert sorted(one.cents for one in told.largest) == sorted(filter(None, moved))


def test_a_service_that_ends_before_it_is_left_out(db: SQLAlchemy) -> None:
    price, (one,) = shop([(0, 1)])
    service = make_service(one, price, now=NOW, label="short")
    tomorrow = NOW + timedelta(days=1)
    detach_service(service, at=tomorrow, now=tomorrow, actor=SUPPORT)
    told = preview_version(price, check_version(price, fee(9000), LATER, now=NOW))
    assert told.invoices == 0


def test_usage_keeps_what_it_was_counted_at(db: SQLAlchemy) -> None:
    price, _ = shop([(1, 1)])
    price.kind, price.meter = "metered", "requests"
    told = preview_version(price, check_version(price, fee(9000), LATER, now=NOW))
    assert (told.invoices, told.cents, told.is_part) == (0, 0, False)


def test_of_very_many_services_it_says_that_it_looked_at_some(
    db: SQLAlchemy, monkeypatch: pytest.MonkeyPatch
) -> None:
    price, _ = shop([(3, 1)])
    monkeypatch.setattr(reprice_preview, "MOST_SERVICES", 2)
    told = preview_version(price, check_version(price, fee(6000), LATER, now=NOW))
    assert told.is_part
    assert told.invoices == 1
