"""Money in trouble stands on top of the bill, with what to do about it."""

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.declines import decline_words
from dashboard.billing.outcome import note_failure, put_on_hold
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from dashboard.views.formatting import clock, short_day
from tests.pages import page, text_of
from tests.people import bill_of
from tests.support.declined import decline, issue
from tests.support.queries import count_queries

PAGE = "/organizations/acme"


def alarms(client: FlaskClient) -> list[str]:
    """Return what the page says loudly."""
    return [text_of(one) for one in page(client.get(PAGE)).select("#bill .notice.tone-bad")]


def test_a_declined_payment_is_said_on_top_with_the_ways_out(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    now = utc_now()
    next_at = now + timedelta(days=3)
    decline(issue(acme, 195_011), at=now, next_at=next_at)
    for client in (customer, support):
        soup = page(client.get(PAGE))
        first = soup.select_one("#bill > *")
        assert text_of(first) == (
            f"Payment of $1,950.11 declined on {short_day(now, now)} "
            "The bank says the card has insufficient funds. "
            f"We try again on {short_day(next_at, now)}, {clock(next_at)} UTC. "
            "Update card Pay $1,950.11 now"
        )
        assert first["role"] == "alert"
        assert first.select_one("a.btn-primary")["href"].endswith("/invoices/1/hosted-page")


def test_of_one_that_is_not_tried_again_that_is_said(
    customer: FlaskClient, acme: Organization
) -> None:
    decline(issue(acme, 500), at=utc_now())
    [alarm] = alarms(customer)
    assert "We try again" not in alarm
    assert "Stripe has not announced another attempt" in alarm


def test_an_alarm_leaves_by_itself_once_it_is_paid(
    customer: FlaskClient, acme: Organization
) -> None:
    invoice = issue(acme, 500)
    decline(invoice, at=utc_now())
    assert alarms(customer)
    with transaction():
        invoice.status, invoice.paid_at = "paid", utc_now()
    assert alarms(customer) == []


def test_what_was_said_of_an_older_attempt_is_not_said_of_this_one(
    customer: FlaskClient, acme: Organization
) -> None:
    invoice = issue(acme, 500)
    decline(invoice, at=utc_now() - timedelta(days=3))
    with transaction():
        note_failure(invoice, 2, "The payment was declined.", at=utc_now())
    assert "The payment was declined (2 attempts so far)." in alarms(customer)[0]


def test_two_alarms_stand_on_a_page_and_the_larger_is_first(
    customer: FlaskClient, acme: Organization
) -> None:
    for cents in (500, 90_000, 7000):
        decline(issue(acme, cents), at=utc_now())
    first, second = alarms(customer)
    assert "$900.00" in first
    assert "$70.00" in second
    assert "1 more payment declined or past due" in text_of(page(customer.get(PAGE)))
    with transaction():
        put_on_hold(bill_of(acme), "differs", "The totals differ.", now=utc_now())
    assert len(alarms(customer)) == 2


def test_a_sent_invoice_that_is_late_is_past_due(customer: FlaskClient, acme: Organization) -> None:
    issue(acme, 500, due_at=utc_now() - timedelta(days=2))
    [alarm] = alarms(customer)
    assert "$5.00 has been past due since" in alarm
    assert "Update card" not in alarm
    assert "Pay $5.00 now" in alarm


def test_of_a_deleted_customer_no_card_is_asked_for(
    customer: FlaskClient, acme: Organization
) -> None:
    decline(issue(acme, 500), at=utc_now(), next_at=utc_now() + timedelta(days=1))
    with transaction():
        acme.customer_lost_at = utc_now()
    [alarm] = alarms(customer)
    assert "its customer was deleted at Stripe" in alarm
    assert "Update card" not in alarm


def test_a_paid_invoice_has_no_amount_due(customer: FlaskClient, acme: Organization) -> None:
    invoice = issue(acme, 500)
    with transaction():
        invoice.status, invoice.paid_at = "paid", utc_now()
        invoice.amount_remaining_cents, invoice.amount_paid_cents = 0, 500
    assert "Amount due" not in text_of(page(customer.get(f"{PAGE}/invoices/1")))
    assert "Paid $5.00" in text_of(page(customer.get(f"{PAGE}/invoices/1")))


@pytest.mark.parametrize(
    ("code", "failure", "said"),
    [
        ("insufficient_funds", "x", "The bank says the card has insufficient funds."),
        ("stolen_card", "x", "The bank declined the card and gave no reason."),
        (None, "Declined (1 attempt so far).", "Declined (1 attempt so far)."),
        (None, None, "The payment was declined."),
    ],
)
def test_a_decline_is_told_in_the_bank_s_words(
    code: str | None, failure: str | None, said: str
) -> None:
    assert decline_words(code, failure) == said


def test_the_bill_s_page_takes_no_statement_more_for_what_is_in_trouble(
    customer: FlaskClient, acme: Organization
) -> None:
    for cents in (500, 700):
        decline(issue(acme, cents), at=utc_now())
    with count_queries(db.engine) as queries:
        page(customer.get(PAGE))
    assert queries.count == 2
