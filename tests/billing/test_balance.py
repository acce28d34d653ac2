"""What an invoice leaves on the balance at Stripe, and what the next one does with it."""

import pytest

from dashboard.billing.balance import (
    BalanceMove,
    balance_ahead,
    credit_before,
    is_too_small,
    move_of,
)
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put
from tests.support.stripe_acts import tell


def issue(invoice: Invoice, *, due_cents: int) -> Invoice:
    """Issue an invoice as Stripe would, and return the one after it."""
    with transaction():
        following = seal_now(invoice, now=invoice.period_end)
        invoice.status = "open" if due_cents else "paid"
        invoice.finalized_at = utc_now()
        invoice.amount_due_cents = due_cents
    return following


@pytest.fixture
def credited(db: object) -> Invoice:
    """An issued invoice of minus 40 dollars."""
    bill = make_bill()
    put(bill, a=-4000)
    issue(bill, due_cents=0)
    return bill


@pytest.fixture
def current(credited: Invoice) -> Invoice:
    """The invoice after the credit."""
    return seal_now(credited, now=utc_now())


def test_the_next_invoice_knows_of_the_credit_before_it(
    credited: Invoice, current: Invoice
) -> None:
    assert credit_before(current) is credited


def test_a_credit_that_covered_an_invoice_may_have_something_left(
    credited: Invoice, current: Invoice
) -> None:
    put(current, b=1000)
    assert credit_before(issue(current, due_cents=0)) is credited


def test_a_credit_is_used_up_once_something_was_due(credited: Invoice, current: Invoice) -> None:
    put(current, b=5000)
    assert credit_before(issue(current, due_cents=1000)) is None


def test_an_ordinary_invoice_leaves_no_credit(db: object) -> None:
    bill = make_bill()
    put(bill, a=4000)
    assert credit_before(issue(bill, due_cents=4000)) is None


def issue_at_stripe(
    invoice: Invoice, *, due: int, before: int, after: int, status: str = "open"
) -> Invoice:
    """Issue an invoice, the balance being so much before and after; return the next one."""
    with transaction():
        following = seal_now(invoice, now=invoice.period_end)
        facts = {"amount_due": due, "starting_balance": before, "ending_balance": after}
        invoice.stripe_invoice_id = f"in_{invoice.id}"
        tell(invoice, status, utc_now(), **facts)
    return following


def test_what_is_too_small_is_carried_and_the_next_invoice_says_from_where(db: object) -> None:
    small = make_bill()
    put(small, a=30)
    assert is_too_small(small, 0)
    following = issue_at_stripe(small, due=0, before=0, after=30, status="paid")
    assert move_of(small) == BalanceMove(carried=30)
    assert balance_ahead(following) == (small, 30)
    put(following, b=500)
    assert not is_too_small(following, 30)
    after = issue_at_stripe(following, due=530, before=30, after=0)
    assert move_of(following) == BalanceMove(added=30, source=small)
    assert balance_ahead(after) is None


def test_a_credit_is_used_as_far_as_it_is_needed(db: object) -> None:
    credited = make_bill()
    put(credited, a=-4000)
    following = issue_at_stripe(credited, due=0, before=0, after=-4000, status="paid")
    assert move_of(credited) == BalanceMove(kept=4000)
    put(following, b=1000)
    after = issue_at_stripe(following, due=0, before=-4000, after=-3000, status="paid")
    assert move_of(following) == BalanceMove(used=1000)
    assert balance_ahead(after) == (following, -3000)
    put(after, c=5000)
    issue_at_stripe(after, due=1500, before=-3000, after=0)
    assert move_of(after) == BalanceMove(used=3000, noted=500)


def test_a_void_invoice_did_nothing_with_the_balance(db: object) -> None:
    bill = make_bill()
    put(bill, a=5000)
    issue_at_stripe(bill, due=4000, before=-1000, after=0)
    tell(bill, "void", utc_now())
    assert move_of(bill) == BalanceMove()
