"""What has a payment is taken back by a credit note, and billed again once that is issued."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from dashboard.billing.draft import current_invoice
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.outcome import record_reading
from dashboard.billing.reissue import PaidPart, plan_reissue
from dashboard.billing.reissue_models import Reissue
from dashboard.clock import utc_now
from dashboard.extensions import db
from dashboard.transaction import transaction
from tests.factories import SUPPORT
from tests.support import stripe_dashboard
from tests.support.notes_at_stripe import at_stripe, issue, issued, pay
from tests.support.syncing import Syncer

__all__ = ["issued"]


def planned(bill: Invoice, paid_part: PaidPart = "refund", cents: int = 4200) -> Reissue:
    with transaction():
        return plan_reissue(
            bill, seen_cents=cents, reason="Wrong plan", key="k", actor=SUPPORT, now=utc_now(),
            paid_part=paid_part,
        )  # fmt: skip


def billed_again(bill: Invoice) -> list[int]:
    """Return the lines that bill it again."""
    query = select(InvoiceItem.amount_cents).where(
        InvoiceItem.organization_id == bill.organization_id, InvoiceItem.kind == "rebilled"
    )
    return sorted(db.session.scalars(query))


def is_done(row: Reissue, syncer: Syncer) -> bool:
    """Whether one note took it back, and it is billed again once."""
    db.session.refresh(row)
    bill = row.invoice
    assert at_stripe(bill, syncer) == [4200]
    assert billed_again(bill) == [200, 4000]
    assert current_invoice(bill.organization).total_cents == row.billed_cents == 4200
    return row.state == "done"


@pytest.mark.parametrize("paid_part", ["refund", "balance", "outside"])
def test_what_a_card_paid_goes_where_it_is_asked_to_and_is_billed_again(
    issued: Invoice, syncer: Syncer, paid_part: PaidPart
) -> None:
    pay(issued, syncer)
    row = planned(issued, paid_part)
    assert row.note is not None
    issue(row.note, syncer)
    assert is_done(row, syncer)
    issue(row.note, syncer)
    assert is_done(row, syncer)
    customer = str(issued.organization.stripe_customer_id)
    there = stripe_dashboard.look(syncer.simulator.url, f"customers/{customer}")
    assert there["balance"] == (-4200 if paid_part == "balance" else 0)


def test_what_was_paid_by_other_means_is_credited_too(issued: Invoice, syncer: Syncer) -> None:
    path = f"invoices/{issued.stripe_invoice_id}/pay"
    stripe_dashboard.act(syncer.simulator.url, path, paid_out_of_band="true")
    with transaction():
        found = syncer.gateway.invoice(str(issued.stripe_invoice_id))
        record_reading(issued, found, now=utc_now())
    row = planned(issued)
    assert row.note is not None
    # No payment through Stripe could be refunded.
    assert (row.way, row.note.refund_cents, row.note.balance_cents) == ("credit", 0, 4200)
    issue(row.note, syncer)
    assert is_done(row, syncer)


@pytest.mark.parametrize("fault", ["drop_before", "drop_after", "error_before", "error_after"])
def test_whatever_happens_to_the_call_of_its_note_it_is_billed_again_once(
    issued: Invoice, syncer: Syncer, fault: str
) -> None:
    pay(issued, syncer)
    row = planned(issued)
    assert row.note is not None
    rule = syncer.simulator.fault(fault, "/v1/credit_notes$", method="POST")
    issue(row.note, syncer)
    assert billed_again(issued) == []
    syncer.simulator.delete(f"faults/{rule}")
    issue(row.note, syncer)
    assert is_done(row, syncer)


def test_a_note_that_stripe_refuses_ends_it_and_bills_nothing(
    issued: Invoice, syncer: Syncer
) -> None:
    pay(issued, syncer)
    row = planned(issued)
    assert row.note is not None
    stripe_dashboard.act(
        syncer.simulator.url, "credit_notes", invoice=issued.stripe_invoice_id, amount=4200,
        credit_amount=4200,
    )  # fmt: skip
    issue(row.note, syncer)
    db.session.refresh(row)
    assert (row.note.state, row.state) == ("refused", "refused")
    assert row.error == row.note.error
    assert billed_again(issued) == []
