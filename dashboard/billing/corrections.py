"""What became of a bill after it was issued: what paid it, credit notes, refunds, disputes.

None of these changes what the invoice bills. Each is kept in its own order, whatever order it is
told in, and the invoice keeps what they add up to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sqlalchemy import String, func, select

from dashboard.billing.correction_models import Correction, InvoicePayment
from dashboard.billing.models import Invoice
from dashboard.billing.notes import UNDONE, corrections_of
from dashboard.billing.waived import count_waived_anew
from dashboard.extensions import db
from dashboard.gateway.records import RemoteCorrection, RemotePayment
from dashboard.statement import any_of

# A refund and a note only move forward. A dispute can come back after it was lost (an appeal): only
# its own instants order it.
RANK = {
    "credit_note": {"issued": 0, "void": 1},
    "refund": {"requires_action": 0, "pending": 0, "succeeded": 1, "failed": 2, "canceled": 2},
}
# Of a dispute: the bank has decided, until somebody appeals.
CLOSED = ("won", "lost", "warning_closed", "prevented")
Heard = Literal["older", "unsure", "told"]


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of something that was told: the row, and whether its status is another now."""

    row: Correction
    heard: Heard
    is_news: bool = False


def keep_payments(
    invoice: Invoice,
    payments: Iterable[RemotePayment],
    known: dict[str, InvoicePayment] | None = None,
) -> None:
    """Keep what is to pay `invoice`, or did; a payment once paid stays so.

    `known` are the rows of these payments, by Stripe's id, where they were read already.
    """
    told = list(payments)
    if not told:
        return
    if known is None:
        known = known_payments(payment.id for payment in told)
    for payment in told:
        row = known.get(payment.id)
        if row is None:
            row = InvoicePayment(
                organization_id=invoice.organization_id,
                invoice_id=invoice.id,
                stripe_id=payment.id,
                amount_paid_cents=0,
                is_paid=False,
            )
            known[payment.id] = row
            db.session.add(row)
        row.paid_by = payment.paid_by or row.paid_by
        row.off_stripe = payment.off_stripe
        row.is_paid = row.is_paid or payment.status == "paid"
        row.amount_paid_cents = max(row.amount_paid_cents, payment.amount_paid_cents)


def known_payments(stripe_ids: Iterable[str]) -> dict[str, InvoicePayment]:
    """Return the rows of these payments, by Stripe's id, as far as there are any."""
    query = select(InvoicePayment).where(InvoicePayment.stripe_id == any_of(stripe_ids, String))
    if any(isinstance(one, InvoicePayment) for one in db.session.new):
        db.session.flush()
    # What else was changed is written once, when all of it is known.
    with db.session.no_autoflush:
        return {row.stripe_id: row for row in db.session.scalars(query)}


def has_unknown_payment(invoice: Invoice) -> bool:
    """Whether part of what was paid came neither from a payment we know of nor from an attempt.

    Then it did not go through Stripe, and only a reading says how much that was.
    """
    unknown = (invoice.amount_paid_cents or 0) - (invoice.paid_off_stripe_cents or 0)
    if unknown <= 0 or (invoice.attempt_count or 0) > invoice.failed_attempts:
        return False
    through_stripe = select(func.coalesce(func.sum(InvoicePayment.amount_paid_cents), 0)).where(
        InvoicePayment.invoice_id == invoice.id,
        InvoicePayment.is_paid,
        InvoicePayment.off_stripe.is_(False),
    )
    return unknown > int(db.session.scalar(through_stripe) or 0)


def keep_correction(invoice: Invoice, remote: RemoteCorrection, *, is_last: bool = False) -> Kept:
    """Keep what Stripe says of a note, refund or dispute of `invoice`, whose row is locked.

    `is_last` says that nothing newer can be known: it was read for that purpose.
    """
    row = db.session.scalar(select(Correction).where(Correction.stripe_id == remote.id))
    if row is None:
        row = Correction(
            organization_id=invoice.organization_id,
            invoice_id=invoice.id,
            stripe_id=remote.id,
            kind=remote.kind,
        )
        db.session.add(row)
        heard: Heard = "told"
    else:
        heard = "told" if is_last else order(row, remote)
    row.paid_by = row.paid_by or remote.paid_by
    if heard != "told":
        return Kept(row, heard)
    before = row.status
    if before != remote.status:
        # One that is lost again after an appeal is to be seen to again.
        row.settled_at, row.is_returned = None, False
    for name in _TOLD:
        setattr(row, name, getattr(remote, name))
    row.told_at = remote.as_of
    row.told_by = remote.told_by
    db.session.flush()
    add_up(invoice)
    count_waived_anew(invoice)
    return Kept(row, heard, is_news=before != row.status)


_TOLD = (
    "number", "status", "reason", "amount_cents", "pre_payment_cents", "post_payment_cents",
    "balance_cents", "answer_by_at", "made_at",
)  # fmt: skip


def order(row: Correction, remote: RemoteCorrection) -> Heard:
    """Return whether `remote` is newer than what is known ("told"), or nobody can say."""
    ranks = RANK.get(row.kind, {})
    rank, known = ranks.get(remote.status, 0), ranks.get(row.status, 0)
    if rank != known:
        return "told" if rank > known else "older"
    if row.told_at is None or remote.as_of is None or remote.as_of > row.told_at:
        return "told"
    if remote.as_of < row.told_at or all(
        getattr(row, name) == getattr(remote, name) for name in _TOLD
    ):
        return "older"
    if row.kind == "dispute":
        return "unsure"
    # Neither has an effect yet, and what comes of it is told by the next status.
    return "told" if remote.status > row.status else "older"


def add_up(invoice: Invoice) -> None:
    """Make the invoice say what its refunds and disputes come to."""
    rows = corrections_of(invoice)
    refunds = [row for row in rows if row.kind == "refund" and row.status not in UNDONE]
    disputes = [row for row in rows if row.kind == "dispute"]
    unsettled = [row for row in disputes if row.status not in CLOSED]
    invoice.refunded_cents = sum(row.amount_cents for row in refunds)
    invoice.disputed_cents = sum(row.amount_cents for row in unsettled)
    invoice.charged_back_cents = sum(row.amount_cents for row in disputes if row.status == "lost")
    shown = (unsettled or disputes)[-1:]
    invoice.dispute_status = shown[0].status if shown else None
    due = [row.answer_by_at for row in unsettled if "needs_response" in row.status]
    invoice.dispute_answer_by_at = min(filter(None, due), default=None)
