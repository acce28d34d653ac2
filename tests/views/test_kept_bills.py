"""What is kept of a bill, its items and its chart, is never other than what would be made anew."""

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from flask.testing import FlaskClient

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.pricing.models import Price
from dashboard.pricing.products import set_product
from dashboard.reading import items
from dashboard.reading.spend import rows
from dashboard.services.change import change_quantity
from dashboard.services.detach import detach_service
from dashboard.services.models import Service
from dashboard.transaction import transaction
from dashboard.usage.reported import ReportedRecord
from tests.factories import SUPPORT, PriceFactory, PriceVersionFactory, make_service
from tests.people import bill_of, make_bill
from tests.support.bill_changes import CHANGES, agree
from tests.support.usage import record_batch

ACME = "/organizations/acme"
HTMX = {"HX-Request": "true"}
PARTS = (ACME, f"{ACME}?open=all", f"{ACME}?open=all&sort=name", f"{ACME}?differs=1")
CHARTS = (f"{ACME}/spend", f"{ACME}/spend?by=service", f"{ACME}/spend?range=days")
ONCE = re.compile(r'(name="csrf_token" value=|"X-CSRFToken": )"[^"]+"|every \d+s')


def attach(invoice: Invoice) -> None:
    """Attach a server of a product that had none."""
    price = PriceFactory(code="late", name="Large server", product="Servers")
    make_service(invoice.organization, price, now=utc_now(), label="late")


def service_of(invoice: Invoice) -> Service:
    """Return the database that the organization has."""
    query = db.select(Service).where(Service.label == "db-0")
    return db.session.scalars(query.where(Service.organization_id == invoice.organization_id)).one()


def use(invoice: Invoice) -> None:
    """Report more usage."""
    record_batch([ReportedRecord("acme", "acme-requests", "more", Decimal(77), utc_now())],
                 now=utc_now())  # fmt: skip


def credit(invoice: Invoice) -> None:
    """Give a credit."""
    add_adjustment(
        invoice, Money(-700, "usd"), reason="Outage", description="Sorry", actor=SUPPORT,
        now=utc_now(), key="sorry",
    )  # fmt: skip


def price_of_usage() -> Price:
    """Return what requests are sold by."""
    return db.session.scalars(db.select(Price).where(Price.code == "acme-usage")).one()


def list_otherwise(invoice: Invoice) -> None:
    """List requests under another product, which moves no revision of any bill."""
    set_product(price_of_usage(), "Interfaces", now=utc_now(), actor=SUPPORT)


def announce(invoice: Invoice) -> None:
    """Let a dearer version of the price be in force soon, which moves no revision either."""
    PriceVersionFactory(
        price=price_of_usage(), effective_at=utc_now() + timedelta(days=3), unit_amount=Decimal(50)
    )


VERBS: dict[str, Callable[[Invoice], object]] = {
    **{name: change for name, change in CHANGES.items() if name != "agreed"},
    "attached": attach,
    "detached": lambda one: detach_service(
        service_of(one), at=utc_now(), now=utc_now(), actor=SUPPORT
    ),
    "another quantity": lambda one: change_quantity(
        service_of(one), Decimal(3), at=utc_now(), now=utc_now(), actor=SUPPORT
    ),
    "used": use,
    "credited": credit,
    "listed otherwise": list_otherwise,
    "a version to come": announce,
    "renamed": lambda one: setattr(one.organization, "name", "Acme & Sons"),
    "a budget": lambda one: setattr(one.organization, "budget_cents", 9900),
    "relabeled": lambda one: setattr(service_of(one), "label", "primary"),
}


def forget() -> None:
    """Keep nothing of any bill."""
    items._kept.cache_clear()
    rows._kept.cache_clear()


def shown(client: FlaskClient) -> list[str]:
    """Return the page as it may be looked at, and its charts, without what differs each time."""
    pages = [client.get(one).text for one in PARTS]
    pages += [client.get(one, headers=HTMX).text for one in CHARTS]
    return [ONCE.sub("", one) for one in pages]


@pytest.mark.parametrize("name", VERBS)
def test_a_change_is_shown_as_if_nothing_were_kept(
    acme: Organization, customer: FlaskClient, support: FlaskClient, name: str
) -> None:
    with transaction():
        agree(bill_of(acme))
    with time_machine.travel(utc_now(), tick=False):
        before = [shown(one) for one in (customer, support)]
        assert before == [shown(one) for one in (customer, support)]
        with transaction():
            VERBS[name](bill_of(acme))
        kept = [shown(one) for one in (customer, support)]
        forget()
        assert kept == [shown(one) for one in (customer, support)]
        assert kept != before


def test_two_with_the_same_items_have_their_own_addresses(
    acme: Organization, support: FlaskClient
) -> None:
    make_bill("second", name="Second")
    for slug in ("acme", "second", "acme"):
        page = support.get(f"/organizations/{slug}?open=all").text
        found = set(re.findall(r'href="/organizations/([a-z]+)/invoices/1/items', page))
        assert found == {slug}


def test_what_stripe_has_stays_with_us(
    acme: Organization, customer: FlaskClient, support: FlaskClient
) -> None:
    with transaction():
        agree(bill_of(acme))
    assert "At Stripe" in support.get(f"{ACME}?open=all").text
    assert "At Stripe" not in customer.get(f"{ACME}?open=all").text
