"""What moved the balance at Stripe: our moves by name, and those of others told as theirs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask_sqlalchemy import SQLAlchemy
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard.billing.balance_history import _steps, _Told, balance_history
from dashboard.billing.models import Invoice
from dashboard.extensions import db as database
from dashboard.organizations.models import Organization
from dashboard.transaction import transaction
from tests.factories import NOW
from tests.people import bill_of, make_bill
from tests.support.money_acts import issue_at_stripe, put_on_balance
from tests.support.stripe_acts import tell

MINUTE = timedelta(minutes=1)
moves = st.lists(
    st.tuples(st.sampled_from(["invoice", "credit_note", "void", "hand"]), st.integers(-50, 50)),
    max_size=12,
)


def told(number: int, kind: str, cents: int, before: int | None = None) -> _Told:
    """Return what is known of the balance a minute after what came before."""
    after = None if before is None else before + cents
    rank = 0 if kind == "invoice" else 1
    moved = 0 if kind == "invoice" else cents
    at = NOW + number * MINUTE
    return _Told(at, rank, number, kind, Invoice(), moved, before, after)


@settings(max_examples=200, deadline=None)
@given(moves)
def test_whatever_moved_it_each_balance_follows_from_the_one_before(plan: list) -> None:
    """Moves by hand tell nothing; they show, together, at the next invoice."""
    balance, by_hand, known = 0, 0, []
    is_known = False
    for number, (kind, cents) in enumerate(plan):
        if kind == "hand":
            balance += cents
            by_hand += cents if is_known else 0
            continue
        known.append(told(number, kind, cents, balance if kind == "invoice" else None))
        balance += cents
        is_known = is_known or kind == "invoice"
    steps, last = _steps(known)
    running = None
    for step in steps:
        if running is not None and step.balance_cents is not None:
            assert step.balance_cents == running + step.cents
        running = step.balance_cents
    # Whatever came after the last invoice by hand is not known yet.
    after_last = plan[::-1]
    waiting = 0
    for kind, cents in after_last:
        if kind == "invoice":
            break
        waiting += cents if kind == "hand" else 0
    foreign = sum(step.cents for step in steps if step.kind == "foreign")
    if is_known:
        assert last == balance - waiting
        assert foreign == by_hand - waiting


@pytest.fixture
def acme(db: SQLAlchemy) -> Organization:
    """An organization with a bill."""
    return make_bill("acme", name="Acme Freight")


def kinds(organization: Organization) -> list[tuple[str, int, int | None]]:
    database.session.expire_all()
    history = balance_history(organization)
    return [(one.kind, one.cents, one.balance_cents) for one in history.steps]


def test_nothing_moved_is_no_history(acme: Organization) -> None:
    assert kinds(acme) == []
    assert balance_history(acme).balance_cents is None


def test_what_invoices_leave_and_use_is_theirs(acme: Organization) -> None:
    second = issue_at_stripe(bill_of(acme), due=0, before=0, after=30, status="paid")
    third = issue_at_stripe(second, due=5830, before=30, after=0)
    issue_at_stripe(third, due=5800, before=0, after=0)
    assert kinds(acme) == [("invoice", 30, 30), ("invoice", -30, 0)]
    assert balance_history(acme).balance_cents == 0


def test_what_was_moved_by_hand_is_found_by_the_next_invoice_and_named_as_foreign(
    acme: Organization,
) -> None:
    second = issue_at_stripe(bill_of(acme), due=0, before=0, after=0, status="paid")
    issue_at_stripe(second, due=3300, before=-2500, after=0)
    assert kinds(acme) == [("foreign", -2500, -2500), ("invoice", 2500, 0)]
    [foreign, _] = balance_history(acme).steps
    assert foreign.invoice.sequence == 2


def test_what_was_there_before_anything_is_known_is_said_to_be_so(acme: Organization) -> None:
    issue_at_stripe(bill_of(acme), due=3300, before=-2500, after=0)
    assert kinds(acme) == [("unknown", -2500, -2500), ("invoice", 2500, 0)]


def test_credit_notes_voids_and_overpayments_move_it_by_name(acme: Organization) -> None:
    first = bill_of(acme)
    second = issue_at_stripe(first, due=0, before=0, after=0, status="paid")
    with transaction():
        put_on_balance(first, 900)
        first.overpaid_cents, first.paid_at = 100, first.finalized_at
    issue_at_stripe(second, due=4800, before=-1000, after=0)
    assert kinds(acme) == [
        ("overpaid", -100, -100), ("credit_note", -900, -1000), ("invoice", 1000, 0),
    ]  # fmt: skip
    with transaction():
        voided = second.finalized_at + MINUTE
        facts = {"status_transitions": {"voided_at": int(voided.timestamp())}}
        tell(second, "void", voided, starting_balance=-1000, ending_balance=0, **facts)
    assert kinds(acme)[-1] == ("void", -1000, -1000)
    assert balance_history(acme).balance_cents == -1000


def test_one_that_never_told_of_a_balance_leaves_it_unknown(acme: Organization) -> None:
    second = issue_at_stripe(bill_of(acme), due=0, before=0, after=-200, status="paid")
    with transaction():
        following = issue_at_stripe(second, due=0, before=0, after=0)
        second.starting_balance_cents = second.ending_balance_cents = None
    assert balance_history(acme).balance_cents is None
    issue_at_stripe(following, due=5500, before=-300, after=0)
    assert kinds(acme) == [
        ("invoice", -200, -200), ("unknown", -300, -300), ("invoice", 300, 0),
    ]  # fmt: skip
