"""Support gives a paid invoice's money back: seen here and at Stripe first, done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.billing.refunds import refuse_refund
from dashboard.clock import utc_now
from dashboard.gateway.errors import OutcomeUnknown
from dashboard.gateway.records import RemoteCorrection
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, post, text_of
from tests.support.issued_bills import ADDRESS, issue_first
from tests.support.needs import sentences
from tests.support.proposing import add, approve
from tests.support.refund_pages import (
    Stripe,
    confirmed,
    fields_of,
    paid,
    pay_first,
    refunds,
    send,
    stripe,
)
from tests.support.refunds import hear_refund, theirs

__all__ = ["paid", "stripe"]


def test_a_paid_invoice_offers_it_to_support_only(
    support: FlaskClient, customer: FlaskClient, paid: Invoice
) -> None:
    way = f"a[href='{ADDRESS}/refunds/new']"
    assert page(support.get(ADDRESS)).select(way)
    assert not page(customer.get(ADDRESS)).select(way)
    assert customer.get(f"{ADDRESS}/refunds/new").status_code == 403


def test_an_open_invoice_has_nothing_to_refund_and_leads_to_the_credit_note(
    support: FlaskClient, acme: Organization
) -> None:
    issue_first(acme)
    assert not page(support.get(ADDRESS)).select(f"a[href='{ADDRESS}/refunds/new']")
    soup = page(support.get(f"{ADDRESS}/refunds/new"))
    assert "only what a paid one got can be refunded" in text_of(soup)
    assert soup.select(f"a[href='{ADDRESS}/credit-notes/new']")
    assert post(support, f"{ADDRESS}/refunds", amount="1").status_code == 409


def test_what_it_does_and_does_not_is_shown_before_it_is_done(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    said = text_of(page(send(support, fields_of(support, amount="10.00"))))
    assert "What this refund does" in said
    assert "Refunded before $0.00 $0.00" in said
    assert "Goes back now $10.00" in said
    assert "owes nothing more and nothing less by it" in said
    assert (refunds(), stripe.asked) == ([], ["pi_1"])


def test_confirmed_it_is_planned_once_however_often_it_is_sent(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="10.00"))
    for _ in range(2):
        assert send(support, fields).status_code == 303
    [row] = refunds()
    assert (row.state, row.amount_cents, row.purpose, row.paid_by, row.reason) == (
        "planned", 1000, "goodwill", "pi_1", "Ticket 4711",
    )  # fmt: skip
    assert "A refund of $10.00 is being made" in text_of(page(support.get(ADDRESS)))


def test_another_amount_than_was_shown_is_shown_first(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="10.00"))
    assert "What this refund does" in text_of(page(send(support, fields | {"amount": "11.00"})))
    assert refunds() == []


def test_less_left_than_was_shown_is_shown_again(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    fields = confirmed(support, fields_of(support, amount="10.00"))
    with transaction():
        keep_correction(paid, theirs(100))
    stripe.known = [theirs(100)]
    assert "Refunded before $1.00 $1.00" in text_of(page(send(support, fields)))
    assert refunds() == []


def test_where_stripe_knows_of_other_refunds_nothing_is_offered(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    stripe.known = [theirs(100)]
    soup = page(send(support, fields_of(support, amount="10.00")))
    assert "Stripe knows of other refunds" in text_of(soup)
    assert "Of this payment $1.00 was refunded there, and $0.00 is known here" in text_of(soup)
    assert not soup.select_one("[name=confirmed]")["value"]


def test_where_stripe_does_not_answer_nothing_is_offered(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    stripe.error = OutcomeUnknown("Stripe did not answer.")
    soup = page(send(support, fields_of(support, amount="10.00")))
    assert "Stripe did not confirm it" in text_of(soup)
    assert not soup.select_one("[name=confirmed]")["value"]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"amount": ""}, "Enter how much goes back."),
        ({"amount": "ten"}, "Enter the amount in digits"),
        ({"amount": "999999"}, "can still be refunded"),
        ({"amount": "1", "purpose": ""}, "Choose what the refund is for."),
        ({"amount": "1", "reason": ""}, "Enter a reason."),
        ({"amount": "1", "payment": "inpay_other"}, "no payment of this invoice"),
        ({"amount": "1", "payment": ""}, "Choose the payment to refund."),
    ],
)
def test_what_does_not_fit_is_said_beside_the_field(
    support: FlaskClient, paid: Invoice, stripe: Stripe, fields: dict[str, str], says: str
) -> None:
    answer = send(support, fields_of(support) | fields)
    assert says in text_of(page(answer, 422))
    assert (refunds(), stripe.asked) == ([], [])


def test_what_is_disputed_says_why_nothing_can_go_back(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    with transaction():
        dispute = RemoteCorrection(
            kind="dispute", id="du_1", status="needs_response", reason=None,
            amount_cents=paid.total_cents, made_at=utc_now(), paid_by="pi_1",
        )  # fmt: skip
        keep_correction(paid, dispute)
    soup = page(support.get(f"{ADDRESS}/refunds/new"))
    assert "A refund would return it twice" in text_of(soup)
    assert soup.select_one("[name=payment]").has_attr("disabled")
    assert not soup.select("[name=amount]")


def test_the_invoice_says_what_it_was_for_and_staff_who_made_it(
    support: FlaskClient, customer: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    send(support, confirmed(support, fields_of(support, amount="10.00", purpose="duplicate")))
    with transaction():
        hear_refund(refunds()[0])
    for client in (support, customer):
        said = text_of(page(client.get(ADDRESS)))
        assert "Refund to the payment method" in said
        assert "Payment made twice" in said
        assert ("Ticket 4711" in said) == (client is support)


def test_one_that_was_refused_says_so_to_staff(
    support: FlaskClient, customer: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    send(support, confirmed(support, fields_of(support, amount="10.00")))
    with transaction():
        refuse_refund(refunds()[0], "Stripe refused: no. Nothing was refunded.", now=utc_now())
    assert "The refund of $10.00 was not made" in text_of(page(support.get(ADDRESS)))
    assert "was not made" not in text_of(page(customer.get(ADDRESS)))
    assert "Refund: A refund of invoice F-0001 was not made: Stripe refused: no." in sentences()


def test_one_that_stays_planned_needs_a_person(
    support: FlaskClient, paid: Invoice, stripe: Stripe
) -> None:
    send(support, confirmed(support, fields_of(support, amount="10.00")))
    assert not [one for one in sentences() if one.startswith("Refund")]
    with transaction():
        refunds()[0].created_at = utc_now() - timedelta(minutes=16)
    assert any("is not made yet" in one for one in sentences())


@pytest.mark.usefixtures("limit_of_200")
def test_above_the_limit_a_second_person_approves(
    support: FlaskClient, admin: FlaskClient, acme: Organization, stripe: Stripe
) -> None:
    approve(admin, add(support, "900", "charge"))
    pay_first(acme)
    fields = fields_of(support, amount="500.00")
    assert "a second person approves" in text_of(page(send(support, fields)))
    proposed = send(support, confirmed(support, fields))
    assert "/proposals/" in proposed.location
    assert refunds() == []
    shown = text_of(page(admin.get(proposed.location)))
    assert "Refund of $500.00" in shown
    assert "The bill stays" in shown
    approve(admin, proposed.location)
    [row] = refunds()
    assert (row.state, row.amount_cents, row.payment) == ("planned", 50_000, "inpay_pi_1")


@pytest.mark.usefixtures("limit_of_200")
def test_refunds_in_parts_are_added_up_to_the_limit_of_a_day(
    support: FlaskClient, admin: FlaskClient, acme: Organization, stripe: Stripe
) -> None:
    approve(admin, add(support, "900", "charge"))
    pay_first(acme)
    assert send(support, confirmed(support, fields_of(support, amount="150"))).status_code == 303
    with transaction():
        hear_refund(refunds()[0])
        stripe.known = [theirs(15_000)]
    again = send(support, confirmed(support, fields_of(support, amount="100")))
    assert "/proposals/" in again.location
    assert len(refunds()) == 1
