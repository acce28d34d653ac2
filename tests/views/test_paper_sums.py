"""Every row of a document leads to the next: what remains is what the rows above it come to."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboard.billing.models import Invoice
from dashboard.views.formatting import HELD_MINUS
from dashboard.views.paper_sums import Sum, sums_of

NOW = datetime(2026, 11, 6, tzinfo=UTC)
CENTS = st.integers(0, 10**9)


def issued(total: int, **facts: object) -> Invoice:
    """Return an invoice that Stripe issued with this total before tax."""
    usual = {
        "currency": "usd", "status": "open", "total_cents": total, "tax_cents": 0,
        "amount_due_cents": max(total, 0), "amount_paid_cents": 0,
        "amount_remaining_cents": max(total, 0), "pre_payment_credit_notes_cents": 0,
        "theirs_cents": 0,
    }  # fmt: skip
    return Invoice(**(usual | facts))


def told(invoice: Invoice) -> list[tuple[str, str]]:
    """Return the rows of an invoice whose lines hold all of it."""
    return [(row.label, row.amount) for row in sums_of(invoice, [], [])]


def cents(row: Sum) -> int:
    """Return the amount that a row tells."""
    text = row.amount.replace("$", "").replace(",", "").replace(HELD_MINUS, "-")
    return int(Decimal(text) * 100)


def test_an_invoice_that_is_paid_remains_with_nothing() -> None:
    paid = issued(
        288280, tax_cents=24504, amount_due_cents=312784, amount_paid_cents=312784,
        amount_remaining_cents=0, status="paid", paid_at=NOW,
    )  # fmt: skip
    assert told(paid) == [
        ("Before tax", "$2,882.80"),
        ("Tax", "$245.04"),
        ("Total", "$3,127.84"),
        ("Paid 6 Nov 2026", "−\u2060$3,127.84"),
        ("Remaining", "$0.00"),
    ]


def test_a_draft_ends_with_its_total_before_tax() -> None:
    draft = issued(5000, status="draft", amount_due_cents=None)
    assert told(draft) == [("Total before tax", "$50.00")]


def test_credit_on_the_balance_and_credit_notes_are_rows_of_their_own() -> None:
    helped = issued(
        5000, amount_due_cents=2800, amount_remaining_cents=2800,
        pre_payment_credit_notes_cents=1000, starting_balance_cents=-1200, ending_balance_cents=0,
    )  # fmt: skip
    assert told(helped) == [
        ("Total", "$50.00"),
        ("Taken off by the credit on the balance", "−\u2060$12.00"),
        ("Credit notes", "−\u2060$10.00"),
        ("Remaining", "$28.00"),
    ]


def test_what_is_too_small_to_be_charged_is_carried() -> None:
    small = issued(
        20, status="paid", amount_due_cents=0, amount_remaining_cents=0, ending_balance_cents=20
    )
    assert told(small)[1:] == [
        ("Carried to the next invoice", "−\u2060$0.20"),
        ("Remaining", "$0.00"),
    ]


def test_a_credit_stays_on_the_balance() -> None:
    credit = issued(-900, status="paid", amount_due_cents=0, amount_remaining_cents=0)
    assert told(credit) == [
        ("Total", "−\u2060$9.00"),
        ("Credit that stays on the balance", "$9.00"),
        ("Remaining", "$0.00"),
    ]


def test_what_a_subscription_bills_on_the_same_invoice_is_a_row() -> None:
    shared = issued(5000, theirs_cents=9900, amount_due_cents=14900, amount_remaining_cents=14900)
    assert told(shared) == [
        ("Our items, before tax", "$50.00"),
        ("Lines of the subscription", "$99.00"),
        ("Total", "$149.00"),
        ("Remaining", "$149.00"),
    ]


def test_of_a_void_invoice_nothing_remains() -> None:
    assert told(issued(5000, status="void"))[-1] == ("Remaining", "$0.00")


def test_of_one_issued_before_tax_was_kept_the_rest_is_told_as_what_it_may_be() -> None:
    old = issued(5000, tax_cents=None, amount_due_cents=5425, amount_remaining_cents=None)
    assert told(old) == [
        ("Total", "$50.00"),
        ("Tax, and the balance at Stripe", "$4.25"),
        ("Remaining", "$54.25"),
    ]


@given(st.integers(-(10**9), 10**9), CENTS, CENTS, CENTS, CENTS, st.integers(-(10**6), 10**6))
def test_the_rows_from_the_total_on_add_up_to_what_remains(
    total: int, tax: int, noted: int, paid: int, remaining: int, theirs: int
) -> None:
    invoice = issued(
        total, tax_cents=tax, pre_payment_credit_notes_cents=noted, amount_paid_cents=paid,
        amount_due_cents=remaining + paid, amount_remaining_cents=remaining, theirs_cents=theirs,
    )  # fmt: skip
    rows = list(sums_of(invoice, [], []))
    first = next(number for number, row in enumerate(rows) if row.label == "Total")
    assert cents(rows[first]) == total + theirs + tax
    assert sum(map(cents, rows[first:-1])) == cents(rows[-1]) == remaining


def test_why_there_is_no_tax_is_said_in_words() -> None:
    free = issued(5000, taxes=[{"cents": 0, "reason": "reverse_charge", "taxable_cents": 5000}])
    assert told(free)[:2] == [
        ("Before tax", "$50.00"),
        ("Tax (Reverse charge: the customer accounts for the tax)", "$0.00"),
    ]


@pytest.mark.parametrize("tax_cents", [0, None])
def test_an_exemption_is_named_where_stripe_works_out_no_tax(tax_cents: int | None) -> None:
    free = issued(5000, tax_cents=tax_cents, billed_to={"tax_exempt": "reverse"})
    assert told(free)[:2] == [
        ("Before tax", "$50.00"),
        ("Tax (Reverse charge: the customer accounts for the tax)", "$0.00"),
    ]


def test_a_draft_says_when_its_tax_is_worked_out() -> None:
    draft = issued(5000, status="draft", amount_due_cents=None, automatic_tax=True)
    assert told(draft) == [
        ("Total before tax", "$50.00"),
        ("Tax", "worked out when it is issued"),
    ]
