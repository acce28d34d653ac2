"""What became of a bill after it was issued, as its readers see it."""

from datetime import UTC, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from dashboard.billing.corrections import keep_correction
from dashboard.billing.models import Invoice
from dashboard.gateway.records import RemoteCorrection
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.pages import page, text_of
from tests.support.downloads import download
from tests.support.invoice_pages import ADDRESS, issue, seal

MAY = datetime(2026, 5, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def issued(acme: Organization) -> Invoice:
    """Acme's first invoice, paid."""
    with transaction():
        invoice = issue(seal(acme))
    with transaction():
        invoice.status, invoice.paid_at = "paid", MAY
        invoice.stripe_total_cents = invoice.total_cents
        invoice.amount_paid_cents, invoice.amount_remaining_cents = invoice.total_cents, 0
    return invoice


def keep(invoice: Invoice, kind: str, status: str, cents: int, **facts: Any) -> None:
    """Have Stripe tell of a credit note, refund or dispute."""
    remote = RemoteCorrection(kind, f"{kind}_1", status, cents, None, MAY, **facts)
    with transaction():
        keep_correction(invoice, remote)


def test_a_credit_note_is_shown_with_what_it_did(customer: FlaskClient, issued: Invoice) -> None:
    parts = {"pre_payment_cents": 500, "post_payment_cents": 200}
    keep(issued, "credit_note", "issued", 700, number="ACME-0001-CN-01", **parts)
    with transaction():
        issued.pre_payment_credit_notes_cents = 500
        issued.post_payment_credit_notes_cents = 200
        issued.amount_due_cents = issued.total_cents - 500
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Credit note ACME-0001-CN-01 $5.00 less to pay, $2.00 returned" in words
    assert "$5.00 taken off by a credit note" in words
    assert "$2.00 returned by a credit note" in words
    assert "taken off at Stripe" not in words


def test_what_a_note_put_on_the_balance_is_told_apart(
    customer: FlaskClient, issued: Invoice
) -> None:
    parts = {"pre_payment_cents": 0, "post_payment_cents": 700, "balance_cents": 500}
    keep(issued, "credit_note", "issued", 700, number="ACME-0001-CN-01", **parts)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Credit note ACME-0001-CN-01 $2.00 returned, $5.00 to the balance" in words
    said = text_of(page(customer.get(f"{ADDRESS}/1/document")))
    assert "takes off $7.00: $2.00 returned and $5.00 on the balance." in said


def test_what_was_credited_of_an_item_is_told_beside_it(
    customer: FlaskClient, issued: Invoice
) -> None:
    with transaction():
        max(issued.items, key=lambda item: item.amount_cents).credited_cents = 250
    assert "$2.50 credited since" in text_of(page(customer.get(f"{ADDRESS}/1")))
    rows = download(customer, f"{ADDRESS}/1.csv")
    assert sorted(row["credited"] for row in rows) == ["0.00", "0.00", "2.50"]


def test_a_refund_is_shown_and_one_that_failed_is_not_counted(
    customer: FlaskClient, issued: Invoice
) -> None:
    keep(issued, "refund", "succeeded", 1200)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$12.00 refunded" in words
    keep(issued, "refund", "failed", 1200)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "refunded" not in words
    assert "The bank returned it, so it was not paid out" in words


def test_a_dispute_tells_staff_when_the_bank_wants_an_answer(
    customer: FlaskClient, support: FlaskClient, issued: Invoice
) -> None:
    keep(issued, "dispute", "needs_response", 4000, answer_by_at=datetime(2026, 5, 10, tzinfo=UTC))
    words = text_of(page(support.get(f"{ADDRESS}/1")))
    assert "A payment for this invoice is disputed" in words
    assert "needs an answer by 10 May 2026" in words
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$40.00 disputed with the bank" in words
    assert "needs an answer" not in words
    assert "With the bank" in words
    assert "Answer needed" not in words


def test_a_word_that_stripe_adds_is_shown_as_it_is(support: FlaskClient, issued: Invoice) -> None:
    keep(issued, "dispute", "second_appeal", 4000)
    answer = support.get(f"{ADDRESS}/1")
    assert answer.status_code == 200
    assert "Second appeal" in text_of(page(answer))


def test_what_was_paid_by_other_means_is_said(customer: FlaskClient, acme: Organization) -> None:
    with transaction():
        invoice = issue(seal(acme))
        invoice.amount_paid_cents = invoice.paid_off_stripe_cents = 100
        invoice.amount_remaining_cents = 12_345
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$123.45 still to pay" in words
    assert "$1.00 of it paid outside Stripe" in words


def test_an_invoice_credited_in_full_is_not_called_paid(
    customer: FlaskClient, issued: Invoice
) -> None:
    with transaction():
        issued.amount_paid_cents = 0
        issued.pre_payment_credit_notes_cents = issued.total_cents
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "Credited in full" in words


def test_a_lost_dispute_says_in_the_summary_what_went_back(
    customer: FlaskClient, issued: Invoice
) -> None:
    keep(issued, "dispute", "lost", 700)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "$7.00 of it was returned: a dispute was lost" in words
    keep(issued, "dispute", "appeal_under_review", 700, as_of=MAY)
    words = text_of(page(customer.get(f"{ADDRESS}/1")))
    assert "a dispute was lost" not in words
    assert "$7.00 disputed with the bank" in words
