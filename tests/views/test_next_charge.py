"""When the current invoice is charged, how much as it stands, and with what."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views.formatting import day, money, short_day
from tests.pages import page, text_of
from tests.people import bill_of

PAGE = "/organizations/acme"


def card(expires: datetime, **facts: Any) -> dict[str, Any]:
    """Return a card as the ledger keeps it, good until the end of a month."""
    told = {"id": "pm_1", "brand": "visa", "last4": "4242", "at": 1.0, "step": 0}
    return told | {"exp_month": expires.month, "exp_year": expires.year} | facts


def keep(acme: Organization, method: dict[str, Any] | None, **facts: Any) -> None:
    """Let the ledger know of this payment method."""
    with transaction():
        acme.stripe_customer_id = "cus_1"
        acme.payment_method = method
        acme.cards = {method["id"]: method} if method else {}
        for name, value in facts.items():
            setattr(acme, name, value)


def cell(client: FlaskClient) -> str:
    """Return what the headline says of the next charge."""
    cells = map(text_of, page(client.get(PAGE)).select("#bill .summary > div"))
    return next(one for one in cells if one.startswith("Next charge"))


def charged_at(acme: Organization) -> datetime:
    """Return when the draft is issued: after its end and the grace."""
    return bill_of(acme).period_end + timedelta(hours=1)


def test_without_a_card_the_page_says_until_when_to_add_one(
    customer: FlaskClient, acme: Organization
) -> None:
    words = cell(customer)
    assert words == f"Next charge No card yet Add one before {day(charged_at(acme))}."
    keep(acme, None)
    assert "No card yet" in cell(customer)


def test_the_card_is_named_with_its_end(customer: FlaskClient, acme: Organization) -> None:
    keep(acme, card(utc_now() + timedelta(days=900)))
    at, invoice = charged_at(acme), bill_of(acme)
    expires = utc_now() + timedelta(days=900)
    owed = money(invoice.total_cents, "usd")
    assert cell(customer) == (
        f"Next charge {day(at)} {owed} as it stands, to Visa ending 4242, expires {expires:%m/%y}"
    )
    soup = page(customer.get(PAGE))
    assert "before the charge" not in text_of(soup)


def test_a_card_that_ends_before_the_next_charge_is_an_alarm(
    customer: FlaskClient, acme: Organization
) -> None:
    keep(acme, card(utc_now() - timedelta(days=40)))
    words = text_of(page(customer.get(PAGE)))
    at = short_day(charged_at(acme), utc_now())
    assert f"Visa ending 4242 expires before the charge of {at}" in words
    assert "is not affected" not in words


def test_a_card_that_lives_to_see_the_next_charge_only_is_said_early(
    customer: FlaskClient, acme: Organization
) -> None:
    keep(acme, card(charged_at(acme)))
    words = text_of(page(customer.get(PAGE)))
    assert f"The charge of {short_day(charged_at(acme), utc_now())} is not affected." in words


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        ({"default_card": {"id": "pm_9", "at": 1.0}}, "to the payment method at Stripe"),
        ({"cards": {"a": {"step": 0}, "b": {"step": 1}}}, "several cards"),
        ({"cards": {"a": {"step": 2}}}, "No card yet"),
    ],
)
def test_what_is_known_in_part_is_not_made_up(
    customer: FlaskClient, acme: Organization, facts: dict[str, Any], said: str
) -> None:
    keep(acme, None, **facts)
    assert said in cell(customer)


def test_what_is_no_card_has_no_last_digits(customer: FlaskClient, acme: Organization) -> None:
    keep(acme, card(utc_now(), brand=None, last4=None, exp_month=None, exp_year=None))
    assert "to the payment method at Stripe" in cell(customer)


def test_who_pays_by_invoice_needs_no_card(customer: FlaskClient, acme: Organization) -> None:
    keep(acme, None, collection_method="send_invoice", days_until_due=30)
    assert cell(customer).endswith("as it stands, as an invoice due in 30 days")
