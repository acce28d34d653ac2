"""What somebody added before Stripe billed it is held, and corrected at Stripe to the cent."""

from __future__ import annotations

import pytest

from dashboard.billing.difference import difference_of
from dashboard.billing.difference_decide import decide_difference
from dashboard.billing.difference_models import DifferenceDecision
from dashboard.billing.difference_preview import offered
from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice
from dashboard.clock import utc_now
from dashboard.errors import Stale
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support.billing import put
from tests.support.notes_at_stripe import at_stripe, issue, pay
from tests.support.sync_acts import add_foreign
from tests.support.syncing import Syncer


def billed_with(bill: Invoice, syncer: Syncer, cents: int) -> None:
    """Let somebody add a line at Stripe, finalize it there, and let the ledger find out."""
    put(bill, a=4000, b=200)
    syncer.sync(bill)
    add_foreign(syncer, bill, cents)
    syncer.gateway.finalize(str(bill.stripe_invoice_id), key="somebody")
    put(bill, a=4000, c=2500)
    syncer.sync(bill)
    db.session.refresh(bill)


def decide(bill: Invoice, decision: str, cents: int, **others: str) -> DifferenceDecision:
    with transaction():
        return decide_difference(
            bill, decision, seen_cents=cents, reason="Agreed", key="k", actor=SUPPORT,
            now=utc_now(), **others,
        )  # fmt: skip


@pytest.mark.parametrize("cents", [5000, -700])
def test_a_bill_that_stripe_made_with_a_line_of_nobodys_is_held(
    bill: Invoice, syncer: Syncer, cents: int
) -> None:
    billed_with(bill, syncer, cents)
    assert (bill.status, bill.parked_code) == ("open", "billed_differently")
    assert difference_of(bill).cents == cents
    assert (bill.total_cents, bill.stripe_total_cents) == (4200, 4200 + cents)
    # What Stripe did not bill of our own items is on the next invoice already.
    assert current_invoice(bill.organization).total_cents == 2500


def test_a_credit_note_over_it_is_issued_once_and_the_bill_is_let_go(
    bill: Invoice, syncer: Syncer
) -> None:
    billed_with(bill, syncer, 5000)
    crediting = offered(bill, current_invoice(bill.organization)).crediting
    assert crediting is not None
    note = decide(bill, "credit", 5000).note
    assert note is not None
    for _ in range(2):
        issue(note, syncer)
    db.session.refresh(bill)
    assert (note.state, note.error, at_stripe(bill, syncer)) == ("issued", None, [5000])
    assert (bill.parked_code, bill.amount_remaining_cents) == (None, crediting.due_after)
    assert crediting.due_after == bill.total_cents == 4200
    assert current_invoice(bill.organization).total_cents == 2500


@pytest.mark.parametrize("paid_part", ["refund", "balance", "outside"])
def test_of_a_paid_bill_it_goes_back_as_it_was_said(
    bill: Invoice, syncer: Syncer, paid_part: str
) -> None:
    billed_with(bill, syncer, 5000)
    pay(bill, syncer)
    shown = offered(bill, current_invoice(bill.organization), paid_part).crediting  # type: ignore[arg-type]
    note = decide(bill, "credit", 5000, paid_part=paid_part).note
    assert note is not None
    assert shown is not None
    assert (note.refund_cents, note.balance_cents, note.outside_cents) == (
        shown.note.refund_cents, shown.note.balance_cents, shown.note.outside_cents,
    )  # fmt: skip
    assert getattr(note, f"{paid_part}_cents") == 5000
    issue(note, syncer)
    db.session.refresh(bill)
    assert (note.state, bill.parked_code, at_stripe(bill, syncer)) == ("issued", None, [5000])


@pytest.mark.parametrize("cents", [5000, -700])
def test_carried_it_is_on_the_next_bill_at_stripe(
    bill: Invoice, syncer: Syncer, cents: int
) -> None:
    billed_with(bill, syncer, cents)
    decide(bill, "carry", cents)
    db.session.refresh(bill)
    current = current_invoice(bill.organization)
    assert (bill.parked_code, current.total_cents) == (None, 2500 - cents)
    syncer.sync(current)
    assert syncer.gateway.invoice(str(current.stripe_invoice_id)).total_cents == 2500 - cents


def test_a_payment_between_the_decision_and_the_note_leaves_it_to_be_decided_again(
    bill: Invoice, syncer: Syncer
) -> None:
    billed_with(bill, syncer, 5000)
    note = decide(bill, "credit", 5000).note
    assert note is not None
    pay(bill, syncer)
    issue(note, syncer)
    db.session.refresh(bill)
    assert (note.state, at_stripe(bill, syncer)) == ("refused", [])
    assert (bill.parked_code, difference_of(bill).cents) == ("billed_differently", 5000)


def test_once_it_is_credited_a_second_person_is_refused(bill: Invoice, syncer: Syncer) -> None:
    billed_with(bill, syncer, 5000)
    note = decide(bill, "credit", 5000).note
    assert note is not None
    issue(note, syncer)
    with pytest.raises(Stale), transaction():
        decide_difference(
            bill, "carry", seen_cents=5000, reason="", key="other", actor=SUPPORT, now=utc_now()
        )
