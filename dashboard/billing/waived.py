"""What was taken off an invoice before it was voided: nobody is asked for it again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from dashboard.billing.credit_note_models import CreditNote
from dashboard.billing.models import Invoice, InvoiceItem
from dashboard.billing.notes import issued_notes, notes_before_payment
from dashboard.billing.standing import within
from dashboard.billing.void_models import VoidCase, VoidClaim
from dashboard.extensions import db
from dashboard.money import round_charge


def count_waived_anew(invoice: Invoice) -> None:
    """Make the case of a void invoice say what is known by now, until somebody has decided.

    What took something off may be told after the void, though it happened before. The invoice's
    row must be locked.
    """
    if invoice.status != "void":
        return
    case = db.session.get(VoidCase, invoice.id, populate_existing=True)
    if case is not None and case.state == "undecided":
        items = items_with_cycles(invoice)
        claims = db.session.scalars(select(VoidClaim).where(VoidClaim.invoice_id == invoice.id))
        taken = sum(claim.item.credited_cents - claim.credited_cents for claim in claims)
        case.waived_cents = max(waived_of(invoice, items) - taken, 0)


def waived_of(invoice: Invoice, items: Iterable[InvoiceItem]) -> int:
    """Return what Stripe asked less at last than `invoice` bills: it is not asked for again.

    A credit note took it off, or somebody who edited the invoice there. What of it was not due
    anyway is no part of the case.
    """
    if invoice.stripe_total_cents is None:
        return 0
    # What a subscription bills on the same invoice is what its own notes take off first.
    noted = max(notes_before_payment(invoice) - _of_theirs(invoice), 0)
    less = invoice.total_cents - invoice.stripe_total_cents + noted
    not_due = (one.billed_cents - within(one.billed_cents, one.amount_cents) for one in items)
    less -= sum(cents for cents in not_due if cents > 0)
    return round_charge(max(less, 0), invoice.currency)


def _of_theirs(invoice: Invoice) -> int:
    """Return what notes that are not ours took off the subscription's share of an invoice."""
    if not invoice.theirs_cents:
        return 0
    ours = select(CreditNote.stripe_id).where(CreditNote.invoice_id == invoice.id)
    known = set(db.session.scalars(ours))
    foreign = [one for one in issued_notes(invoice) if one.stripe_id not in known]
    return min(sum(one.pre_payment_cents for one in foreign), max(invoice.theirs_cents, 0))


def items_with_cycles(invoice: Invoice) -> Sequence[InvoiceItem]:
    """Return the items of an invoice in order, with their cycles."""
    query = select(InvoiceItem).where(InvoiceItem.invoice_id == invoice.id)
    return db.session.scalars(
        query.order_by(InvoiceItem.id).options(joinedload(InvoiceItem.cycle))
    ).all()
