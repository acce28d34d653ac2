"""What an invoice's page says of its payment: to the customer one thing to do, to support why."""

from datetime import timedelta
from typing import Any

import pytest
from bs4 import Tag
from flask import Flask
from flask.testing import FlaskClient

from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.people import make_member, signed_in
from tests.support.declined import decline, issue

INVOICE = "/organizations/acme/invoices/1"
NOW = utc_now()
PAID: dict[str, Any] = {
    "status": "paid", "stripe_status": "paid", "paid_at": NOW, "amount_paid_cents": 5000,
    "amount_remaining_cents": 0,
}  # fmt: skip


def notices(client: FlaskClient) -> list[Tag]:
    """Return what stands on top of the invoice."""
    return page(client.get(INVOICE)).select("#invoice-state .notice")


def first(client: FlaskClient) -> str:
    """Return the words of the first of them."""
    return text_of(notices(client)[0])


@pytest.mark.parametrize(
    ("facts", "title", "button"),
    [
        ({"action_required_at": NOW}, "The bank wants the payment of $50.00 confirmed",
         "Confirm the payment"),
        ({"due_at": NOW - timedelta(days=3)}, "$50.00 has been past due since", "Pay $50.00 now"),
        ({"due_at": NOW + timedelta(days=2)}, "$50.00 is due in 2 days", "Pay $50.00"),
        ({"due_at": NOW + timedelta(days=20), "amount_paid_cents": 2000,
          "amount_remaining_cents": 3000}, "$30.00 is still to be paid by", "Pay $30.00"),
        ({"status": "uncollectible", "stripe_status": "uncollectible", "uncollectible_at": NOW},
         "$50.00 was not paid We no longer try to collect it", "Pay $50.00"),
        (PAID | {"stripe_status": "open", "amount_remaining_cents": 5000},
         "$50.00 is to be paid again", "Pay $50.00 now"),
        (PAID | {"disputed_cents": 5000}, "$50.00 of the payment is disputed", None),
        (PAID | {"charged_back_cents": 5000}, "The bank returned $50.00 of the payment", None),
    ],
)  # fmt: skip
def test_a_customer_reads_what_it_is_and_the_one_thing_to_do(
    customer: FlaskClient, acme: Organization, facts: dict[str, Any], title: str, button: str | None
) -> None:
    issue(acme, 5000, **facts)
    notice = notices(customer)[0]
    assert text_of(notice).startswith(title)
    links = notice.select("a.btn")
    assert [text_of(link) for link in links] == ([button] if button else [])
    assert all(link["href"] == f"{INVOICE}/hosted-page" for link in links)


def test_one_to_confirm_is_not_said_to_be_charged_automatically(
    customer: FlaskClient, acme: Organization
) -> None:
    issue(acme, 5000, action_required_at=NOW)
    words = text_of(page(customer.get(INVOICE)))
    assert "Amount due $50.00 Waits for the cardholder" in words
    assert "Charged automatically" not in words


@pytest.mark.parametrize(
    "facts",
    [{}, {"due_at": NOW + timedelta(days=20)}, PAID, PAID | {"refunded_cents": 5000},
     PAID | {"paid_off_stripe_cents": 5000}, {"status": "void", "voided_at": NOW}],
)  # fmt: skip
def test_where_nothing_is_to_be_done_nothing_stands_on_top(
    customer: FlaskClient, acme: Organization, facts: dict[str, Any]
) -> None:
    issue(acme, 5000, **facts)
    assert notices(customer) == []


def test_support_reads_what_a_decline_means_and_the_customer_does_not(
    customer: FlaskClient, support: FlaskClient, acme: Organization
) -> None:
    invoice = issue(acme, 5000)
    decline(invoice, at=NOW)
    with transaction():
        invoice.decline = {"code": "stolen_card", "at": NOW.timestamp()}
    theirs, ours = first(customer), first(support)
    assert "The bank declined the card and gave no reason." in theirs
    assert "stolen" not in page(customer.get(INVOICE)).get_text()
    assert "Decline code stolen_card: The card is reported stolen." in ours
    assert "Do not tell the customer this reason." in ours
    assert "1 attempt failed so far." in ours


def test_that_stripe_may_not_try_again_at_all_is_said_with_the_way(
    support: FlaskClient, acme: Organization
) -> None:
    decline(issue(acme, 5000), at=NOW)
    assert "Stripe has not announced another attempt." in first(support)
    assert "send the customer the link to the payment page" in first(support)


def test_one_that_is_tried_again_is_not_said_to_be_the_last(
    support: FlaskClient, acme: Organization
) -> None:
    decline(issue(acme, 5000), at=NOW, next_at=NOW + timedelta(days=3))
    assert "send the customer the link" not in first(support)


def test_a_reader_is_told_who_can_pay_and_has_no_button(app: Flask, acme: Organization) -> None:
    issue(acme, 5000, due_at=NOW - timedelta(days=1))
    notice = notices(signed_in(app, make_member(acme, "reader")))[0]
    assert "An owner or a billing member can pay it." in text_of(notice)
    assert notice.select("a.btn") == []


def test_an_invoice_without_a_page_at_stripe_has_no_button(
    customer: FlaskClient, acme: Organization
) -> None:
    issue(acme, 5000, due_at=NOW - timedelta(days=1), hosted_invoice_url=None)
    assert notices(customer)[0].select("a.btn") == []


def test_a_list_shows_what_stripe_calls_open_or_paid_by_its_own_word(
    customer: FlaskClient, acme: Organization
) -> None:
    invoice: Invoice = issue(acme, 5000, action_required_at=NOW)
    listed = "/organizations/acme/invoices"
    assert "To confirm" in text_of(page(customer.get(listed)).select_one("tbody"))
    with transaction():
        for name, value in (PAID | {"refunded_cents": 5000}).items():
            setattr(invoice, name, value)
    assert "Refunded" in text_of(page(customer.get(listed)).select_one("tbody"))


def test_the_bill_s_page_says_what_is_to_be_confirmed(
    customer: FlaskClient, acme: Organization
) -> None:
    issue(acme, 5000, action_required_at=NOW)
    soup = page(customer.get("/organizations/acme"))
    alarm = soup.select_one("#bill .notice.tone-bad")
    assert text_of(alarm).startswith("Payment of $50.00 must be confirmed")
    assert text_of(alarm.select_one("a.btn-primary")) == "Confirm the payment"
    assert "The bank wants the payment confirmed" in text_of(soup.select_one("#bill"))


def test_the_timeline_has_the_day_on_which_it_was_to_be_confirmed(
    customer: FlaskClient, acme: Organization
) -> None:
    issue(acme, 5000, action_required_at=NOW)
    words = text_of(page(customer.get("/organizations/acme/timeline")))
    assert "Payment of invoice ACME-5000 must be confirmed" in words
