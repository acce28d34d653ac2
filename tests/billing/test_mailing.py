"""A bill and what becomes of it is mailed once to each who gets it, and only while it holds."""

import re
from datetime import timedelta
from itertools import permutations

import pytest

from dashboard.billing.mailing import mail_failed, mail_issued
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import note_decline, note_failure
from dashboard.billing.policy import BillingPolicy, set_policy
from dashboard.extensions import db
from dashboard.mail.bills import HEARD_LATE
from dashboard.mail.choices import choose
from dashboard.mail.refused import note_refused
from dashboard.organizations.models import Organization
from dashboard.rehearsal import rehearsal
from tests.support.bill_mails import (
    BILLING,
    invoice,
    issue,
    letter,
    mailed,
    mails,
    mails_on,
    member,
    organization,
    why_not,
)
from tests.support.credit_notes import hear, plan
from tests.support.stripe_acts import tell
from tests.support.void_cases import LATER

__all__ = ["invoice", "mails_on", "organization"]
DAY = timedelta(days=1)


def fail(invoice: Invoice, attempts: int = 1) -> None:
    """Let an attempt to charge fail."""
    db.session.flush()
    note_failure(invoice, attempts, "The payment was declined.", at=LATER)
    mail_failed(invoice, attempts, at=LATER, now=LATER)


def test_an_issued_invoice_is_mailed_to_the_billing_e_mail_once(invoice: Invoice) -> None:
    member(invoice.organization, "owner@acme.example")
    issue(invoice)
    issue(invoice)
    mail_issued(invoice, now=LATER)
    assert mailed() == [("invoice_ready", BILLING)]
    said = letter("invoice_ready")
    assert said.subject == "Invoice F-0001 for Acme: $25.61"
    assert "To pay: $25.61" in said.text
    assert said.leave_at is None


def test_owners_and_billing_members_get_what_needs_them_and_readers_nothing(
    invoice: Invoice,
) -> None:
    member(invoice.organization, "owner@acme.example")
    member(invoice.organization, "payer@acme.example", "billing")
    member(invoice.organization, "reader@acme.example", "reader")
    gone = member(invoice.organization, "gone@acme.example")
    gone.user.is_active = False
    issue(invoice)
    fail(invoice)
    kind = "payment_failed"
    assert mailed() == [
        ("invoice_ready", BILLING),
        (kind, BILLING),
        (kind, "owner@acme.example"),
        (kind, "payer@acme.example"),
    ]


def test_each_address_gets_what_it_chose_and_the_billing_e_mail_the_bill_in_any_case(
    invoice: Invoice,
) -> None:
    owner = member(invoice.organization, "owner@acme.example").user
    of = invoice.organization_id
    choose(of, owner.email, {"invoice_ready": True, "payment_failed": False}, now=LATER)
    choose(of, BILLING, {"invoice_ready": False, "payment_failed": False}, now=LATER)
    issue(invoice)
    fail(invoice)
    assert mailed() == [("invoice_ready", BILLING), ("invoice_ready", owner.email)]


def test_who_is_both_gets_one(invoice: Invoice) -> None:
    member(invoice.organization, BILLING)
    issue(invoice)
    fail(invoice)
    assert mailed() == [("invoice_ready", BILLING), ("payment_failed", BILLING)]


def test_nothing_is_mailed_where_that_is_off(organization: Organization, invoice: Invoice) -> None:
    organization.mails_bills = False
    issue(invoice)
    set_policy(BillingPolicy())
    organization.mails_bills = True
    db.session.flush()
    tell(invoice, "paid", LATER)
    assert mailed() == []


def test_a_rehearsal_mails_nobody(invoice: Invoice) -> None:
    db.session.flush()
    with rehearsal():
        mail_issued(invoice, now=LATER)
    assert mailed() == []


def test_what_is_heard_of_days_later_is_not_mailed_and_that_is_said(invoice: Invoice) -> None:
    long_ago = int((LATER - 3 * DAY - timedelta(seconds=1)).timestamp())
    issue(invoice, status_transitions={"finalized_at": long_ago})
    [mail] = mails()
    assert (mail.state, mail.problem) == ("given_up", HEARD_LATE)


@pytest.mark.parametrize(
    ("status", "facts", "words"),
    [
        ("open", {}, "$25.61 is to be paid, and we know of no card to charge."),
        ("open", {"due_date": 1780000000}, "Pay $25.61 by 28 May 2026."),
        ("paid", {}, "It is paid."),
        ("paid", {"amount_due": 0, "amount_paid": 0}, "There is nothing to pay."),
    ],
)
def test_an_invoice_says_what_is_to_be_done(
    invoice: Invoice, status: str, facts: dict[str, object], words: str
) -> None:
    tell(invoice, status, LATER, **facts)
    assert words in letter("invoice_ready").text


def test_an_invoice_that_is_charged_names_the_card(invoice: Invoice) -> None:
    invoice.organization.payment_method = {"brand": "visa", "last4": "4242"}
    issue(invoice)
    assert "will be charged automatically to Visa ending 4242." in letter("invoice_ready").text


def test_tax_and_credit_from_the_balance_are_told(invoice: Invoice) -> None:
    issue(invoice, total=3047, total_excluding_tax=2561, amount_due=2547)
    text = letter("invoice_ready").text
    assert "Before tax: $25.61\nTax: $4.86\nTotal: $30.47\n" in text
    assert "From your balance: −$5.00\nTo pay: $25.47" in text


def test_an_invoice_below_zero_goes_to_the_balance(invoice: Invoice) -> None:
    issue(invoice, total=-500, amount_due=0, amount_remaining=0)
    text = letter("invoice_ready").text
    assert "Total: −$5.00\nCredited to your balance: $5.00\nTo pay: $0.00" in text


def test_what_was_owed_before_is_told(invoice: Invoice) -> None:
    issue(invoice, amount_due=2661)
    assert "Owed from before: $1.00\nTo pay: $26.61" in letter("invoice_ready").text


def test_a_link_that_is_none_is_left_out(invoice: Invoice) -> None:
    issue(invoice, hosted_invoice_url="javascript:alert(1)")
    assert "javascript:" not in letter("invoice_ready").html


def test_an_amount_without_decimals_has_none(invoice: Invoice) -> None:
    issue(invoice)
    invoice.currency = "jpy"
    with db.session.no_autoflush:
        assert letter("invoice_ready").subject.endswith("¥2,561")


def test_an_address_of_any_letters_is_marked_as_it_is_mailed(invoice: Invoice) -> None:
    invoice.organization.email = "Büro@xn--bcher-kva.example"
    issue(invoice)
    [mail] = mails()
    note_refused(mail.address, "550 No such user", told_by="server", now=LATER)
    assert "550 No such user" in why_not("invoice_ready")


def test_an_invoice_that_was_voided_before_is_not_sent(invoice: Invoice) -> None:
    issue(invoice)
    tell(invoice, "void", LATER)
    assert "voided" in why_not("invoice_ready")


def test_a_receipt_says_what_was_paid_and_how(invoice: Invoice) -> None:
    issue(invoice)
    tell(invoice, "paid", LATER)
    said = letter("receipt")
    assert said.subject == "Receipt for invoice F-0001 for Acme: $25.61"
    assert "Paid through Stripe: $25.61" in said.text
    assert "Paid on: 26 Apr 2026" in said.text
    invoice.paid_off_stripe_cents = 1000
    assert "Paid through Stripe: $15.61\nPaid by other means: $10.00" in letter("receipt").text


def test_what_no_money_paid_has_no_receipt(invoice: Invoice) -> None:
    issue(invoice)
    tell(invoice, "paid", LATER, amount_paid=0)
    assert mailed() == [("invoice_ready", BILLING)]


def test_a_failed_payment_says_why_and_what_happens_next(invoice: Invoice) -> None:
    issue(invoice, hosted_invoice_url="https://invoice.stripe.com/i/1")
    fail(invoice)
    said = letter("payment_failed")
    assert said.subject == "Payment failed: invoice F-0001 for Acme, $25.61"
    assert "The payment was declined" in said.text
    assert "No further attempt is planned." in said.text
    # By way of an address of ours: Stripe's own ends some weeks after the due date.
    assert re.search(r"Pay it at Stripe:\nhttp\S+/pay\?secret=\S+", said.text)
    assert "invoice.stripe.com" not in said.text + said.html
    invoice.next_payment_attempt_at = LATER + 3 * DAY
    assert "We try again on 29 Apr 2026." in letter("payment_failed").text


def test_a_failed_payment_says_what_the_bank_said(invoice: Invoice) -> None:
    issue(invoice)
    fail(invoice)
    note_decline(invoice, "insufficient_funds", at=LATER)
    assert "The bank says the card has insufficient funds." in letter("payment_failed").text
    note_decline(invoice, "stolen_card", at=LATER)
    assert "The bank declined the card and gave no reason." in letter("payment_failed").text


@pytest.mark.parametrize("status", ["paid", "void", "uncollectible"])
def test_a_failure_is_not_mailed_once_it_is_settled(invoice: Invoice, status: str) -> None:
    issue(invoice)
    fail(invoice)
    tell(invoice, status, LATER)
    assert "before it was sent" in why_not("payment_failed")


def test_only_the_last_of_several_failures_is_mailed(invoice: Invoice) -> None:
    issue(invoice)
    fail(invoice)
    note_failure(invoice, 2, "Declined.", at=LATER)
    assert "A later attempt" in why_not("payment_failed")


def test_a_credit_note_says_how_much_and_where_it_goes(invoice: Invoice) -> None:
    issue(invoice)
    note = plan(invoice, 500, memo="Outage of April")
    hear(note, number="CN-1")
    said = letter("credit_note")
    assert said.subject == "Credit note CN-1 for invoice F-0001 for Acme: $5.00"
    assert "For: Outage of April\nCredited: $5.00\nOff what was to pay: $5.00" in said.text


def test_a_credit_note_that_was_voided_before_is_not_sent(invoice: Invoice) -> None:
    issue(invoice)
    note = plan(invoice, 500)
    hear(note)
    hear(note, "void")
    assert "voided" in why_not("credit_note")


def test_an_address_that_was_refused_gets_no_more(invoice: Invoice) -> None:
    note_refused(BILLING, "550 No such user", told_by="server", now=LATER)
    issue(invoice)
    assert "550 No such user" in why_not("invoice_ready")
    invoice.organization.email = "new@acme.example"
    db.session.flush()
    assert "replaced" in why_not("invoice_ready")


def test_what_waited_for_days_is_no_news(invoice: Invoice) -> None:
    issue(invoice)
    assert "no longer news" in why_not("invoice_ready", now=LATER + 3 * DAY)


NAME = "Acme <b>&</b>\r\nBcc: everybody@example.com" + "x" * 150


def test_a_name_forges_no_header_and_no_html(invoice: Invoice) -> None:
    invoice.organization.name = NAME
    issue(invoice)
    said = letter("invoice_ready")
    assert "\n" not in said.subject
    assert len(said.subject) < 120
    assert "<b>&</b>" not in said.html
    assert "\nBcc:" not in said.text


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_whatever_the_order_each_is_mailed_at_most_once(
    invoice: Invoice, order: tuple[int, ...]
) -> None:
    acts = (
        lambda: issue(invoice),
        lambda: tell(invoice, "paid", LATER),
        lambda: fail(invoice) if invoice.status == "open" else None,
        lambda: tell(invoice, "uncollectible", LATER),
    )
    for place in (*order, *order):
        acts[place]()
    kinds = [kind for kind, _ in mailed()]
    assert len(kinds) == len(set(kinds))
    assert {"invoice_ready", "receipt"} <= set(kinds)
