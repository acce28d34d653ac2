"""What an invoice leaves on the balance at Stripe, and what the next one does with it."""

from datetime import timedelta

import pytest

from dashboard.billing.balance import (
    Ahead,
    BalanceMove,
    balance_ahead,
    credit_before,
    is_too_small,
    move_of,
)
from dashboard.billing.close import seal_now
from dashboard.billing.models import Invoice
from dashboard.billing.outcome import close_without_stripe
from dashboard.clock import utc_now
from dashboard.transaction import transaction
from tests.support.billing import make_bill, put
from tests.support.money_acts import issue_at_stripe, put_on_balance
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


def test_the_first_invoice_knows_of_no_credit_though_later_ones_were_issued(
    credited: Invoice, current: Invoice
) -> None:
    put(current, b=1000)
    issue(current, due_cents=0)
    assert credit_before(credited) is None


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


def test_what_is_too_small_is_carried_and_the_next_invoice_says_from_where(db: object) -> None:
    small = make_bill()
    put(small, a=30)
    assert is_too_small(small, 0)
    following = issue_at_stripe(small, due=0, before=0, after=30, status="paid")
    assert move_of(small) == BalanceMove(carried=30)
    assert balance_ahead(following) == Ahead(small, 30)
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
    assert balance_ahead(after) == Ahead(following, -3000)
    put(after, c=5000)
    issue_at_stripe(after, due=1500, before=-3000, after=0)
    assert move_of(after) == BalanceMove(used=3000, noted=500)


def test_a_credit_first_pays_what_was_owed_before(db: object) -> None:
    small = make_bill()
    put(small, a=40)
    credited = issue_at_stripe(small, due=0, before=0, after=40, status="paid")
    put(credited, b=-45)
    after = issue_at_stripe(credited, due=0, before=40, after=-5, status="paid")
    assert move_of(credited) == BalanceMove(added=40, kept=5, source=small)
    assert balance_ahead(after) == Ahead(credited, -5)
    put(after, c=-10)
    issue_at_stripe(after, due=0, before=-5, after=-15, status="paid")
    assert move_of(after) == BalanceMove(kept=10)


def test_a_credit_that_pays_only_what_was_owed_leaves_none(db: object) -> None:
    credited = make_bill()
    put(credited, b=-30)
    issue_at_stripe(credited, due=0, before=40, after=10, status="paid")
    assert move_of(credited) == BalanceMove(added=40, carried=10)


def test_what_costs_nothing_keeps_no_credit(db: object) -> None:
    bill = make_bill()
    put(bill, a=0)
    issue_at_stripe(bill, due=0, before=-40, after=-41, status="paid")
    assert move_of(bill) == BalanceMove(noted=1)


def test_what_was_told_before_balances_were_kept_is_only_noted(db: object) -> None:
    bill = make_bill()
    put(bill, a=5000)
    seal_now(bill, now=bill.period_end)
    tell(bill, "open", utc_now(), amount_due=3500, pre_payment_credit_notes_amount=500)
    assert move_of(bill) == BalanceMove(noted=1000)


@pytest.fixture
def used(db: object) -> list[Invoice]:
    """A credit of 26.00, an invoice that used it, one issued after that, and the draft."""
    credited = make_bill()
    put(credited, a=-2600)
    second = issue_at_stripe(credited, due=0, before=0, after=-2600, status="paid")
    put(second, b=9000)
    third = issue_at_stripe(second, due=6400, before=-2600, after=0)
    put(third, c=1000)
    return [credited, second, third, issue_at_stripe(third, due=1000, before=0, after=0)]


def void(invoice: Invoice, *, after: timedelta = timedelta(seconds=1)) -> None:
    """Void an issued invoice so long after now, with the balances it had."""
    start, end = invoice.starting_balance_cents, invoice.ending_balance_cents
    with transaction():
        now = utc_now() + after
        facts = {"starting_balance": start, "ending_balance": end}
        tell(invoice, "void", now, **facts)
        invoice.voided_at = now


def test_a_void_invoice_gives_the_credit_it_used_back_to_the_next(used: list[Invoice]) -> None:
    _, second, third, draft = used
    assert balance_ahead(draft) is None
    void(second)
    assert move_of(second) == BalanceMove(credit_back=2600)
    assert balance_ahead(draft) == Ahead(second, -2600, is_given_back=True)
    # What is issued from then on tells of it itself.
    put(draft, d=700)
    with transaction():
        second.voided_at = third.finalized_at
    after = issue_at_stripe(draft, due=0, before=-2600, after=-1900, status="paid")
    assert balance_ahead(after) == Ahead(draft, -1900)


def test_what_a_void_invoice_had_taken_over_is_owed_by_the_next(db: object) -> None:
    small = make_bill()
    put(small, a=30)
    second = issue_at_stripe(small, due=0, before=0, after=30, status="paid")
    put(second, b=500)
    third = issue_at_stripe(second, due=530, before=30, after=0)
    put(third, c=1000)
    draft = issue_at_stripe(third, due=1000, before=0, after=0)
    void(second)
    assert move_of(second) == BalanceMove(debt_back=30)
    assert balance_ahead(draft) == Ahead(second, 30, is_given_back=True)


def test_several_void_invoices_give_back_what_each_took(used: list[Invoice]) -> None:
    _, second, third, draft = used
    put(draft, d=2000)
    with transaction():
        third.starting_balance_cents, third.ending_balance_cents = -400, 0
    last = issue_at_stripe(draft, due=1900, before=-100, after=0)
    void(third)
    void(second, after=timedelta(seconds=2))
    assert balance_ahead(last) == Ahead(second, -3000, is_given_back=True)


def test_the_newest_invoice_once_void_changes_nothing_of_the_balance_before_it(
    used: list[Invoice],
) -> None:
    credited, second, third, draft = used
    void(third)
    assert balance_ahead(draft) is None
    void(second, after=timedelta(seconds=2))
    assert balance_ahead(draft) == Ahead(credited, -2600)


def test_the_invoice_issued_last_tells_of_the_balance_also_when_it_is_not_the_newest(
    used: list[Invoice],
) -> None:
    _, second, third, draft = used
    with transaction():
        second.ending_balance_cents = -70
        second.finalized_at = third.finalized_at + timedelta(seconds=1)
    assert balance_ahead(draft) == Ahead(second, -70)
    with transaction():
        second.finalized_at = third.finalized_at
        third.ending_balance_cents = -80
    assert balance_ahead(draft) == Ahead(third, -80)


def test_an_invoice_that_billed_nothing_tells_of_no_balance(db: object) -> None:
    credited = make_bill()
    put(credited, a=-4000)
    empty = issue_at_stripe(credited, due=0, before=0, after=-4000, status="paid")
    with transaction():
        draft = seal_now(empty, now=empty.period_end)
        close_without_stripe(empty, now=utc_now())
    assert balance_ahead(draft) == Ahead(credited, -4000)


def test_a_draft_that_nothing_was_issued_before_knows_of_no_balance(db: object) -> None:
    assert balance_ahead(make_bill()) is None


def test_the_balance_of_another_organization_is_not_its(used: list[Invoice]) -> None:
    assert balance_ahead(make_bill("other")) is None


@pytest.mark.parametrize(
    ("cents", "ahead", "is_less"),
    [(0, 0, False), (1, 0, True), (49, 0, True), (50, 0, False), (49, 1, False), (50, -1, True),
     (30, -30, False)],
)  # fmt: skip
def test_less_than_stripe_charges_is_more_than_nothing_and_below_its_smallest(
    db: object, cents: int, ahead: int, is_less: bool
) -> None:
    bill = make_bill()
    put(bill, a=cents)
    assert is_too_small(bill, ahead) is is_less


def note(invoice: Invoice, cents: int, *, after: timedelta, status: str = "issued") -> None:
    with transaction():
        put_on_balance(invoice, cents, after=after, status=status)


def test_what_a_credit_note_put_on_the_balance_lowers_the_next_invoice(db: object) -> None:
    paid = make_bill()
    put(paid, a=9000)
    draft = issue_at_stripe(paid, due=9000, before=0, after=0, status="paid")
    note(paid, 2500, after=timedelta(0))
    assert balance_ahead(draft) == Ahead(paid, -2500, noted_cents=2500)
    note(paid, 500, after=timedelta(seconds=1))
    note(paid, 9000, after=timedelta(seconds=1), status="void")
    assert balance_ahead(draft) == Ahead(paid, -3000, noted_cents=3000)
    put(draft, b=1000)
    after = issue_at_stripe(draft, due=0, before=-3000, after=-2000, status="paid")
    with transaction():
        draft.finalized_at += timedelta(minutes=1)
    assert balance_ahead(after) == Ahead(draft, -2000)


def test_a_credit_note_of_any_issued_invoice_counts_once_the_last_was_issued(db: object) -> None:
    first = make_bill()
    put(first, a=9000)
    second = issue_at_stripe(first, due=9000, before=0, after=0, status="paid")
    put(second, b=30)
    draft = issue_at_stripe(second, due=0, before=0, after=30, status="paid")
    with transaction():
        second.finalized_at += timedelta(minutes=1)
    note(first, 700, after=timedelta(seconds=30))
    note(first, 20, after=timedelta(minutes=2))
    assert balance_ahead(draft) == Ahead(second, 10)
    note(first, 90, after=timedelta(minutes=3))
    assert balance_ahead(draft) == Ahead(first, -80, noted_cents=80)


def test_a_credit_note_adds_to_the_credit_that_was_there(used: list[Invoice]) -> None:
    _, second, third, draft = used
    void(second)
    note(third, 100, after=timedelta(minutes=1))
    assert balance_ahead(draft) == Ahead(third, -2700, noted_cents=100)
