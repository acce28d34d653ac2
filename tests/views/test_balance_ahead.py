"""What a bill says of the balance at Stripe: how much, from where, and what becomes of it."""

from datetime import timedelta
from decimal import Decimal

import pytest
from flask.testing import FlaskClient
from flask_sqlalchemy import SQLAlchemy

from dashboard.billing.adjust import add_adjustment
from dashboard.billing.models import Invoice
from dashboard.billing.roll import roll_early, roll_over
from dashboard.clock import utc_now
from dashboard.money import Money
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import SUPPORT, PriceFactory, make_organization, make_service
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.money_acts import issue_at_stripe

PAGE = "/organizations/acme"


def move(acme: Organization, cents: int, key: str) -> Invoice:
    """Charge or credit the current invoice, and return it."""
    with transaction():
        add_adjustment(
            bill_of(acme), Money(cents, "usd"), reason="Asked", description="Moved", key=key,
            actor=SUPPORT, now=utc_now(),
        )  # fmt: skip
    return bill_of(acme)


def bring_to(acme: Organization, cents: int, key: str = "to") -> Invoice:
    """Bring the current invoice to a total."""
    invoice = bill_of(acme)
    more = cents - invoice.total_cents
    return move(acme, more, key) if more else invoice


def credited(acme: Organization, *, before: int = 0) -> str:
    """Issue an invoice of -$40.00 with so much on the balance before it; return its name."""
    invoice = bring_to(acme, -4000, f"credit:{before}")
    issue_at_stripe(invoice, due=0, before=before, after=before - 4000, status="paid")
    return invoice.called


def said(client: FlaskClient) -> str:
    """Return what the page says."""
    return text_of(page(client.get(PAGE)))


def test_a_credit_of_one_invoice_is_said_to_be_its(
    customer: FlaskClient, acme: Organization
) -> None:
    called = credited(acme)
    bring_to(acme, 9000)
    assert (
        f"Credit of $40.00 on the balance It is what {called} left on the balance at Stripe. "
        "Stripe takes it off this invoice when it is issued. The amounts here do not include it."
    ) in said(customer)


def test_a_credit_of_several_invoices_is_told_whole_and_not_as_the_last_ones(
    customer: FlaskClient, acme: Organization
) -> None:
    credited(acme)
    called = credited(acme, before=-4000)
    bring_to(acme, 9000)
    assert (
        "Credit of $80.00 on the balance It is what earlier invoices left on the balance at "
        f"Stripe, the last of them {called}. Stripe takes it off"
    ) in said(customer)


@pytest.mark.parametrize(
    ("cents", "says"),
    [
        (-500, "Stripe takes no credit off it, and adds it to the balance, for a later one."),
        (0, "This invoice asks for nothing as it stands, so the credit stays there."),
        (1000, "It covers this invoice as it stands: Stripe takes it off when the invoice is "),
        (1000, "issued, and keeps $30.00 for a later one."),
        (4000, "Stripe takes it off this invoice when it is issued."),
    ],
)
def test_what_becomes_of_a_credit_depends_on_what_the_bill_comes_to(
    customer: FlaskClient, acme: Organization, cents: int, says: str
) -> None:
    credited(acme)
    bring_to(acme, cents)
    words = said(customer)
    assert says in words
    assert ("off this invoice" in words) is (cents == 4000)


def test_after_an_early_roll_the_cycle_before_is_not_taken_for_what_was_rolled(
    support: FlaskClient, db: SQLAlchemy
) -> None:
    began, address = utc_now() - timedelta(days=45), "/organizations/older"
    with transaction():
        older = make_organization("older", anchor=began, now=began)
        price = PriceFactory(name="Large server", version__unit_amount=Decimal(9600))
        make_service(older, price, now=began)
        roll_over(older, now=utc_now())
    words = text_of(page(support.get(address)).select_one("#bill"))
    assert "$96.00" in words[words.index("Last cycle") :]
    with transaction():
        roll_early(older, reason="Asked", actor=SUPPORT, now=utc_now())
    words = text_of(page(support.get(address)).select_one("#bill"))
    assert "$96.00" in words[words.index("Last full cycle") :]
    assert "Last cycle" not in words


def test_with_automatic_tax_amounts_are_before_it_and_credits_wait(
    customer: FlaskClient, acme: Organization
) -> None:
    with transaction():
        bring_to(acme, 9000).automatic_tax = True
        acme.collection_method, acme.days_until_due = "send_invoice", 14
    assert "$90.00 before tax as it stands" in said(customer)
    bring_to(acme, -500, "below")
    assert "with automatic tax the credit waits for the next bill" in said(customer)
